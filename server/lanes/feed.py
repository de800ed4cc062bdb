"""A feed connects one client to its document: requests go in, and changes and answers come out.

It keeps the client's position: the newest version that it has sent. It has no queue of changes:
when the client is slow, the feed keeps the position, and later sends one merged change.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from collab.errors import CLOSE_OF, Close
from collab.flow.outbound import OutboundFlow, OutboundState, WriteDecision
from collab.messages import Backpressure, Behind, DisconnectNotice
from collab.presence.missed import MissedPresence
from server.broadcast.subscriber import Submission
from server.recording.connections import ReaderLag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from collab.errors import Code, Refusal
    from collab.messages import Peer
    from collab.room.member import Member
    from collab.room.requests import Request
    from server.broadcast.news import LockNews, News, PresenceNews
    from server.broadcast.subscriber import Answered
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom
    from server.websocket.socket import Socket

# The feed pauses when more bytes than this wait in its socket's write buffer.
FULL_SOCKET = 64 * 1024
# From a client with so many requests without an answer, the server reads nothing more until half of
# them have one. So a client that sends faster than the document commits fills no memory.
MOST_UNANSWERED = 128
# The same holds for so many bytes after a request without an answer, until all have one.
MOST_UNANSWERED_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class FeedContext:
    """The parts that a feed connects: a client's socket, and its document.

    The outbound flow (`collab/flow/outbound.py`) decides whether the user's budget allows a frame.
    """

    hub: Hub
    live: LiveRoom
    socket: Socket
    member: Member
    outbound_flow: OutboundFlow


class Feed(ABC):
    """Keeps one client's position in its document. It is a `Subscriber` of the document.

    Invariant: the feed has sent every change up to `position`, once and in order. When the feed
    cannot send the news of a commit (`server/broadcast/news.py`) at once, it is paused. A paused
    feed gets no news of commits. Later it sends one catch-up: a merged change to the head (the
    newest version). A timer or the drained socket starts the catch-up. A worker thread may make the
    diff of a large document (`patch_feed.py`). Then the catch-up starts when the diff is ready.

    `now` is the time at which the server received the frame, or finished the commit.
    """

    lane: ClassVar[str]
    # The close codes of refusals. For a refusal without a close code, it is `Close.MALFORMED`.
    close_of: ClassVar[Mapping[Code, int]] = CLOSE_OF

    def __init__(self, context: FeedContext) -> None:
        self.position = context.live.room.version
        self.session = context.member.author.session
        self._hub = context.hub
        self._live = context.live
        self._socket = context.socket
        self._member = context.member
        self._outbound_flow = context.outbound_flow
        self._now = context.hub.clock.monotonic
        self._metrics = context.hub.recorder.metrics.lanes[self.lane]
        # Peers that this client got in `opened`, before the server announced them to all clients.
        self.already_sent: dict[str, Peer] = {}
        self._missed_presence = MissedPresence()
        self._timer: asyncio.TimerHandle | None = None
        self._missed_before = 0
        self._is_closed = False
        # Whether so many requests have no answer that the server stops reading.
        self.is_backlogged = False
        self._unanswered = 0
        self._received_before = 0  # bytes, when the oldest of these requests was submitted
        self.when_answered: Callable[[], object] = _ignore

    # --- the methods of each lane -------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def fan_out(feeds: Iterable[Any], news: News, now: float) -> None:
        """Send the news to feeds of this lane that have no answers in it, as `FanOut` says."""

    @abstractmethod
    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        """Send the news of a commit, and the answers to the client's requests.

        A closed feed sends nothing. Each lane calls `_count_answers` for the answers.
        """

    @abstractmethod
    def on_locks(self, news: LockNews, now: float) -> None:
        """Send lock events, if the lane has a message for them."""

    @abstractmethod
    def notice(self, payload: bytes) -> None:
        """Send an encoded notice, if the lane has such a message."""

    @abstractmethod
    def resynchronise(self) -> None:
        """Repeat what failed while the storage was unavailable, if the lane needs it."""

    @abstractmethod
    def announce(self, notice: Backpressure | DisconnectNotice, now: float) -> bool:
        """Send the notice if the lane has such a message; return whether the lane has it."""

    @abstractmethod
    def pump(self) -> None:
        """Send the changes that may be sent now. The socket calls this when it has drained.

        A timer calls it too.
        """

    @abstractmethod
    def _catch_up(self, now: float) -> None:
        """Send one merged change to the head, or request it."""

    @abstractmethod
    def _count_pending(self) -> int:
        """Return how many answers and events the next catch-up will send.

        There can be some even when the client has all versions.
        """

    @abstractmethod
    def _presence_frame(self, news: PresenceNews, now: float) -> bytes:
        """Return the presence changes as a frame for this client."""

    # --- requests, other messages, closing ----------------------------------------------------

    def submit(self, request: Request, now: float) -> None:
        """Put a request into the document's queue. The answer comes with a commit."""
        if self._is_closed:
            return
        received = self._socket.received
        if not self._unanswered:
            self._received_before = received
        self._unanswered += 1
        is_large = received - self._received_before > MOST_UNANSWERED_BYTES
        if is_large or self._unanswered >= MOST_UNANSWERED:
            self.is_backlogged = True
        self._hub.submit(self._live, Submission(self._member, request, now, subscriber=self))

    def _count_answers(self, answers: Sequence[Answered]) -> None:
        """Count answered requests. The server reads again soon when few enough wait."""
        for submission, answer in answers:  # each piece of the rest gets an answer
            self._unanswered += len(answer.rest) - submission.count
        if self.is_backlogged and self._unanswered <= self._few_unanswered():
            self.is_backlogged = False
            asyncio.get_running_loop().call_soon(self.when_answered)

    def _few_unanswered(self) -> int:
        """Return with how many unanswered requests the server may read from the client again."""
        is_large = self._socket.received - self._received_before > MOST_UNANSWERED_BYTES
        return 0 if is_large else MOST_UNANSWERED // 2

    def write(self, frame: bytes, now: float) -> None:
        """Write and charge a frame without a version, in every state of the outbound flow."""
        self._outbound_flow.spend(len(frame), now)
        self._socket.write(frame)

    def refuse(self, refusal: Refusal) -> None:
        """Record the refusal of a message, and close the connection."""
        self._hub.recorder.refused_message(self._live.key, self._member, refusal)
        self._close_for(refusal)

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        """Close the connection. If the lane has a message for notices, send a notice first."""
        self._socket.close(code, reason)

    def close(self) -> None:
        """End the feed after its socket has closed."""
        self._is_closed = True
        self._cancel()

    def _close_for(self, refusal: Refusal) -> None:
        self._socket.close(self.close_of.get(refusal.code, Close.MALFORMED), refusal.message)

    # --- presence -----------------------------------------------------------------------------

    def on_presence(self, news: PresenceNews, now: float) -> None:
        """Send the presence changes now, or with the next catch-up."""
        if self._missed_presence or self._outbound_flow.state is not OutboundState.NORMAL:
            self._missed_presence.add(news.difference, self.already_sent)
        elif (frame := self._presence_frame(news, now)) and not self._try_write(frame, now):
            self._missed_presence.add(news.difference, self.already_sent)
            self._fall_behind(now)
        if self.already_sent:
            news.difference.forget_announced(self.already_sent)

    # --- pause and catch-up -------------------------------------------------------------------

    @property
    def lag(self) -> ReaderLag:
        """How far the client is behind, and why.

        Only a paused feed counts as behind, because each feed is behind for a moment between two
        frames.
        """
        buffered = self._socket.buffered()
        if self._outbound_flow.state is OutboundState.NORMAL:
            return ReaderLag(True, 0, 0, buffered, "")
        behind = self._behind()
        cause = "socket" if buffered > FULL_SOCKET else "budget"
        return ReaderLag(False, behind.versions, behind.bytes, buffered, cause)

    def _try_write(self, frame: bytes, now: float) -> bool:
        """Write a frame if it may be sent now; return whether it was written."""
        is_full = self._socket.buffered() > FULL_SOCKET
        passes = self._outbound_flow.try_send(len(frame), now, full=is_full)
        if passes:
            self._socket.write(frame)
        return passes

    def _fall_behind(self, now: float, missed: int = 0) -> None:
        """Pause the feed at its position; `missed` is the size of the news that it missed."""
        self._pause(missed)
        notice = self._outbound_flow.fall_behind(now, self._behind())
        if notice is not None:
            self._metrics.hold(full=self._is_full(), announced=self.announce(notice, now))
        if self._timer is None:
            self.pump()

    def _pause(self, missed: int = 0) -> None:
        if self._live.audience.pause(self, self.lane):
            self._missed_before = self._live.audience.missed[self.lane] - missed

    def _continue(self, now: float) -> None:
        """Apply the decision of the outbound flow: catch up, notify, close, wait or resume."""
        decision = self._outbound_flow.decide(now, full=self._is_full(), behind=self._behind())
        if decision.catch_up:
            self._metrics.catch_ups.inc()
            self._catch_up(now)
            return
        if decision.announce is not None:
            self.announce(decision.announce, now)
        if decision.close:
            self._close_slow(decision)
        elif decision.wait:
            self._call_in(decision.wait)
        elif self._outbound_flow.state is OutboundState.NORMAL:
            self._live.audience.resume(self)

    def _caught_up(self, size: int, now: float) -> None:
        """Record that a catch-up of `size` bytes was sent."""
        self._outbound_flow.caught_up(size, now)
        self._missed_before = self._live.audience.missed[self.lane]

    def _close_slow(self, decision: WriteDecision) -> None:
        notice = decision.announce
        reason = notice.reason if isinstance(notice, DisconnectNotice) else ""
        self._socket.close(decision.close, reason)

    def _behind(self) -> Behind:
        versions = self._live.room.version - self.position
        missed = self._live.audience.missed[self.lane] - self._missed_before
        return Behind(versions=max(versions, self._count_pending()), bytes=missed)

    def _is_full(self) -> bool:
        return self._socket.buffered() > FULL_SOCKET

    def _call_in(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.pump)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _ignore() -> None: ...
