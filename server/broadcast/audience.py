"""The audience of a document: who hears of its commits, each in the words of their lane."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from collab import wire
from collab.entry import Entry
from collab.errors import Close
from collab.ids import Json
from collab.patch.apply import values_before
from collab.room.member import Member
from collab.room.requests import Answer, LockRequest, PatchRequest, Request
from collab.yjs import frames as yjs_frames
from server.broadcast.answers import spliced
from server.websocket import frames

if TYPE_CHECKING:
    from collab.messages import Change, LockChange
    from server.broadcast.farewells import Farewell
    from server.broadcast.lock_announcer import LockNews
    from server.broadcast.presence_ticker import PresenceNews


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


logger = logging.getLogger(__name__)

Answered = tuple[Submission, Answer]


class News:
    """What one commit made of one document, encoded once for everybody.

    `before` and `after` are the versions around it, `former` and `value` what stands at them.
    There is a `gap` where the entries between them are not all at hand: readers catch up by
    value then.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        before: int,
        value: Json,
        *,
        after: int | None = None,
        former: Json = None,
    ) -> None:
        self.entries = entries
        self.before = before
        self.after = before + len(entries) if after is None else after
        self.gap = self.after - self.before != len(entries)
        self.value = value
        self._former = former
        self.users = {entry.author.user for entry in entries if entry.id}

    @cached_property
    def payloads(self) -> list[bytes]:
        """One `change` an entry, without the requests' ids."""
        return [wire.encode(wire.change(entry)) for entry in self.entries]

    @cached_property
    def patch_frame(self) -> bytes:
        return frames.text(wire.join(self.payloads))

    @cached_property
    def spliced(self) -> list[Change]:
        """The same for those who accept splices."""
        pairs = zip(self.entries, values_before(self._former, self.entries), strict=True)
        return [spliced(wire.change(entry), before) for entry, before in pairs]

    @cached_property
    def splice_frame(self) -> bytes:
        return frames.text(wire.join([wire.encode(change) for change in self.spliced]))

    @cached_property
    def yjs_frame(self) -> bytes:
        """One WebSocket frame an update: y-websocket reads only the first message of a frame."""
        return self._yjs_frame_of(self.entries)

    def yjs_frame_after(self, version: int) -> bytes:
        """The same of the entries behind a version that may lie among them."""
        return self._yjs_frame_of([one for one in self.entries if one.version > version])

    def _yjs_frame_of(self, entries: Sequence[Entry]) -> bytes:
        return b"".join(
            frames.binary(yjs_frames.update(entry.update)) for entry in entries if entry.update
        )

    def size(self, lane: str) -> int:
        """Bytes, in the words of a lane."""
        return len(self.yjs_frame) if lane == "yjs" else sum(map(len, self.payloads))


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


@dataclass(slots=True)
class Audience:
    """Everybody who listens to one document.

    Invariant: every listener either hears of all news, or rests: it hears only what answers it,
    and costs nothing but a share in what its lane has `missed`. A hundred readers that had
    stopped once cost each edit more than the hundred that read. When the document has `ended`,
    it has no listeners: one that joins late is sent away with the others' farewell.
    """

    listeners: dict[Listener, None] = field(default_factory=dict)
    onlooker: Onlooker | None = None
    ended: Farewell | None = None
    missed: Counter[str] = field(default_factory=Counter)  # bytes by lane
    _attentive: dict[Listener, None] = field(default_factory=dict)
    _resting: defaultdict[str, set[Listener]] = field(default_factory=lambda: defaultdict(set))

    def join(self, listener: Listener) -> None:
        if self.ended is not None:
            listener.dismiss(self.ended.code, self.ended.reason)
            return
        self.listeners[listener] = self._attentive[listener] = None

    def end(self, farewell: Farewell) -> None:
        """Nothing more comes of this document's live room."""
        self.ended = farewell
        for listener in list(self.listeners):
            listener.dismiss(farewell.code, farewell.reason)

    def leave(self, listener: Listener) -> None:
        self.listeners.pop(listener, None)
        self._attentive.pop(listener, None)
        for resting in self._resting.values():
            resting.discard(listener)

    def rest(self, listener: Listener, lane: str) -> bool:
        """Tell it of no news until `rouse`, but add up their bytes for its lane.

        Whether it was told of them until now.
        """
        if listener not in self._attentive:
            return False
        del self._attentive[listener]
        self._resting[lane].add(listener)
        return True

    def rouse(self, listener: Listener) -> None:
        """It stands at the head: it hears of what comes next."""
        if listener in self.listeners:
            self._attentive[listener] = None
            for resting in self._resting.values():
                resting.discard(listener)

    def __len__(self) -> int:
        return len(self.listeners)

    def publish(self, news: News, answered: Sequence[Answered]) -> None:
        """Tell everybody what has become durable, and everybody who asked what came of it."""
        began_at = self.onlooker.now() if self.onlooker is not None else 0.0
        answers: dict[Listener, list[Answered]] = {}
        for item in answered:
            submission, answer = item
            if submission.listener is not None:
                answers.setdefault(submission.listener, []).append(item)
            elif submission.deliver is not None:
                submission.deliver(answer)
        for lane, resting in self._resting.items():
            if resting:
                self.missed[lane] += news.size(lane)
        # Whoever waits for an answer first: an ack should not queue behind a hundred readers.
        for listener, own in answers.items():
            self._tell(listener, news, own)
        if news.after != news.before:
            for listener in [one for one in self._attentive if one not in answers]:
                self._tell(listener, news, ())
        if self.onlooker is not None and answered:
            self.onlooker.published(answered, began_at)

    def _tell(self, listener: Listener, news: News, answers: Sequence[Answered]) -> None:
        try:
            listener.hear(news, answers)
        except Exception:  # a connection's edge
            _part_from(listener)

    def tell(self, say: Callable[[Listener], None]) -> None:
        """Say to everybody what is no commit; it is no more to be lost for one that fails."""
        for listener in list(self.listeners):
            try:
                say(listener)
            except Exception:  # a connection's edge
                _part_from(listener)

    def notice(self, payload: bytes) -> None:
        self.tell(lambda listener: listener.notice(payload))

    def notice_to(self, sessions: set[str], payload: bytes) -> None:
        def say(listener: Listener) -> None:
            if listener.session in sessions:
                listener.notice(payload)

        self.tell(say)

    def resynchronise(self) -> None:
        self.tell(lambda listener: listener.resynchronise())


def _part_from(listener: Listener) -> None:
    """The others must hear all the same; this one comes back and reads it anew."""
    logger.exception("a connection could not be told")
    listener.dismiss(Close.OUR_FAULT, "internal error")
