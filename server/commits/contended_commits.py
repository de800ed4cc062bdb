"""Commits of contended documents: several instances write to them at the same time.

Usually a batch is applied first, and then committed. When another instance was first, the commit
clashes: the room is loaded again, and the batch is applied again. After two clashes in a row the
row is locked first. Then the room follows what is new, applies the batch, and commits it. Such a
commit cannot clash, and PostgreSQL gives the row to the instance that has waited longest.

A lock request of such a document is decided in the same way (`lock_requests.py`).

The row stays locked while a worker thread applies a long request, and while answers without an
entry are compared with the store. Otherwise others would commit meanwhile, and the batch would
never be in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

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

# For so many seconds after the last commit of another instance, each batch locks the row first.
# Then a batch is applied first again, which saves two round trips to the database. When another
# instance still writes, this costs much more: two clashes, each with a reload.
CONTENDED_FOR: Final = 30.0


def note_clash(live: LiveRoom, now: float) -> None:
    """Note that a commit clashed."""
    if live.has_clashed:
        note_rival(live, now)
    live.has_clashed = True


def note_rival(live: LiveRoom, now: float) -> None:
    """Note that another instance writes to the document all the time."""
    live.contended_until = now + CONTENDED_FOR


def must_lock(hub: Hub, live: LiveRoom) -> bool:
    """Whether the next request locks the row first. It then follows what is new by itself."""
    if hub.clock.monotonic() >= live.contended_until or not live.room.exists:
        return False
    return (first := live.queue.first) is not None and not live.needs_history(first)


async def follow_newer(hub: Hub, live: LiveRoom, newer: Newer) -> bool:
    """Follow what other instances have committed, while the row is locked.

    Return False when the room must be loaded, or when the document has ended or was stopped.
    """
    state, now = live.state, hub.clock.monotonic()
    live.remote.begin_asking()
    if not can_follow(live, newer) or not has_schema_of(live, newer):
        return False
    if newer.locks and not hub.time.is_synced:
        return False
    if newer.entries:
        note_rival(live, now)
    for number, portion in enumerate(portions(newer.entries or ())):
        if number:
            await asyncio.sleep(0)  # other documents have a turn
        if live.state is not state or not follow(live, portion, now):
            return False
    follow_control(live, newer, live.room.schema, hub.bounds.terms)
    return True


async def commit_locked(
    hub: Hub, live: LiveRoom, compute: Callable[[Newer | None], Coroutine[Any, Any, Append | None]]
) -> Outcome | None:
    """Lock the document's row, and commit what `compute` returns.

    When this returns or raises, `compute` has ended, and is not called again. A transaction may end
    while a worker thread still uses the room: this waits for the thread. A transaction may also get
    the row after this has raised: then it writes nothing.
    """
    running: list[asyncio.Task[Append | None]] = []
    is_over = False

    async def start(newer: Newer | None) -> Append | None:
        if is_over:
            return None
        running.append(asyncio.create_task(compute(newer), name=f"under lock {live.key.doc}"))
        return await asyncio.shield(running[-1])

    try:
        return await hub.store.commit_locked(live.key, live.position, start)
    finally:
        is_over = True
        if running:
            await asyncio.wait(running)


class LockedBatch:
    """One batch of a contended document: applied when its row is locked."""

    def __init__(self, hub: Hub, live: LiveRoom, stale_answers: StaleAnswers) -> None:
        self._hub = hub
        self._live = live
        self._stale_answers = stale_answers
        self.append: Append | None = None
        self.must_reload = False

    async def commit(self) -> Outcome | None:
        """Lock the row, apply the batch and commit it.

        Return None when the batch is empty, or `must_reload` is set.
        """
        hub, live, began_at = self._hub, self._live, self._hub.clock.monotonic()
        outcome = await commit_locked(hub, live, self._compute)
        if outcome is not None and self.append is not None:
            seconds = hub.clock.monotonic() - began_at
            hub.recorder.transaction_ended([self.append], [outcome], seconds)
        if outcome is None and live.batch and not self.must_reload:
            return Committed()  # its answers need no entry
        return outcome

    async def _compute(self, newer: Newer | None) -> Append | None:
        """Follow what is new, and apply the batch. Return its rows, or None without any."""
        hub, live = self._hub, self._live
        if live.batch:  # the store repeats the transaction, and the row was free meanwhile
            self.must_reload = True
            return None
        if live.state is not LiveState.COMMITTING:  # it has ended, or takes no edits any more
            return None
        if newer is None or not await follow_newer(hub, live, newer):
            self.must_reload = True
            return None
        at = hub.clock.monotonic()
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
