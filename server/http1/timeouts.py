"""Timeouts of an HTTP connection: for what it waits for, and for a client that reads too little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# What a client must take in `within` seconds, or all that is left.
LEAST_TAKEN = 16 * 1024


class Deadline:
    """One timer at a time."""

    __slots__ = ("_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def start(self, within: float, then: Callable[[], None]) -> None:
        """Call `then` when `within` seconds have passed; one that runs already goes on."""
        if self._timer is None:
            self._timer = self._loop.call_later(within, then)

    def stop(self) -> None:
        """What was awaited has come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class UnreadWatch:
    """Cuts a connection off whose client takes too little of what was written to it.

    Invariant: while it runs, the client took `LEAST_TAKEN` bytes in the last `within` seconds (0:
    it need not), or all that there was.
    """

    __slots__ = ("_cut", "_taken", "_timer", "_transport", "_within", "written")

    def __init__(
        self, transport: asyncio.Transport, within: float, cut: Callable[[], None]
    ) -> None:
        self.written = 0  # bytes, by the connection
        self._transport = transport
        self._within = within
        self._cut = cut
        self._taken = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch, until the client has taken everything."""
        if self._timer is None and self._within and self._transport.get_write_buffer_size():
            self._taken = self.written - self._transport.get_write_buffer_size()
            self._wait()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._within, self._look)

    def _look(self) -> None:
        self._timer = None
        left = self._transport.get_write_buffer_size()
        taken = self.written - left
        if not left:
            return
        if taken - self._taken < LEAST_TAKEN:
            self._cut()
            return
        self._taken = taken
        self._wait()
