"""Timeouts of a connection: for requests that arrive slowly, and for clients that read slowly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# Bytes that a client must read in each period of `within` seconds, unless fewer bytes are left.
MIN_READ = 16 * 1024


class Deadline:
    """At most one running timer."""

    __slots__ = ("_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def start(self, within: float, then: Callable[[], None]) -> None:
        """Call `then` after `within` seconds. A timer that already runs is not changed."""
        if self._timer is None:
            self._timer = self._loop.call_later(within, then)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class UnreadTimeout:
    """Aborts a connection whose client reads too slowly.

    Invariant: while the timeout runs, the client reads at least `MIN_READ` bytes in each period of
    `within` seconds, or everything that was written. When `within` is 0, there is no timeout.
    """

    __slots__ = ("_abort", "_read", "_timer", "_transport", "_within", "written")

    def __init__(
        self, transport: asyncio.Transport, within: float, abort: Callable[[], None]
    ) -> None:
        self.written = 0  # bytes; the connection adds to it
        self._transport = transport
        self._within = within
        self._abort = abort
        self._read = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Check the client every `within` seconds until it has read everything."""
        if self._timer is None and self._within and self._transport.get_write_buffer_size():
            self._read = self.written - self._transport.get_write_buffer_size()
            self._wait()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._within, self._check)

    def _check(self) -> None:
        self._timer = None
        left = self._transport.get_write_buffer_size()
        read = self.written - left
        if not left:
            return
        if read - self._read < MIN_READ:
            self._abort()
            return
        self._read = read
        self._wait()
