"""The end of a token, watched while its connection lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.clock import Clock

WARN_BEFORE_MS = 60_000
# A token may last for years and the wall clock may jump: look again once in a while.
LOOK_EVERY = 30.0


class TokenWatch:
    """Warns once, a minute before the end, and says when the end has come."""

    def __init__(
        self, clock: Clock, warn: Callable[[int], None], expire: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._tell_warn = warn
        self._tell_expire = expire
        self._timer: asyncio.TimerHandle | None = None
        self._expires_at = 0
        self._warned = False

    def watch(self, expires_at: int) -> None:
        """A token that ends then (milliseconds since 1970) takes the place of the one before."""
        self._expires_at = expires_at
        self._warned = False
        self._look()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self.cancel()
        left = self._expires_at - self._clock.now_ms()
        if left <= 0:
            self._tell_expire()
            return
        if left <= WARN_BEFORE_MS and not self._warned:
            self._warned = True
            self._tell_warn(round(left / 1000))
        until = left if self._warned else left - WARN_BEFORE_MS
        wait = min(max(until, 0) / 1000 + 0.001, LOOK_EVERY)
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)
