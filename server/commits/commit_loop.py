"""The commit loop: everything that waits becomes one transaction, and nobody hears before COMMIT.

Group commit without a timer: while one transaction is in flight, whatever arrives waits for the
next. So a batch is as large as the disk is slow, and a lone edit never waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from collab.entry import Accepted
from collab.errors import Code, Refusal, Rejected
from collab.patch.apply import values_before
from collab.ports.store import (
    Append,
    Clash,
    Committed,
    Corrupt,
    Duplicate,
    Full,
    Held,
    Outcome,
    StorageUnavailable,
    Stored,
)
from server.broadcast.farewells import DELETED, GONE, IN_TROUBLE, MADE_AGAIN, OUR_FAULT, QUARANTINED
from server.broadcast.subscriber import Submission
from server.commits.held import HeldCommits
from server.commits.lock_requests import LockDesk
from server.commits.recovery import Recovery
from server.commits.stale_answers import StaleAnswers
from server.documents.changes import find_change
from server.documents.hub import Hub, Quarantined
from server.documents.live_room import MAX_SECONDS, LiveRoom
from server.documents.room_state import Event, LiveState
from server.runtime.worker_threads import run_in_thread

logger = logging.getLogger(__name__)

NO_ROOM = Refusal(Code.QUOTA_EXCEEDED, "the tenant has as many documents as it may")


class CommitLoop:
    """Drives batches of all live rooms through the log, one transaction at a time."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._group = asyncio.TaskGroup()
        self._recovery = Recovery(hub, self._replace, self._spawn)
        self._held = HeldCommits(hub.clock, self._write, self._judge, self._recovery, self._spawn)
        self._lock_desk = LockDesk(hub, self._reopen, self._recovery.enter)
        self._stale_answers = StaleAnswers(hub, self._lock_desk.is_current)
        self._suspects: WeakSet[LiveRoom] = WeakSet()

    async def run(self) -> None:
        """For ever; what it has begun ends with it."""
        async with self._group:
            while True:
                await self._hub.work.wait()
                self._hub.work.clear()
                await self._round()
                # A round that wrote nothing has waited for nothing: others have their turn now.
                await asyncio.sleep(0)

    async def _round(self) -> None:
        lives = [live for live in self._hub.dirty if live.state is LiveState.OPEN]
        self._hub.dirty.clear()
        await self._commit([live for live in lives if live not in self._suspects])
        for live in self._suspects.intersection(lives):
            await self._commit([live])

    async def drain(self) -> None:
        """Return when nothing waits any more but what waits for the database's recovery."""
        while self._hub.every(lambda live: live.is_busy and live.state is not LiveState.READ_ONLY):
            await asyncio.sleep(0.01)

    async def _commit(self, lives: Sequence[LiveRoom]) -> None:
        hub = self._hub
        for live in lives:
            if live.renewal is not None:
                self._reopen(live)
        lives = [live for live in lives if live.state is LiveState.OPEN]
        commit_id = hub.clock.new_id("c")
        now = hub.clock.now_ms()
        appends = self._begin(lives, now, commit_id)
        if not appends:
            return
        lives = [live for live, _ in appends]
        try:
            stale = await self._stale_answers.find(lives)
            outcomes = await self._write(
                [
                    (live, append)
                    for live, append in appends
                    if append and live not in stale and not live.is_broken
                ]
            )
        except StorageUnavailable:
            logger.warning("a commit failed or its outcome is unknown", exc_info=True)
            self._recovery.enter(lives)
            return
        except Exception:  # a bug of ours, or a rotten row: the loop goes on for the others
            logger.exception("a commit failed, and not for want of the database")
            self._part(lives)
            return
        self._suspects.difference_update(lives)
        for live, append in appends:
            if live in stale or live.is_broken:
                with self._ends_with(live):
                    self._reopen(live)
            else:
                self._judge(live, append, outcomes.get(live, Committed()))

    def _begin(
        self, lives: Sequence[LiveRoom], now: int, commit_id: str
    ) -> list[tuple[LiveRoom, Append | None]]:
        """Judge for a moment; the rooms that it was not enough for are the next round's first."""
        clock = self._hub.clock
        until = clock.monotonic() + MAX_SECONDS
        appends: list[tuple[LiveRoom, Append | None]] = []
        for live in lives:
            if appends and clock.monotonic() > until:
                self._hub.wake(live)
                continue
            with self._ends_with(live):
                if not live.in_flight and live.has_long_work() and live.move(Event.WORK):
                    self._spawn(self._work(live, now, commit_id), f"judge {live.key.doc}", live)
                else:
                    appends.append((live, live.begin(now, commit_id, until)))
        return appends

    async def _write(self, appends: list[tuple[LiveRoom, Append]]) -> dict[LiveRoom, Outcome]:
        if not appends:
            return {}
        began_at = self._hub.clock.monotonic()
        outcomes = await self._hub.store.commit([append for _, append in appends])
        self._hub.witness.written((append for _, append in appends), outcomes, began_at)
        return dict(zip((live for live, _ in appends), outcomes, strict=True))

    def _judge(self, live: LiveRoom, append: Append | None, outcome: Outcome) -> None:
        with self._ends_with(live):
            match outcome:
                case Committed():
                    self._settle(live)
                case Clash():
                    logger.info("another writer was first; the document is opened anew")
                    self._reopen(live)
                case Duplicate():
                    self._reopen(live, outcome.accepted)
                case Full():
                    live.fail(NO_ROOM)
                    self._reopen(live)
                case Held():
                    assert append is not None
                    self._held.add(live, append)

    def _settle(self, live: LiveRoom) -> None:
        hub = self._hub
        news = live.settle()
        hub.snapshots.note(live, news.entries)
        if hub.snapshots.is_due(live):
            saving = hub.snapshots.begin_save(live)
            if saving is not None:
                self._spawn(saving, f"snapshot {live.key.doc}", live)
        if live.state is not LiveState.WORKING:
            self._go_on(live)

    def _go_on(self, live: LiveRoom) -> None:
        """Come back to what is still queued; fetch what it stands on when that is not at hand."""
        if live.lock_board.is_due or live.has_lock_request():
            if live.move(Event.ASK):
                self._spawn(self._lock_desk.serve(live), f"locks {live.key.doc}", live)
            return
        if not live.queue:
            return
        first = live.queue[0]
        if not live.is_beyond_tail(first):
            self._hub.wake(live)
        elif live.move(Event.FETCH):
            self._spawn(self._look_back(live, first), f"look back {live.key.doc}", live)

    async def _work(self, live: LiveRoom, now: int, commit_id: str) -> None:
        """Have a request judged that may take long; it is committed with the next round."""
        await live.work(now, commit_id)
        if live.state is not LiveState.OPEN:  # the document has ended
            live.fail(GONE)
        elif live.is_broken:
            self._reopen(live)
        else:
            self._hub.wake(live)

    # --- opening anew -----------------------------------------------------------------------

    def _reopen(self, live: LiveRoom, accepted: Sequence[Accepted] = ()) -> None:
        live.put_back()
        live.is_broken = True
        if live.move(Event.FETCH):
            self._spawn(self._open_anew(live, accepted), f"open anew {live.key.doc}", live)
        elif live.state is LiveState.CLOSED:  # deleted while its batch was in flight
            live.refuse_waiting(GONE)
        elif live.state is LiveState.READ_ONLY:  # opened anew when the database is well again
            live.refuse_waiting(IN_TROUBLE)

    async def _open_anew(self, live: LiveRoom, accepted: Sequence[Accepted]) -> None:
        """Throw the working document away and take up where the log stands.

        `accepted` are requests of the batch that the log has already.
        """
        try:
            await self._stale_answers.remember(live, accepted)
            await self._replace(live)
        except Quarantined:
            self._hub.let_go(live, QUARANTINED)
        except (Rejected, StorageUnavailable):
            self._recovery.enter([live])
        else:
            self._opened_anew(live)

    def _opened_anew(self, live: LiveRoom) -> None:
        """Go on, unless the database's trouble or the document's end came in between."""
        if live.move(Event.FETCHED) and live.is_wanted:
            self._hub.wake(live)

    async def _replace(self, live: LiveRoom) -> None:
        hub = self._hub
        async with live.replacing:
            before, renewal = live.room.version, live.renewal
            room, stored = await hub.load(live.key)
            if live.room.exists and (not room.exists or room.epoch != live.room.epoch):
                # Deleted by another process, or by a request whose outcome was not heard.
                room.close()
                hub.let_go(live, MADE_AGAIN if room.exists else DELETED)
                return
            missed, newest = None, None
            if isinstance(stored, Stored):
                missed = await hub.missed(live.key, before, room.version)
            if missed is None:
                newest = await find_change(hub.store, live.key, room.version)
            live.replace(room, missed or [], newest)
            live.renewed(renewal)

    async def _look_back(self, live: LiveRoom, submission: Submission) -> None:
        """Bring the entries that the next request stands on back into the tail, if kept."""
        hub = self._hub
        submission.looked_back = True
        base = submission.stands_on or 0
        tail, bounds = live.room.tail, hub.bounds.room
        try:
            entries = await hub.history.between(
                live.key, base, tail.base, bounds.tail_entries, bounds.tail_bytes
            )
            if entries:
                value = await hub.history.value_at(live.key, base)
                tail.prepend(entries, await run_in_thread(values_before, value, entries))
        except (Rejected, Corrupt):
            logger.info("what a request stands on is not kept any more")
        except StorageUnavailable:
            self._recovery.enter([live])
            return
        self._opened_anew(live)

    # --- at the edge ------------------------------------------------------------------------

    def _part(self, lives: Sequence[LiveRoom]) -> None:
        """One of these documents cannot be committed: find out which, and let only that go."""
        for live in lives:
            live.fail(IN_TROUBLE)
            if len(lives) == 1:
                self._hub.let_go(live, OUR_FAULT)
            else:
                self._suspects.add(live)
                self._reopen(live)
                live.audience.resynchronise()  # as after any trouble: a Yjs client says it once

    @contextmanager
    def _ends_with(self, live: LiveRoom | None) -> Iterator[None]:
        """What fails in here is a bug of ours; it ends this document's connections, no others."""
        try:
            yield
        except Exception:  # a document's edge
            logger.exception("a document's work failed")
            if live is not None:
                self._hub.let_go(live, OUR_FAULT)

    def _spawn(
        self, work: Coroutine[Any, Any, None], name: str, live: LiveRoom | None = None
    ) -> None:
        async def guarded() -> None:
            with self._ends_with(live):
                await work

        self._group.create_task(guarded(), name=name)
