"""The database's clock, estimated between two readings of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collab.ports.store import Store
    from server.runtime.clock import Clock

# How fast the estimate follows what the database says: clocks drift by less, and jump by more.
SLEW = 0.01


class DatabaseClock:
    """The time that all instances use for the end of a lock, in place of their own clocks.

    Invariant: from the first answer on the time runs with our own monotonic clock, within `SLEW`.
    So a clock that jumps, the database's too, ends no lock early and keeps none for an hour.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._synced_at: int | None = None
        self._ahead = clock.now_ms() - self._own()

    async def sync(self) -> int:
        """Read the database's clock. Returns the time in milliseconds since 1970."""
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
        """The estimated time of the database, in milliseconds since 1970."""
        return self._own() + self._ahead

    def _own(self) -> int:
        return int(self._clock.monotonic() * 1000)
