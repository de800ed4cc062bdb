"""The interfaces between a document and its clients: submissions, subscribers, observers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from collab.errors import Close
from collab.room.member import Member
from collab.room.requests import (
    Answer,
    LockRequest,
    PatchRequest,
    ReadState,
    ReadStateVector,
    Request,
    Update,
)

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.messages import LockChange
    from server.broadcast.news import LockNews, News, PresenceNews

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Submission:
    """A request in the commit loop, and the receiver of its answer.

    Exactly one of these is set: `subscriber` is a connection, which gets its answers together with
    the new entries (`News`); `deliver` is the callback of an HTTP request. `history_loaded` means
    that the server has tried to load entries older than the tail (the newest entries, in memory)
    for this request. `read_log` means that the server has read the log for entries of another
    instance (another `weft serve` process).
    """

    member: Member
    request: Request
    received_at: float
    subscriber: Subscriber | None = None
    deliver: Callable[[Answer | Exception], None] | None = None
    history_loaded: bool = False
    read_log: bool = False
    ticket: int = 0  # the queue counts the requests of each user
    joined: Sequence[Submission] = ()  # the submissions of the updates that this one joins
    count: int = 1  # how many requests of the client this is

    def refuse(self, error: Exception) -> None:
        """Refuse the request because the server stops. An HTTP request gets the error.

        A connection gets no answer, because the server closes it soon.
        """
        if self.deliver is not None:
            self.deliver(error)

    @property
    def parts(self) -> Sequence[Submission]:
        """The submissions as the client sent them."""
        return self.joined or (self,)

    @property
    def is_read(self) -> bool:
        """Whether the request only reads."""
        return isinstance(self.request, ReadState | ReadStateVector)

    @property
    def oldest_base(self) -> int | None:
        """The version after which the request needs all entries; None when it needs no entries.

        A patch may depend on the connection's pending patches (its pipeline). These may have an
        older base.
        """
        request = self.request
        if not isinstance(request, PatchRequest | LockRequest) or request.base is None:
            return None
        pipeline = self.member.pipeline
        if pipeline is None or not pipeline.pending:
            return request.base
        return min(request.base, pipeline.base)

    def needs_history(self, oldest: int) -> bool:
        """Whether the request needs entries after a version before `oldest`, and has none yet."""
        if type(self.request) is Update:  # most requests that need none
            return False
        base = self.oldest_base
        return base is not None and not self.history_loaded and 0 <= base < oldest

    def fail(self, error: Exception) -> None:
        """Close the connection or fail the HTTP request, because the server has a bug."""
        if self.subscriber is not None:
            self.subscriber.dismiss(Close.OUR_FAULT, "internal error")
        if self.deliver is not None:
            self.deliver(error)


Answered = tuple[Submission, Answer]


# Sends the news of a commit to many subscribers of one kind. The time is the one of `on_commit`.
# An error of one subscriber must not stop the others.
FanOut = Callable[[Iterable[Any], "News", float], None]


class Subscriber(Protocol):
    """A connection that gets the commits of a document."""

    @property
    def fan_out(self) -> FanOut:
        """The function that sends news to subscribers of this kind, without answers for them."""

    @property
    def session(self) -> str:
        """The id of the session."""

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        """Handle a commit: durable entries, and the answers to this subscriber's requests.

        `now` is the time at which the entries became durable.

        A subscriber that cannot send news at once is paused. A paused subscriber gets only the
        commits that answer its requests.
        """

    def on_presence(self, news: PresenceNews, now: float) -> None:
        """Handle presence changes: clients joined, left or changed their state."""

    def on_locks(self, news: LockNews, now: float) -> None:
        """Handle lock events: a lock began, moved or ended. The Yjs lane ignores them."""

    def notice(self, payload: bytes) -> None:
        """Send a message that all patch clients of the document get. The Yjs lane ignores it."""

    def resynchronise(self) -> None:
        """Ask the client for updates that the server may lack, if the lane can do so."""

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        """Close the connection."""


class AnswerObserver(Protocol):
    """Gets every answer of a document, to count and record it."""

    def on_broadcast(self, key: DocKey, answered: Sequence[Answered], durable_at: float) -> None:
        """Note that the server sent these answers. They are durable since `durable_at`."""

    def on_locks_changed(
        self, key: DocKey, events: Sequence[LockChange], by: Member | None, asked: str
    ) -> None:
        """Note lock events, caused by a request, a timeout or an edit.

        `asked` is the action of the request. It is empty when no request caused the events.
        """


def one_by_one(subscribers: Iterable[Subscriber], news: News, now: float) -> None:
    """Call `on_commit` of each subscriber. This is the simplest `FanOut`."""
    for subscriber in subscribers:
        try:
            subscriber.on_commit(news, (), now)
        except Exception:  # as `FanOut` says
            drop(subscriber)


def drop(subscriber: Subscriber) -> None:
    """Close the connection of a failing subscriber; its client reconnects and resumes."""
    logger.exception("sending to a connection failed; the connection is closed")
    subscriber.dismiss(Close.OUR_FAULT, "internal error")
