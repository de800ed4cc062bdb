"""Transactions: commit the batches of many documents at once, and retry locked rows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from collab.ports.store import Held
from server.documents.room_state import LiveState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collab.ports.store import Append, Outcome
    from server.commits.reopening import Reopening
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom

logger = logging.getLogger(__name__)

# Seconds between retries. The first retry comes soon, because another instance locks a row only
# during its commit.
FIRST, LONGEST = 0.005, 0.1
# After this many seconds the document becomes read-only, and recovery waits for its row.
PATIENCE = 5.0

Appends = dict["LiveRoom", "Append"]


def record(hub: Hub, rows: Sequence[Append], outcomes: Sequence[Outcome], began_at: float) -> float:
    """Record a transaction that has just ended. Return the time, by the monotonic clock."""
    ended_at = hub.clock.monotonic()
    hub.recorder.transaction_ended(rows, outcomes, ended_at - began_at)
    return ended_at


class RowLockedCommits:
    """Keeps the batches whose document's row is locked by another transaction, and retries them.

    Invariant: while a live room is held, its batch is in this object and in no other commit. A
    retry commits all these batches together, so it needs only one connection.
    """

    def __init__(self, hub: Hub, reopening: Reopening) -> None:
        self._hub = hub
        self._reopening = reopening
        self._since: dict[LiveRoom, tuple[Append, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    def add(self, live: LiveRoom, append: Append) -> None:
        """Add a held live room with the rows of its batch."""
        self._since[live] = append, self._hub.clock.monotonic()

    def pause(self) -> float:
        """Return the seconds until the next retry: as long as the newest batch has waited.

        The result is from `FIRST` to `LONGEST`.
        """
        newest = max(since for _, since in self._since.values())
        return min(LONGEST, max(FIRST, self._hub.clock.monotonic() - newest))

    def take_stopped(self) -> Appends:
        """Remove and return the live rooms that became read-only or ended while they waited."""
        stopped: Appends = {}
        for live, (append, _) in list(self._since.items()):
            if live.state is not LiveState.HELD:
                del self._since[live]
                stopped[live] = append
        return stopped

    async def retry(self) -> list[tuple[LiveRoom, Append, Outcome]]:
        """Commit all batches again; return the batches whose row was free, with their outcomes."""
        hub, appends = self._hub, {live: append for live, (append, _) in self._since.items()}
        if not appends:
            return []
        rows, began_at = list(appends.values()), hub.clock.monotonic()
        try:
            answered = await hub.store.commit(rows)
        except Exception:  # recovery then finds the documents that can be written
            logger.warning("the batches of held documents could not be committed", exc_info=True)
            self._give_up(list(appends))
            return []
        now = record(hub, rows, answered, began_at)
        outcomes = dict(zip(appends, answered, strict=True))
        free = [live for live in appends if not isinstance(outcomes[live], Held)]
        for live in free:
            del self._since[live]
        self._give_up([live for live, (_, since) in self._since.items() if now - since > PATIENCE])
        return [(live, appends[live], outcomes[live]) for live in free]

    def _give_up(self, lives: list[LiveRoom]) -> None:
        for live in lives:
            del self._since[live]
        if lives:
            logger.warning(
                "%d documents are read-only: another transaction locks their rows, or commits fail",
                len(lives),
            )
            self._reopening.enter_trouble(lives)
