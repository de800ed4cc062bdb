"""A request on its way to a document, and the subscribers of its commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from collab.errors import Close
from collab.room.member import Member
from collab.room.requests import (
    Answer,
    LockRequest,
    PatchRequest,
    ReadState,
    ReadStateVector,
    Request,
)

if TYPE_CHECKING:
    from collab.messages import LockChange
    from server.broadcast.news import LockNews, News, PresenceNews


@dataclass(slots=True, eq=False)
class Submission:
    """A request on its way through the commit loop, and where its answer goes.

    Exactly one of `subscriber` (a connection, which gets answers with the news) and `deliver`
    (an HTTP call) is set. `history_loaded` says that entries before the tail were
    fetched for it, `read_log` that the log was read for entries of another instance.
    """

    member: Member
    request: Request
    received_at: float
    subscriber: Subscriber | None = None
    deliver: Callable[[Answer | Exception], None] | None = None
    history_loaded: bool = False
    read_log: bool = False

    def refuse(self, error: Exception) -> None:
        """Refuse it: an HTTP call gets the error, a connection is about to be closed anyway."""
        if self.deliver is not None:
            self.deliver(error)

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return isinstance(self.request, ReadState | ReadStateVector)

    @property
    def oldest_base(self) -> int | None:
        """The oldest version from which entries are needed to apply it; None where none are."""
        request = self.request
        if not isinstance(request, PatchRequest | LockRequest) or request.base is None:
            return None
        pipeline = self.member.pipeline
        pending = pipeline.base_in_use if pipeline is not None else None
        return request.base if pending is None else min(request.base, pending)

    def fail(self, error: Exception) -> None:
        """Our fault: the connection ends, or the HTTP call fails."""
        if self.subscriber is not None:
            self.subscriber.dismiss(Close.OUR_FAULT, "internal error")
        if self.deliver is not None:
            self.deliver(error)


Answered = tuple[Submission, Answer]


class Subscriber(Protocol):
    """A connection, as the document's commits see it."""

    @property
    def session(self) -> str:
        """Its id, while it is in the audience."""

    def on_commit(self, news: News, answers: Sequence[Answered]) -> None:
        """Entries became durable, or requests of this subscriber were answered without an entry.

        A paused subscriber gets only the news that answer it.
        """

    def on_presence(self, news: PresenceNews) -> None:
        """Clients joined, left or moved a cursor."""

    def on_locks(self, news: LockNews) -> None:
        """Locks were taken, moved or ended; the Yjs lane has no message for it."""

    def notice(self, payload: bytes) -> None:
        """A message for every patch client of the document; Yjs clients ignore it."""

    def resynchronise(self) -> None:
        """The server may have missed something of this client's: ask for it where the lane can."""

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        """Close the connection."""


class AnswerObserver(Protocol):
    """Gets every answer of a document, to count and record it."""

    def now(self) -> float: ...

    def on_broadcast(self, answered: Sequence[Answered], durable_at: float) -> None:
        """What was durable by then has been sent to every subscriber."""

    def moved_locks(self, events: Sequence[LockChange], by: Member | None, asked: str) -> None:
        """Locks were taken, claimed or ended on request, by time or by an edit."""
