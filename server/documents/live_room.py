"""A live room: a room (`collab/room/`), its subscribers, and its queue for the commit loop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, TypeVar

from collab.errors import Refusal
from collab.ports.positions import Position
from collab.room.requests import Answer, Barrier, LockRequest, PatchRequest, Round
from collab.yjs.update import decode_state_vector
from server.broadcast.audience import Audience
from server.broadcast.lock_announcer import LockAnnouncer
from server.broadcast.news import News
from server.broadcast.presence_ticker import PresenceTicker
from server.broadcast.subscriber import Answered, Submission
from server.documents.batch import Batch, Stop
from server.documents.changes import LastChange, Unsaved
from server.documents.long_work import SLOW, SLOW_FOR, TimedAnswer, takes_long
from server.documents.remote_head import RemoteHead
from server.documents.request_queue import RequestQueue, with_next_updates
from server.documents.room_state import (
    NEXT,
    READ_ONLY,
    UNANSWERED,
    Event,
    IllegalTransition,
    LiveState,
)
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.presence.book import PresenceBook
    from collab.room.room import Room
    from server.runtime.clock import Clock
    from server.runtime.database_clock import DatabaseClock

logger = logging.getLogger(__name__)

T = TypeVar("T")

# The longest time of a batch, so that rooms do not block the event loop: a frame of 400 patches,
# each rebased through a megabyte of text, blocked it for seconds (measured).
MAX_SECONDS = 0.02


class LiveRoom:
    """One open document in this process.

    Invariant: the batch has the applied requests until `commit_batch`, `requeue_batch` or `fail`.
    Meanwhile the room is ahead of every client, and new requests wait in the queue.
    """

    def __init__(
        self,
        room: Room,
        clock: Clock,
        book: PresenceBook,
        time: DatabaseClock,
        wake: Callable[[LiveRoom], None],
    ) -> None:
        self.key: DocKey = room.key
        self.room = room
        self.audience = Audience(room.key, clock)
        self.presence = PresenceTicker(clock, self.audience, book)
        self.lock_announcer = LockAnnouncer(self.audience, time, lambda: wake(self))
        self.lock_announcer.watch(room.locks())
        self.queue = RequestQueue()
        self.state = LiveState.OPEN  # only `move` changes it
        self.reopen_waiter: asyncio.Future[None] | None = None  # set while a reload is requested
        self.last_change: LastChange | None = None  # of the room's version, if known
        self.users = 0
        self.idle_since = clock.monotonic()
        self.unsaved = Unsaved()
        self.unsaved_steps = Unsaved()
        self._clock = clock
        self._wake = wake
        self.batch = Batch()
        self.remote = RemoteHead()
        self.has_clashed = False  # the last commit
        self.contended_until = 0.0  # before this time, a commit first locks the document's row
        self._slow_until = 0.0
        self._known: bytes | None = None  # the state vector, while a worker thread uses the room

    def move(self, event: Event) -> None:
        """Move to the next state; raise when the state does not allow the event."""
        following = NEXT[event].get(self.state)
        if following is None:
            raise IllegalTransition(self.state, event)
        self.state = following

    @property
    def position(self) -> Position:
        """The position of the room: all that was committed up to here is in it."""
        return Position(self.room.epoch, self.room.version, self.room.control.revision)

    @property
    def is_read_only(self) -> bool:
        return self.state in READ_ONLY

    @property
    def is_busy(self) -> bool:
        """Whether a request has no answer yet."""
        return bool(self.queue) or self.state in UNANSWERED

    # --- a batch --------------------------------------------------------------------------

    def apply_waiting(self, now: Round, until: float = inf) -> Stop:
        """Apply waiting requests to the batch until the time `until`; return why it stopped.

        The batch may contain a request that a worker thread has applied before.
        """
        while (submission := self.queue.first) is not None and not self.batch.is_full:
            if not self.is_for_batch(submission):
                return Stop.NOT_NOW
            is_slow = self._clock.monotonic() < self._slow_until
            if is_slow or takes_long(submission.request, submission.member, self.room):
                return Stop.LONG
            self.queue.take_first()
            if submission.member.pipelines:
                self.batch.save_pipeline(submission.member)
            if self.queue.first is not None:
                submission = with_next_updates(submission, self.queue, self.room.working)
            answer, seconds, ended = self._apply_timed(submission, now)
            if submission.joined and not (isinstance(answer, Answer) and answer.refusal is None):
                if not self.queue.put_apart(submission.joined, answer):
                    return Stop.BUG
            elif not self._add_answer(submission, answer, seconds):
                return Stop.BUG
            if ended > until:
                break
        return Stop.FULL

    def pop_lock_requests(self, most: int) -> deque[Submission]:
        """Take the lock requests at the front of the queue that can be decided now."""
        return self.queue.take(most, self._is_lock_request)

    async def apply_in_thread(self, now: Round) -> bool:
        """Apply the next requests in a worker thread, for about `MAX_SECONDS`.

        Return False for a server bug. Only the thread uses the working document; all other code
        reads the committed state.
        """
        taken = self.queue.take(self.batch.free, self.is_for_batch)
        is_sound = True
        try:
            for submission in taken:
                self.batch.save_pipeline(submission.member)
            answers = await self.in_thread(lambda: self._apply_each(list(taken), now))
            for answer, seconds, _ in answers:
                is_sound = self._add_answer(taken.popleft(), answer, seconds)
        finally:
            self.queue.put_back(taken)
        return is_sound

    def _apply_each(self, taken: Iterable[Submission], now: Round) -> list[TimedAnswer]:
        """Apply requests until the time is over, one has a bug, or one fills the batch."""
        answers: list[TimedAnswer] = []
        until = self._clock.monotonic() + MAX_SECONDS
        for submission in taken:
            answer, _, ended = timed = self._apply_timed(submission, now)
            answers.append(timed)
            if isinstance(answer, BaseException) or answer.rest or ended > until:
                break
        return answers

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run `work` on the room in a worker thread. The state is already `working`."""
        self._known = self.room.document.encode_state_vector()
        try:
            return await run_in_thread(work)
        finally:
            self._known = None

    @property
    def is_wanted(self) -> bool:
        """Whether the commit loop has work with this room."""
        return (
            bool(self.queue)
            or self.reopen_waiter is not None
            or self.lock_announcer.is_due
            or self.needs_to_follow
        )

    @property
    def needs_to_follow(self) -> bool:
        """Whether other instances have changed the document, or a request waits to know that."""
        remote = self.remote
        return remote.has_heard and (remote.is_awaited or remote.is_due(self.position))

    def wake_if_wanted(self) -> None:
        """Wake the commit loop when the document is open and work waits."""
        if self.state is LiveState.OPEN and self.is_wanted:
            self._wake(self)

    def known(self) -> dict[int, int]:
        """Return the Yjs state vector, without changes that a worker thread is making."""
        known = self._known
        return self.room.document.state_vector() if known is None else decode_state_vector(known)

    def _apply_timed(self, submission: Submission, now: Round) -> TimedAnswer:
        answer: Answer | BaseException
        began = self._clock.thread_seconds()
        try:
            answer = self.room.apply(submission.member, submission.request, now)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of pycrdt is not an `Exception`
            answer = error
        seconds, ended = self._clock.thread_seconds() - began, self._clock.monotonic()
        if seconds > SLOW:
            self._slow_until = ended + SLOW_FOR
        return TimedAnswer(answer, seconds, ended)

    def _add_answer(
        self, submission: Submission, answer: Answer | BaseException, seconds: float
    ) -> bool:
        """Add an answer to the batch; return False for a server bug, which fails this request."""
        if isinstance(answer, BaseException):
            logger.error(
                "a request failed with a bug; the document is reloaded without it", exc_info=answer
            )
            submission.fail(RuntimeError(str(answer)))
            return False
        self.batch.add(submission, answer, seconds)
        return True

    def is_for_batch(self, submission: Submission) -> bool:
        """Whether the request may be in a batch now."""
        if isinstance(submission.request, LockRequest):
            return False
        return not submission.needs_history(self.room.tail.base)

    def needs_history(self, submission: Submission) -> bool:
        """Whether the request needs entries that must first be loaded from the log."""
        return submission.needs_history(self.room.tail.base)

    def has_lock_request(self) -> bool:
        """Whether the next request is a lock request that needs no older entries."""
        first = self.queue.first
        return first is not None and self._is_lock_request(first)

    def _is_lock_request(self, submission: Submission) -> bool:
        return isinstance(submission.request, LockRequest) and not self.needs_history(submission)

    def commit_batch(self, now: float) -> News:
        """Advance the room to the durable batch, send the news, and return the news."""
        room = self.room
        before, previous_value = room.version, room.value
        entries, changes = room.commit()
        answered = self.batch.finish()
        if room.ids.found:
            self._note_answered(submission for submission, _ in answered)
        if entries:
            self.last_change = LastChange.of(entries[-1])
        news = News(entries, before, room.value, previous_value=previous_value)
        self.audience.broadcast(news, answered, now)
        self.presence.relocate_cursors(changes)
        if room.lock_events:
            self.lock_announcer.announce(room.lock_events)
        if self.batch.charges.are_due:
            self.batch.charges.charge(self.queue, now)
        return news

    def requeue_batch(self) -> None:
        """Put the requests of a batch that was not written back into the queue, in order."""
        for submission in (requests := self.batch.discard()):
            submission.history_loaded = False  # the next room's tail may be shorter
        self.queue.put_back(requests)

    def fail(self, refusal: Refusal) -> None:
        """Refuse a batch with an unknown outcome; clients retry with the same ids."""
        self._refuse(self.batch.discard(), refusal)

    def end(self, refusal: Refusal) -> None:
        """End the room, and refuse every waiting request."""
        self.fail(refusal)
        self.refuse_waiting(refusal)
        self.queue.clear()
        if self.reopen_waiter is not None and not self.reopen_waiter.done():
            self.reopen_waiter.set_result(None)

    def refuse_waiting(self, refusal: Refusal) -> None:
        """Refuse the waiting writes, which clients retry. The reads stay in the queue."""
        if self.queue:
            self._refuse(self.queue.remove(lambda one: not one.is_read), refusal)

    def finish_reopen(self, reopen_waiter: asyncio.Future[None] | None) -> None:
        """Complete a requested reload, unless a newer reload was requested."""
        if reopen_waiter is not None and reopen_waiter is self.reopen_waiter:
            self.reopen_waiter = None
            if not reopen_waiter.done():
                reopen_waiter.set_result(None)

    def _note_answered(self, submissions: Iterable[Submission]) -> None:
        for submission in submissions:
            request_id = getattr(submission.request, "id", "")
            self.room.ids.mark_answered(submission.member.author.user, request_id)

    # --- refusing -------------------------------------------------------------------------

    def _refuse(self, submissions: Sequence[Submission], refusal: Refusal) -> None:
        self._note_answered(submissions)
        answered: list[Answered] = []
        for submission in submissions:
            request, member = submission.request, submission.member
            if isinstance(request, Barrier):
                member.pass_barrier(request.nonce)
                answered.append((submission, Answer(self.room.version)))
                continue
            barrier = member.reject_patch(request.id) if isinstance(request, PatchRequest) else 0
            answer = Answer(self.room.version, refusal=refusal, barrier=barrier)
            answered.append((submission, answer))
        news = News([], self.room.version, self.room.value)
        self.audience.broadcast(news, answered, self._clock.monotonic())
