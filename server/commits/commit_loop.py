"""The commit loop: everything that waits becomes one transaction, and nobody hears before COMMIT.

Group commit without a timer: while one transaction is in flight, whatever arrives waits for the
next. So a batch is as large as the disk is slow, and a lone edit never waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from weakref import WeakSet

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
)
from server.broadcast.close_reasons import GONE, IN_TROUBLE, OUR_FAULT
from server.broadcast.subscriber import Submission
from server.commits.document_tasks import DocumentTasks
from server.commits.lock_requests import LockDesk
from server.commits.recovery import Recovery
from server.commits.reopening import Reopening
from server.commits.stale_answers import StaleAnswers
from server.commits.transactions import HeldCommits, write
from server.documents.hub import Hub
from server.documents.live_room import MAX_SECONDS, LiveRoom
from server.documents.room_state import Event, LiveState
from server.runtime.worker_threads import run_in_thread

logger = logging.getLogger(__name__)

NO_ROOM = Refusal(Code.QUOTA_EXCEEDED, "the tenant has as many documents as it may")


class CommitLoop:
    """Drives batches of all live rooms through the log, one transaction at a time."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._tasks = DocumentTasks(hub)
        self._reopening = Reopening(hub, self._tasks)
        self._recovery = Recovery(hub, self._reopening, self._tasks)
        self._held = HeldCommits(hub, self._reopening)
        self._retries = False  # a task commits again what is held
        self._lock_desk = LockDesk(hub, self._reopening)
        self._stale_answers = StaleAnswers(hub)
        self._suspects: WeakSet[LiveRoom] = WeakSet()

    async def run(self) -> None:
        """For ever; what it has begun ends with it."""
        async with self._tasks.group:
            self._tasks.spawn(self._recovery.run(), "recover")
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
                self._reopening.reopen(live)
        lives = [live for live in lives if live.state is LiveState.OPEN]
        commit_id = hub.clock.new_id("c")
        now = hub.clock.now_ms()
        appends = self._begin(lives, now, commit_id)
        if not appends:
            return
        lives = [live for live, _ in appends]
        try:
            stale = await self._stale_answers.find(lives)
            outcomes = await write(
                hub,
                [
                    (live, append)
                    for live, append in appends
                    if append and live not in stale and not live.is_broken
                ],
            )
        except StorageUnavailable:
            logger.warning("a commit failed or its outcome is unknown", exc_info=True)
            self._reopening.enter_trouble(lives)
            return
        except Exception:  # a bug of ours, or a rotten row: the loop goes on for the others
            logger.exception("a commit failed, and not for want of the database")
            self._part(lives)
            return
        self._suspects.difference_update(lives)
        for live, append in appends:
            if live in stale or live.is_broken:
                with self._tasks.edge(live):
                    self._reopening.reopen(live)
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
            with self._tasks.edge(live):
                if not live.in_flight and live.has_long_work() and live.move(Event.WORK):
                    self._tasks.spawn(
                        self._work(live, now, commit_id), f"judge {live.key.doc}", live
                    )
                else:
                    appends.append((live, live.begin(now, commit_id, until)))
        return appends

    def _judge(self, live: LiveRoom, append: Append | None, outcome: Outcome) -> None:
        with self._tasks.edge(live):
            match outcome:
                case Committed():
                    self._settle(live)
                case Clash():
                    logger.info("another writer was first; the document is opened anew")
                    self._reopening.reopen(live)
                case Duplicate():
                    self._reopening.reopen(live, outcome.accepted)
                case Full():
                    live.fail(NO_ROOM)
                    self._reopening.reopen(live)
                case Held():
                    assert append is not None
                    self._hold(live, append)

    def _hold(self, live: LiveRoom, append: Append) -> None:
        """Wait until no other transaction has the live room's row."""
        if not live.move(Event.HOLD):  # it was stopped, or ended, while the commit was under way
            self._judge(live, append, Clash())
            return
        self._held.add(live, append)
        if not self._retries:
            self._retries = True
            self._tasks.spawn(self._retry_held(), "held documents")

    async def _retry_held(self) -> None:
        """Commit again what is held, until nothing is."""
        try:
            while self._held:
                await asyncio.sleep(self._held.pause())
                for live, append in self._held.take_stopped():
                    self._judge(live, append, Clash())
                for live, append, outcome in await self._held.retry():
                    self._judge(live, append, outcome)
        finally:
            self._retries = False

    def _settle(self, live: LiveRoom) -> None:
        hub = self._hub
        news = live.settle()
        hub.snapshots.note(live, news.entries)
        if hub.snapshots.is_due(live):
            saving = hub.snapshots.begin_save(live)
            if saving is not None:
                self._tasks.spawn(saving, f"snapshot {live.key.doc}", live)
        if live.state is not LiveState.WORKING:
            self._go_on(live)

    def _go_on(self, live: LiveRoom) -> None:
        """Come back to what is still queued; fetch what it stands on when that is not at hand."""
        if live.lock_announcer.is_due or live.has_lock_request():
            if live.move(Event.ASK):
                self._tasks.spawn(self._lock_desk.serve(live), f"locks {live.key.doc}", live)
            return
        if not live.queue:
            return
        first = live.queue[0]
        if not live.is_beyond_tail(first):
            self._hub.wake(live)
        elif live.move(Event.FETCH):
            self._tasks.spawn(self._look_back(live, first), f"look back {live.key.doc}", live)

    async def _work(self, live: LiveRoom, now: int, commit_id: str) -> None:
        """Have a request judged that may take long; it is committed with the next round."""
        await live.work(now, commit_id)
        if live.state is not LiveState.OPEN:  # the document has ended
            live.fail(GONE)
        elif live.is_broken:
            self._reopening.reopen(live)
        else:
            self._hub.wake(live)

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
            self._reopening.enter_trouble([live])
            return
        self._reopening.go_on(live)

    # --- at the edge ------------------------------------------------------------------------

    def _part(self, lives: Sequence[LiveRoom]) -> None:
        """One of these documents cannot be committed: find out which, and let only that go."""
        for live in lives:
            live.fail(IN_TROUBLE)
            if len(lives) == 1:
                self._hub.let_go(live, OUR_FAULT)
            else:
                self._suspects.add(live)
                self._reopening.reopen(live)
                live.audience.resynchronise()  # as after any trouble: a Yjs client says it once
