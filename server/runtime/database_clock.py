"""The database's clock, between the moments at which it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collab.ports.store import Store
    from server.runtime.clock import Clock

# How fast the estimate follows what the database says: clocks drift by less, and jump by more.
SLEW = 0.01


class DatabaseTime:
    """What instances agree on about when a lock is over: none of their own clocks decides it.

    Invariant: from the first answer on the time runs with our own monotonic clock, within `SLEW`.
    So a clock that jumps, the database's too, ends no lock early and keeps none for an hour.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._asked_at: int | None = None
        self._ahead = clock.now_ms() - self._own()

    async def ask(self) -> int:
        """What it is now, in milliseconds since 1970; a little less by the time that it is here."""
        said = await self._store.now()
        own = self._own()
        off = said - own - self._ahead
        if self._asked_at is not None:
            most = int((own - self._asked_at) * SLEW)
            off = max(-most, min(off, most))
        self._asked_at = own
        self._ahead += off
        return self.now()

    def now(self) -> int:
        """What it would say."""
        return self._own() + self._ahead

    def _own(self) -> int:
        return int(self._clock.monotonic() * 1000)
