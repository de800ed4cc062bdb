"""An estimate of the database's time, so that the server does not ask the database each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collab.ports.store import Store
    from server.runtime.clock import Clock

# A reading corrects the estimate by at most this share of the time since the last reading. Clocks
# drift less than this. A larger difference means that a clock has jumped.
SLEW = 0.01


class DatabaseClock:
    """The clock that all instances use for the end of locks, instead of their own clocks.

    Invariant: after the first reading, the time advances with our monotonic clock, within `SLEW`.
    So a jump of a clock, even the database's, moves the end of a lock by at most 1% of its length.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._synced_at: int | None = None
        self._ahead = clock.now_ms() - self._own()

    @property
    def is_synced(self) -> bool:
        """Whether the database's clock was ever read."""
        return self._synced_at is not None

    async def sync(self) -> int:
        """Read the database's clock. Return the estimate in milliseconds since 1970."""
        read = await self._store.now()
        own = self._own()
        off = read - own - self._ahead
        if self._synced_at is not None:
            most = int((own - self._synced_at) * SLEW)
            off = max(-most, min(off, most))
        self._synced_at = own
        self._ahead += off
        return self.now()

    def now(self) -> int:
        """Return the estimated time of the database, in milliseconds since 1970."""
        return self.at(self._clock.monotonic())

    def at(self, seconds: float) -> int:
        """Return the estimate for a time of our monotonic clock."""
        return int(seconds * 1000) + self._ahead

    def _own(self) -> int:
        return int(self._clock.monotonic() * 1000)
