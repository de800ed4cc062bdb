"""The end of a token, watched while its connection lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.runtime.clock import Clock

WARN_BEFORE = 60.0
# A timer of years overflows in some event loops.
LOOK_EVERY = 3600.0


class TokenWatch:
    """Warns once, a minute before the end, and says when the end has come.

    Invariant: the time that a token had left when it was shown is what it gets. The wall clock is
    read once, for when that jumps an hour, nobody should be disconnected for it.
    """

    def __init__(
        self, clock: Clock, warn: Callable[[int], None], expire: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._tell_warn = warn
        self._tell_expire = expire
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at = 0.0
        self._warned = False

    def watch(self, expires_at: int) -> None:
        """A token that ends then (milliseconds since 1970) takes the place of the one before."""
        left = (expires_at - self._clock.now_ms()) / 1000
        self._ends_at = self._clock.monotonic() + left
        self._warned = False
        self.look()

    def look(self) -> None:
        """Warn or say that it is over, where it is time."""
        self.cancel()
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            self._tell_expire()
            return
        if left <= WARN_BEFORE and not self._warned:
            self._warned = True
            self._tell_warn(round(left))
        until = left if self._warned else left - WARN_BEFORE
        wait = min(until + 0.001, LOOK_EVERY)
        self._timer = asyncio.get_running_loop().call_later(wait, self.look)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
