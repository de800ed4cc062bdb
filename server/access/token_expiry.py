"""Watches the expiry of a token while its connection is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.runtime.clock import Clock

WARN_BEFORE = 60.0
# Seconds. A timer of years overflows in some event loops.
CHECK_EVERY = 3600.0


class TokenExpiry:
    """Calls `on_warning` once before a token expires, and `on_expired` when it does.

    The warning comes a minute before, or at half of the time that the token still has when the
    client sends it. Without this, a client with tokens of seconds would send new tokens all the
    time.

    Invariant: the remaining time of a token is computed once, when the client sends the token. So a
    later jump of the wall clock disconnects no client.
    """

    def __init__(
        self, clock: Clock, on_warning: Callable[[int], None], on_expired: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._on_warning = on_warning
        self._on_expired = on_expired
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at = 0.0
        self._warn_before = WARN_BEFORE
        self._warned = False

    def start(self, expires_at: int) -> None:
        """Watch a new token, which replaces the previous one. Times are milliseconds since 1970."""
        left = (expires_at - self._clock.now_ms()) / 1000
        self._ends_at = self._clock.monotonic() + left
        self._warn_before = min(WARN_BEFORE, left / 2)
        self._warned = False
        self.check()

    def check(self) -> None:
        """Make the call whose time has come, and set the timer for the next call."""
        self.cancel()
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            self._on_expired()
            return
        if left <= self._warn_before and not self._warned:
            self._warned = True
            self._on_warning(round(left))
        until = left if self._warned else left - self._warn_before
        wait = min(until + 0.001, CHECK_EVERY)
        self._timer = asyncio.get_running_loop().call_later(wait, self.check)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
