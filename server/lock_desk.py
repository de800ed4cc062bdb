"""The lock desk: decides what is asked of locks, in its turn among a document's requests.

A lock stands when its row is written at the revision that it was decided on; a commit that was
judged by the locks before clashes, and is judged anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from collab.errors import Code, Refusal, Rejected
from collab.ports import StorageUnavailable
from collab.room import lock_lane
from collab.room.requests import Answer, LockAct
from server.audience import News, Submission
from server.live import BY_LOCKS, GONE, IN_TROUBLE, LiveRoom, LiveState

if TYPE_CHECKING:
    from collab.room.locks import LockStep
    from server.hub import Hub

logger = logging.getLogger(__name__)


class LockDesk:
    """Invariant: while it is at work on a live room no batch begins there, and no other room
    takes its place unless the document ends; so what it decides stands on the committed version.
    """

    def __init__(
        self,
        hub: Hub,
        reopen: Callable[[LiveRoom], None],
        enter_trouble: Callable[[Sequence[LiveRoom]], None],
    ) -> None:
        self._hub = hub
        self._reopen = reopen
        self._enter_trouble = enter_trouble

    async def serve(self, live: LiveRoom) -> None:
        live.at_lock_desk = True
        try:
            await self._serve(live)
        finally:
            live.at_lock_desk = False

    async def _serve(self, live: LiveRoom) -> None:
        """What time has done, then every lock request at the head of the queue."""
        submission: Submission | None = None
        try:
            stands = await self._expire(live)
            while stands and live.state is LiveState.LOCKING and live.has_lock_request():
                submission = live.queue.popleft()
                stands = await self._serve_one(live, submission)
        except StorageUnavailable:
            logger.warning("a lock could not be written, or nobody knows")
            self._hand_back(live, submission)
            self._enter_trouble([live])
            return
        except Exception as error:
            logger.exception("a lock request failed; the document is opened anew without it")
            if submission is not None:
                submission.fail(RuntimeError(str(error)))
            stands = False
        if live.state is LiveState.LOCKING:
            self._go_on(live, stands=stands)

    async def is_current(self, live: LiveRoom) -> bool:
        """Whether the document still is at the revision by whose locks it refused somebody."""
        revision, _ = await self._hub.store.locks(live.key)
        return revision == live.room.control.revision

    async def _expire(self, live: LiveRoom) -> bool:
        """Whether the locks were still those of the database."""
        now = await self._hub.time.ask()
        live.lock_board.is_due = False
        while (step := live.room.locks().expire(now)) is not None:
            if not await self._write(live, step):
                return False
            live.lock_board.announce(step.events)
        live.lock_board.watch(live.room.locks())
        return True

    async def _serve_one(self, live: LiveRoom, submission: Submission) -> bool:
        """Whether the locks that it was decided by were still those of the database."""
        asked, member = submission.request, submission.member
        assert isinstance(asked, LockAct)
        clock = self._hub.clock
        secret = f"{live.key.tenant}.{clock.token_bytes(16).hex()}"
        now, wall = self._hub.time.now(), clock.now_ms()
        step: LockStep | Refusal
        try:
            step = lock_lane.decide(live.room, member, asked, now=now, wall=wall, secret=secret)
        except Rejected as rejected:
            step = rejected.refusal
        if _rests_on_locks(step) and live.room.exists and not await self.is_current(live):
            self._hand_back(live, submission)
            return False
        if isinstance(step, Refusal):
            self._answer(live, submission, Answer(live.room.version, refusal=step))
            return True
        if not await self._write(live, step):
            self._hand_back(live, submission)
            return False
        ack = lock_lane.told(asked, step, secret)
        self._answer(live, submission, Answer(live.room.version, ack=ack))
        live.lock_board.announce(step.events, member.author)
        self._hub.witness.moved_locks(live.key, step.events, member, asked.action)
        return True

    async def _write(self, live: LiveRoom, step: LockStep) -> bool:
        """False where somebody else has written since; nothing was written then."""
        if not step.put and not step.drop:
            return True
        # A lock that nobody knew of yet is moved by nobody: its scope must stand on the head.
        known = live.room.locks()
        is_new = any(known.find(lock.id) is None for lock in step.put)
        saved = await self._hub.store.save_locks(
            live.key,
            revision=step.revision,
            put=list(step.put),
            drop=list(step.drop),
            head=known.version if is_new else 0,
        )
        if saved:
            live.room.move_locks(step.locks)
            live.lock_board.watch(step.locks)
        return saved

    def _answer(self, live: LiveRoom, submission: Submission, answer: Answer) -> None:
        live.audience.publish(News([], live.room.version, live.room.value), [(submission, answer)])

    def _hand_back(self, live: LiveRoom, submission: Submission | None) -> None:
        """It waits again, or is refused where nothing can be waited for."""
        if submission is None:
            return
        submission.looked_back = False
        live.queue.appendleft(submission)
        if live.state is LiveState.CLOSED:
            live.refuse_waiting(GONE)
        elif live.state is LiveState.READ_ONLY:
            live.refuse_waiting(IN_TROUBLE)

    def _go_on(self, live: LiveRoom, *, stands: bool) -> None:
        if stands:
            live.state = LiveState.OPEN
            self._hub.wake(live)
        else:
            self._reopen(live)


def _rests_on_locks(step: LockStep | Refusal) -> bool:
    """Whether it may be otherwise at another instance, and nothing is written that would clash."""
    if isinstance(step, Refusal):
        return step.code in BY_LOCKS or step.code in (Code.NOT_FOUND, Code.QUOTA_EXCEEDED)
    return not (step.put or step.drop)
