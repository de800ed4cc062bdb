"""A feed: what one client is sent of its document, as a cursor into the versions, never a queue."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from collab.flow.outbound import OutboundFlow, OutboundState, WriteDecision
from collab.messages import Backpressure, Behind, DisconnectNotice
from collab.presence.missed import MissedPresence
from server.recording.connections import ReaderLag

if TYPE_CHECKING:
    from collections.abc import Callable

    from collab.messages import Peer
    from server.broadcast.news import PresenceNews
    from server.broadcast.subscriber import Subscriber
    from server.documents.live_room import LiveRoom
    from server.recording.metrics import LaneMetrics
    from server.websocket.socket import Socket

# A socket that holds more than this takes nothing new: its cursor stops.
FULL_SOCKET = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a feed serves: a connection in the audience of a document, and what it may have."""

    socket: Socket
    live: LiveRoom
    subscriber: Subscriber
    outbound_flow: OutboundFlow
    now: Callable[[], float]
    metrics: LaneMetrics


class Feed(ABC):
    """One client's place in its document, and when it may be moved on.

    Invariant: the client was sent everything up to `position`, once and in order. While news
    cannot go out at once the feed rests: it hears of none, and its timer, its socket's draining
    or a diff that is on its way brings it to the head in one step.
    """

    lane: ClassVar[str]

    def __init__(self, reader: Reader) -> None:
        self.position = reader.live.room.version
        self._live = reader.live
        self._socket = reader.socket
        self._subscriber = reader.subscriber
        self._outbound_flow = reader.outbound_flow
        self._now = reader.now
        self._metrics = reader.metrics
        self.already_sent: dict[str, Peer] = {}  # on opening, not announced yet
        self._missed_presence = MissedPresence()
        self._timer: asyncio.TimerHandle | None = None
        self._missed_before = 0

    # --- in the words of a lane ---------------------------------------------------------------

    @abstractmethod
    def pump(self) -> None:
        """The socket has drained, or the budget or the frame rate may allow a catch-up."""

    @abstractmethod
    def _catch_up(self) -> None:
        """Bring the client to the head in one step."""

    @abstractmethod
    def _announce(self, told: Backpressure | DisconnectNotice) -> bool:
        """Tell the client how it stands; whether its lane has words for that."""

    @abstractmethod
    def _owes(self) -> int:
        """How much waits for a catch-up even at the head."""

    @abstractmethod
    def _presence_frame(self, news: PresenceNews) -> bytes:
        """Who came, went or moved, as this client is told of it."""

    # --- presence -----------------------------------------------------------------------------

    def on_presence(self, news: PresenceNews) -> None:
        """Told now, or with the next catch-up."""
        if self._missed_presence or self._outbound_flow.state is not OutboundState.NORMAL:
            self._missed_presence.add(news.difference, self.already_sent)
        elif (frame := self._presence_frame(news)) and not self._pass(frame):
            self._missed_presence.add(news.difference, self.already_sent)
            self._stop()
        if self.already_sent:
            news.difference.forget_announced(self.already_sent)

    # --- held back ----------------------------------------------------------------------------

    @property
    def lag(self) -> ReaderLag:
        """Level, or how far behind and why.

        Only who is held back is behind: between two frames everybody is for a moment.
        """
        buffered = self._socket.buffered()
        if self._outbound_flow.state is OutboundState.NORMAL:
            return ReaderLag(True, 0, 0, buffered, "")
        behind = self._behind()
        cause = "socket" if buffered > FULL_SOCKET else "budget"
        return ReaderLag(False, behind.versions, behind.bytes, buffered, cause)

    def close(self) -> None:
        self._cancel()

    def _pass(self, frame: bytes) -> bool:
        """Write a frame if it may go now."""
        passes = self._may_pass(frame)
        if passes:
            self._socket.write(frame)
        return passes

    def _may_pass(self, frame: bytes) -> bool:
        """Whether the frame goes now; it is paid for then."""
        return self._outbound_flow.try_send(len(frame), self._now(), full=self._is_full())

    def _write(self, frame: bytes) -> None:
        """Write what goes out in every state of the outbound flow, and charge it."""
        self._outbound_flow.spend(len(frame), self._now())
        self._socket.write(frame)

    def _stop(self, missed: int = 0) -> None:
        """The cursor stops here, before news of so many bytes."""
        self._rest(missed)
        told = self._outbound_flow.fall_behind(self._now(), self._behind())
        if told is not None:
            self._metrics.hold(full=self._is_full(), told=self._announce(told))
        if self._timer is None:
            self.pump()

    def _rest(self, missed: int = 0) -> None:
        if self._live.audience.pause(self._subscriber, self.lane):
            self._missed_before = self._live.audience.missed[self.lane] - missed

    def _turn(self) -> None:
        """What a reader that is held back gets now."""
        decision = self._outbound_flow.decide(
            self._now(), full=self._is_full(), behind=self._behind()
        )
        if decision.catch_up:
            self._metrics.catch_ups.inc()
            self._catch_up()
            return
        if decision.announce is not None:
            self._announce(decision.announce)
        if decision.close:
            self._end(decision)
        elif decision.wait:
            self._call_in(decision.wait)
        elif self._outbound_flow.state is OutboundState.NORMAL:
            self._live.audience.resume(self._subscriber)

    def _caught_up(self, size: int) -> None:
        """A catch-up of so many bytes went out."""
        self._outbound_flow.caught_up(size, self._now())
        self._missed_before = self._live.audience.missed[self.lane]

    def _end(self, decision: WriteDecision) -> None:
        notice = decision.announce
        reason = notice.reason if isinstance(notice, DisconnectNotice) else ""
        self._socket.close(decision.close, reason)

    def _behind(self) -> Behind:
        versions = self._live.room.version - self.position
        missed = self._live.audience.missed[self.lane] - self._missed_before
        return Behind(versions=max(versions, self._owes()), bytes=missed)

    def _is_full(self) -> bool:
        return self._socket.buffered() > FULL_SOCKET

    def _call_in(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.pump)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
