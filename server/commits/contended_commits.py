"""Commits of contended documents: several instances write to them at the same time.

Usually a batch is applied first, and then committed. When another instance was first, the commit
clashes: the room is loaded again, and the batch is applied again. After two clashes in a row the
row is locked first. Then the room follows what is new, applies the batch, and commits it. Such a
commit cannot clash, and PostgreSQL gives the row to the instance that has waited longest.

The row stays locked while a worker thread applies a long request, and while answers without an
entry are compared with the store. Otherwise others would commit meanwhile, and the batch would
never be in time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from collab.ports.store import Committed
from collab.room.following import portions
from collab.room.requests import Round
from server.documents.batch import Stop
from server.documents.catching_up import (
    can_follow,
    follow,
    follow_control,
    has_schema_of,
)
from server.documents.live_room import MAX_SECONDS, LiveRoom
from server.documents.room_state import LiveState

if TYPE_CHECKING:
    from collab.ports.positions import Newer
    from collab.ports.store import Append, Outcome
    from server.commits.stale_answers import StaleAnswers
    from server.documents.hub import Hub

# Seconds for which the row is locked first, after the last commit of another instance. Then the
# usual way is tried again. It saves two round trips to the database when only one instance writes.
# Too early it costs much more: two clashes, each with a reload. Meanwhile the others go on.
CONTENDED_FOR: Final = 30.0


def note_clash(live: LiveRoom, now: float) -> None:
    """Note that a commit clashed."""
    if live.has_clashed:
        note_rival(live, now)
    live.has_clashed = True


def note_rival(live: LiveRoom, now: float) -> None:
    """Note that another instance writes to the document all the time."""
    live.contended_until = now + CONTENDED_FOR


class LockedBatch:
    """One batch of a contended document: applied when its row is locked."""

    def __init__(self, hub: Hub, live: LiveRoom, stale_answers: StaleAnswers) -> None:
        self._hub = hub
        self._live = live
        self._stale_answers = stale_answers
        self.append: Append | None = None
        self.must_reload = False
        self._computing: asyncio.Task[Append | None] | None = None

    async def commit(self) -> Outcome | None:
        """Lock the row, apply the batch and commit it.

        Return None when the batch is empty, or `must_reload` is set.
        """
        hub, live, began_at = self._hub, self._live, self._hub.clock.monotonic()
        try:
            outcome = await hub.store.commit_locked(live.key, live.position, self._start)
        finally:
            if self._computing is not None:  # a worker thread may still use the room
                await asyncio.wait([self._computing])
        if outcome is not None and self.append is not None:
            seconds = hub.clock.monotonic() - began_at
            hub.recorder.transaction_ended([self.append], [outcome], seconds)
        if outcome is None and live.batch and not self.must_reload:
            return Committed()  # its answers need no entry
        return outcome

    async def _start(self, newer: Newer | None) -> Append | None:
        """Apply the batch to the end, also when the transaction ends before."""
        self._computing = asyncio.create_task(self._compute(newer), name="apply a locked batch")
        return await asyncio.shield(self._computing)

    async def _compute(self, newer: Newer | None) -> Append | None:
        """Follow what is new, and apply the batch. Return its rows, or None without any."""
        hub, live = self._hub, self._live
        if live.batch:  # the store repeats the transaction, and the row was free meanwhile
            self.must_reload = True
            return None
        if live.state is not LiveState.COMMITTING:  # it has ended, or takes no edits any more
            return None
        live.remote.begin_asking()
        at = hub.clock.monotonic()
        if newer is None or not self._follow(newer, at):
            self.must_reload = True
            return None
        now = Round(hub.clock.now_ms(), hub.time.at(at), hub.clock.new_id("c"))
        stop = live.apply_waiting(now, at + MAX_SECONDS)
        is_sound = stop is not Stop.BUG
        if stop is Stop.LONG and not live.batch:
            is_sound = await live.apply_in_thread(now)
        if is_sound and live.batch.has_answer_without_entry:
            is_sound = not await self._stale_answers.find_stale_rooms([live])
        if not is_sound or live.state is not LiveState.COMMITTING:
            self.must_reload = True
            return None
        self.append = live.room.pending()
        return self.append

    def _follow(self, newer: Newer, now: float) -> bool:
        """Follow what other instances have committed. Return False when the room must be loaded."""
        live, hub = self._live, self._hub
        if not can_follow(live, newer) or not has_schema_of(live, newer):
            return False
        if newer.locks and not hub.time.is_synced:
            return False
        if newer.entries:
            note_rival(live, now)
            if not all(follow(live, portion, now) for portion in portions(newer.entries)):
                return False
        follow_control(live, newer, live.room.schema, hub.bounds.terms)
        return True
