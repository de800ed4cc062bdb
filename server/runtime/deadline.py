"""A deadline on the event loop, for what a connection awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


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
