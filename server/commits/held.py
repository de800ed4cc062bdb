"""Held documents: another transaction has their row, and no other document waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from collab.ports.store import Clash, Held
from server.documents.room_state import Event, LiveState

if TYPE_CHECKING:
    from collab.ports.store import Append, Outcome
    from server.commits.recovery import Recovery
    from server.documents.live_room import LiveRoom
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

# The first retry comes soon: an instance holds a row for as long as its commit takes.
FIRST, LONGEST = 0.005, 0.1
# After so many seconds the document is read-only, and recovery waits for its row.
PATIENCE = 5.0

Appends = list[tuple["LiveRoom", "Append"]]
Write = Callable[[Appends], Awaitable[dict["LiveRoom", "Outcome"]]]
Judge = Callable[["LiveRoom", "Append", "Outcome"], None]
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class HeldCommits:
    """Commits again what another transaction kept from being written.

    Invariant: while a live room is held, its batch is here and in no other commit. One task
    commits all of them together, so they take one connection however many they are.
    """

    def __init__(
        self, clock: Clock, write: Write, judge: Judge, recovery: Recovery, spawn: Spawn
    ) -> None:
        self._clock = clock
        self._write = write
        self._judge = judge
        self._recovery = recovery
        self._spawn = spawn
        self._since: dict[LiveRoom, tuple[Append, float]] = {}
        self._runs = False

    def add(self, live: LiveRoom, append: Append) -> None:
        """Wait until no other transaction has the live room's row."""
        if not live.move(Event.HOLD):  # it was stopped, or ended, while the commit was under way
            self._judge(live, append, Clash())
            return
        self._since[live] = append, self._clock.monotonic()
        if not self._runs:
            self._runs = True
            self._spawn(self._retry(), "held documents")

    async def _retry(self) -> None:
        try:
            while self._since:
                await asyncio.sleep(self._pause())
                self._drop_stopped()
                await self._commit([(live, append) for live, (append, _) in self._since.items()])
        finally:
            self._runs = False

    def _pause(self) -> float:
        """Seconds until the next try: as many as the newest of them has waited, within bounds."""
        newest = max(since for _, since in self._since.values())
        return min(LONGEST, max(FIRST, self._clock.monotonic() - newest))

    def _drop_stopped(self) -> None:
        """Let go of those that were stopped, or ended, while they waited."""
        for live, (append, _) in list(self._since.items()):
            if live.state is not LiveState.HELD:
                del self._since[live]
                self._judge(live, append, Clash())

    async def _commit(self, appends: Appends) -> None:
        try:
            outcomes = await self._write(appends)
        except Exception:  # recovery finds out which documents are well
            logger.warning("held documents could not be committed", exc_info=True)
            self._give_up([live for live, _ in appends])
            return
        now = self._clock.monotonic()
        for live, append in appends:
            if not isinstance(outcomes[live], Held):
                del self._since[live]
                live.move(Event.FREE)
                self._judge(live, append, outcomes[live])
        self._give_up([live for live, (_, since) in self._since.items() if now - since > PATIENCE])

    def _give_up(self, lives: list[LiveRoom]) -> None:
        for live in lives:
            del self._since[live]
        if lives:
            logger.warning("the rows of %d documents cannot be written", len(lives))
            self._recovery.enter(lives)
