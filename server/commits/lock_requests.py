"""Lock requests: the server decides each in its turn among a document's requests.

A document's revision grows when its locks change. The server writes a lock's row only if the
document still has the revision of the decision. Then the client holds the lock. A commit that was
checked against earlier locks clashes, and is applied again. The server writes all waiting lock
requests together, so a lock request costs the disk no more than a patch.

Another instance may commit again and again between a decision and its write. Then the server locks
the document's row, and decides one request after the other.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collab.errors import Code, Refusal
from collab.locks.state import Locks, LockStep
from collab.ports.store import Append, Committed, StorageUnavailable
from collab.room import lock_rules
from collab.room.requests import Answer, LockRequest
from server.broadcast.close_reasons import GONE, IN_TROUBLE
from server.broadcast.news import News
from server.broadcast.subscriber import Submission
from server.commits.contended_commits import (
    commit_locked,
    follow_newer,
    must_lock,
    note_clash,
)
from server.commits.stale_answers import has_current_locks
from server.documents.batch import BY_LOCKS, MAX_BATCH
from server.documents.live_room import MAX_SECONDS, LiveRoom
from server.documents.long_work import VERY_LARGE
from server.documents.room_state import Event, LiveState
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ports.positions import Newer
    from server.commits.reopening import Reopening
    from server.documents.hub import Hub

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Decided:
    """A lock request, and its transition or refusal. Both are valid after the locks are written."""

    submission: Submission
    asked: LockRequest
    secret: str
    step: LockStep | Refusal | None = None

    @property
    def depends_on_locks(self) -> bool:
        """Whether another instance's locks could change the answer.

        This matters only when the request writes no row, because a write would clash.
        """
        if isinstance(self.step, Refusal):
            return self.step.code in BY_LOCKS or self.step.code in (
                Code.NOT_FOUND,
                Code.QUOTA_EXCEEDED,
            )
        return True


class LockRequests:
    """Decides and writes the lock requests of live rooms, and ends expired locks.

    Invariant: while it decides for a live room, no batch begins in this live room, and no reload
    replaces the room unless the document ends. So it decides on the committed version.
    """

    def __init__(self, hub: Hub, reopening: Reopening) -> None:
        self._hub = hub
        self._reopening = reopening

    async def decide(self, live: LiveRoom) -> None:
        """End expired locks, then decide every lock request at the front of the queue."""
        decided: deque[_Decided] = deque()
        try:
            stands = await self._expire(live)
            while stands and live.state is LiveState.LOCKING and live.has_lock_request():
                if self._must_lock(live):
                    stands = await self._decide_locked(live, decided)
                else:
                    await self._decide(live, decided)
                    stands = await self._write_decided(live, decided)
            if not stands:
                note_clash(live, self._hub.clock.monotonic())
        except StorageUnavailable:
            logger.warning("a lock could not be written, or its outcome is unknown")
            self._requeue(live, decided)
            self._reopening.enter_trouble([live])
            return
        except Exception as error:
            logger.exception("a lock request failed with a bug; the document is reloaded")
            self._fail(live, decided, error)
            stands = False
        if not stands:
            self._reopening.reopen(live)
        else:
            live.move(Event.DECIDED)
            self._hub.others.followed(live)
            live.wake_if_wanted()

    async def _expire(self, live: LiveRoom) -> bool:
        """End expired locks; return False when another writer changed the locks first."""
        now = await self._hub.time.sync()
        live.lock_announcer.is_due = False
        locks, steps = live.room.locks(), []
        while (step := locks.expire(now)) is not None:
            locks = step.locks
            steps.append(step)
        if not await self._write(live, steps):
            return False
        for step in steps:
            live.lock_announcer.announce(step.events)
        live.lock_announcer.watch(live.room.locks())
        return True

    async def _decide(
        self, live: LiveRoom, decided: deque[_Decided], most: int = MAX_BATCH
    ) -> None:
        """Decide the waiting requests; for a very large document, in a worker thread."""
        waiting = live.pop_lock_requests(most)
        try:
            if live.room.document.work_size > VERY_LARGE:
                await run_in_thread(self._decide_some, live, waiting, decided)
            else:
                self._decide_some(live, waiting, decided)
        finally:
            live.queue.put_back(waiting)
            self._requeue(live, deque())

    def _decide_some(
        self, live: LiveRoom, waiting: deque[Submission], decided: deque[_Decided]
    ) -> None:
        """Decide requests for at most `MAX_SECONDS`, each with the results of the earlier ones."""
        clock, now = self._hub.clock, self._hub.time.now()
        until = clock.monotonic() + MAX_SECONDS
        locks = live.room.locks()
        while waiting and clock.monotonic() <= until:
            submission = waiting.popleft()
            asked = submission.request
            assert isinstance(asked, LockRequest)
            one = _Decided(submission, asked, f"{live.key.tenant}.{clock.token_bytes(16).hex()}")
            decided.append(one)
            one.step = lock_rules.decide(
                live.room,
                locks,
                submission.member,
                asked,
                now=now,
                wall=clock.now_ms(),
                secret=one.secret,
            )
            locks = one.step.locks if isinstance(one.step, LockStep) else locks

    def _must_lock(self, live: LiveRoom) -> bool:
        """Whether to lock the row first. For a very large document, a worker thread decides."""
        return must_lock(self._hub, live) and live.room.document.work_size <= VERY_LARGE

    async def _decide_locked(self, live: LiveRoom, decided: deque[_Decided]) -> bool:
        """Decide, write and answer the next request while the document's row is locked.

        When the room could not follow, put the request back into the queue, and return False.
        """
        stands = True

        async def compute(newer: Newer | None) -> Append | None:
            nonlocal stands
            if live.state is not LiveState.LOCKING and not decided:
                return None  # it has ended, or takes no requests any more
            stands = False
            # When the store repeats its transaction, the row was free meanwhile.
            if decided or newer is None or not await follow_newer(self._hub, live, newer):
                return None
            stands = True
            await self._decide(live, decided, 1)
            return _append_of(live, [one.step for one in decided])

        outcome = await commit_locked(self._hub, live, compute)
        if not stands or not isinstance(outcome, Committed | None):
            self._requeue(live, decided)
            return False
        for one in decided:
            if outcome is not None and isinstance(one.step, LockStep):
                self._use(live, one.step.locks)
        self._answer_decided(live, decided)
        return True

    async def _write_decided(self, live: LiveRoom, decided: deque[_Decided]) -> bool:
        """Write and answer the decided requests.

        When the locks were stale, put the requests back into the queue, and return False.
        """
        steps = [one.step for one in decided if isinstance(one.step, LockStep)]
        if any(step.is_written for step in steps):
            stands = await self._write(live, steps)
        else:
            stands = not any(one.depends_on_locks for one in decided) or (
                not live.room.exists or await has_current_locks(self._hub, live)
            )
        if not stands:
            self._requeue(live, decided)
            return False
        self._answer_decided(live, decided)
        return True

    def _answer_decided(self, live: LiveRoom, decided: deque[_Decided]) -> None:
        while decided:
            self._announce(live, decided[0])
            decided.popleft()

    async def _write(self, live: LiveRoom, steps: Sequence[LockStep]) -> bool:
        """Write the rows of transitions.

        When another writer was first, return False without a write.
        """
        steps = [step for step in steps if step.is_written]
        if not steps:
            return True
        # A new lock's scope (its pointer) is valid for the known version only, because no commit
        # relocates the scope before it is written. So `head` requires that version.
        known, locks = live.room.locks(), steps[-1].locks
        put = {lock.id: lock for step in steps for lock in step.put}
        drop = {lock_id for step in steps for lock_id in step.drop}
        saved = await self._hub.store.save_locks(
            live.key,
            revision=steps[0].revision,
            put=[lock for lock in put.values() if locks.find(lock.id) is not None],
            drop=sorted(drop),
            head=known.version if any(known.find(lock_id) is None for lock_id in put) else 0,
            steps=len(steps),
        )
        if saved:
            self._use(live, locks)
        return saved

    def _use(self, live: LiveRoom, locks: Locks) -> None:
        """Use locks that are written."""
        live.room.set_locks(locks)
        live.lock_announcer.watch(locks)
        self._hub.others.controlled(live)

    def _announce(self, live: LiveRoom, one: _Decided) -> None:
        version, step = live.room.version, one.step
        assert step is not None
        if isinstance(step, Refusal):
            self._answer(live, one.submission, Answer(version, refusal=step))
            return
        ack = lock_rules.ack_of(one.asked, step, one.secret)
        self._answer(live, one.submission, Answer(version, ack=ack))
        live.lock_announcer.announce(step.events, one.submission.member, one.asked.action)

    def _answer(self, live: LiveRoom, submission: Submission, answer: Answer) -> None:
        news, now = News([], live.room.version, live.room.value), self._hub.clock.monotonic()
        live.audience.broadcast(news, [(submission, answer)], now)

    def _fail(self, live: LiveRoom, decided: deque[_Decided], error: Exception) -> None:
        """Fail the request that raised, and put the other requests back into the queue."""
        if decided:
            theirs = decided.pop() if decided[-1].step is None else decided.popleft()
            theirs.submission.fail(RuntimeError(str(error)))
        self._requeue(live, decided)

    def _requeue(self, live: LiveRoom, decided: deque[_Decided]) -> None:
        """Put requests back into the queue; refuse them when the document takes no requests."""
        for one in decided:
            one.submission.history_loaded = False
        live.queue.put_back([one.submission for one in decided])
        decided.clear()
        if live.state is LiveState.CLOSED:
            live.refuse_waiting(GONE)
        elif live.is_read_only:
            live.refuse_waiting(IN_TROUBLE)


def _append_of(live: LiveRoom, steps: Sequence[LockStep | Refusal | None]) -> Append | None:
    """Return the rows of the one decided request; None when it writes nothing."""
    for step in steps:
        if isinstance(step, LockStep) and step.is_written:
            put, drop, room = list(step.put), sorted(step.drop), live.room
            return Append(room.key, room.epoch, room.version, step.revision, [], put=put, drop=drop)
    return None
