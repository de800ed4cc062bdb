"""Who waits for an answer, and who hears of a document's commits."""

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
    """A request on its way through the commit loop, and who wants the answer.

    Exactly one of `listener` (a connection, which hears answers among the news) and `deliver`
    (an HTTP call) is set. `looked_back` says that the history before the tail was fetched for it,
    `read_log` that the log was looked at for what another instance may have written.
    """

    member: Member
    request: Request
    received_at: float
    listener: Listener | None = None
    deliver: Callable[[Answer | Exception], None] | None = None
    looked_back: bool = False
    read_log: bool = False

    def turn_away(self, error: Exception) -> None:
        """Not taken in: an HTTP call is told so, a connection is about to end anyway."""
        if self.deliver is not None:
            self.deliver(error)

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return isinstance(self.request, ReadState | ReadStateVector)

    @property
    def stands_on(self) -> int | None:
        """The oldest version whose successors it takes to judge this; None where it takes none."""
        request = self.request
        if not isinstance(request, PatchRequest | LockRequest) or request.base is None:
            return None
        pipeline = self.member.pipeline
        pending = pipeline.base_in_use if pipeline is not None else None
        return request.base if pending is None else min(request.base, pending)

    def fail(self, error: Exception) -> None:
        """Our fault: the connection ends, or the HTTP call fails."""
        if self.listener is not None:
            self.listener.dismiss(Close.OUR_FAULT, "internal error")
        if self.deliver is not None:
            self.deliver(error)


Answered = tuple[Submission, Answer]


class Listener(Protocol):
    """A connection, as the document's commits see it."""

    @property
    def session(self) -> str:
        """Its id, while it is in the audience."""

    def hear(self, news: News, answers: Sequence[Answered]) -> None:
        """Entries became durable, or requests of this listener's were answered without any.

        Whoever rests hears of what answers it alone.
        """

    def see(self, news: PresenceNews) -> None:
        """Somebody came, went or moved."""

    def hear_locks(self, news: LockNews) -> None:
        """Locks were taken, moved, ended; Yjs clients have no words for them."""

    def notice(self, payload: bytes) -> None:
        """A message for every patch client of the document; Yjs clients ignore it."""

    def resynchronise(self) -> None:
        """The server may have missed something of this client's: ask for it where the lane can."""

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        """Say goodbye and close."""


class Onlooker(Protocol):
    """Sees every answer that a document gives, for those who count and record."""

    def now(self) -> float: ...

    def published(self, answered: Sequence[Answered], durable_at: float) -> None:
        """What was durable by then has been sent to everybody."""

    def moved_locks(self, events: Sequence[LockChange], by: Member | None, asked: str) -> None:
        """Locks were taken, claimed or ended as somebody asked; or by time or an edit."""
