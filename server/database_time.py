"""The database's clock, between the moments at which it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collab.ports import Store
    from server.clock import Clock


class DatabaseTime:
    """What several instances agree on: none of them owns the time at which a lock is over.

    Invariant: between two answers the time runs as evenly as our own monotonic clock, so that a
    jump of this machine's wall clock ends no lock.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ahead = clock.now_ms() - self._own()

    async def ask(self) -> int:
        """What it is now, in milliseconds since 1970; a little less by the time that it is here."""
        now = await self._store.now()
        self._ahead = now - self._own()
        return now

    def now(self) -> int:
        """What it would say."""
        return self._own() + self._ahead

    def _own(self) -> int:
        return int(self._clock.monotonic() * 1000)
