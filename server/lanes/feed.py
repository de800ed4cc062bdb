"""A feed sends one client the changes of its document.

It keeps the client's position: the newest version that it has sent. It has no queue of changes:
when the client is slow, the feed keeps the position, and later sends one merged change.
"""

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

# The feed pauses when more bytes than this wait in its socket's write buffer.
FULL_SOCKET = 64 * 1024


@dataclass(frozen=True, slots=True)
class FeedContext:
    """The parts that a feed needs: its socket, document, outbound flow, clock and metrics.

    The outbound flow (`collab/flow/outbound.py`) decides whether the user's budget allows a frame.
    """

    socket: Socket
    live: LiveRoom
    subscriber: Subscriber
    outbound_flow: OutboundFlow
    now: Callable[[], float]
    metrics: LaneMetrics


class Feed(ABC):
    """Keeps one client's position in its document, and decides when the position advances.

    Invariant: the feed has sent every change up to `position`, once and in order. When the feed
    cannot send the news of a commit (`server/broadcast/news.py`) at once, it is paused. A paused
    feed gets no news of commits. Later it sends one catch-up: a merged change to the head (the
    newest version). A timer or the drained socket starts the catch-up. A worker thread may make the
    diff of a large document (`patch_feed.py`). Then the catch-up starts when the diff is ready.
    """

    lane: ClassVar[str]

    def __init__(self, context: FeedContext) -> None:
        self.position = context.live.room.version
        self._live = context.live
        self._socket = context.socket
        self._subscriber = context.subscriber
        self._outbound_flow = context.outbound_flow
        self._now = context.now
        self._metrics = context.metrics
        # Peers that this client got in `opened`, before the server announced them to all clients.
        self.already_sent: dict[str, Peer] = {}
        self._missed_presence = MissedPresence()
        self._timer: asyncio.TimerHandle | None = None
        self._missed_before = 0

    # --- the methods of each lane -------------------------------------------------------------

    @abstractmethod
    def pump(self) -> None:
        """Send the changes that may be sent now. The socket calls this when it has drained.

        A timer calls it too.
        """

    @abstractmethod
    def _catch_up(self) -> None:
        """Send one merged change to the head, or request it."""

    @abstractmethod
    def _announce(self, notice: Backpressure | DisconnectNotice) -> bool:
        """Send the notice if the lane has such a message; return whether the lane has it."""

    @abstractmethod
    def _count_pending(self) -> int:
        """Return how many answers and events the next catch-up will send.

        There can be some even when the client has all versions.
        """

    @abstractmethod
    def _presence_frame(self, news: PresenceNews) -> bytes:
        """Return the presence changes as a frame for this client."""

    # --- presence -----------------------------------------------------------------------------

    def on_presence(self, news: PresenceNews) -> None:
        """Send the presence changes now, or with the next catch-up."""
        if self._missed_presence or self._outbound_flow.state is not OutboundState.NORMAL:
            self._missed_presence.add(news.difference, self.already_sent)
        elif (frame := self._presence_frame(news)) and not self._try_write(frame):
            self._missed_presence.add(news.difference, self.already_sent)
            self._fall_behind()
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

    def close(self) -> None:
        self._cancel()

    def _try_write(self, frame: bytes) -> bool:
        """Write a frame if it may be sent now; return whether it was written."""
        passes = self._try_charge(frame)
        if passes:
            self._socket.write(frame)
        return passes

    def _try_charge(self, frame: bytes) -> bool:
        """Charge the user's budget for a frame if it may be sent now; return whether it may."""
        return self._outbound_flow.try_send(len(frame), self._now(), full=self._is_full())

    def _write(self, frame: bytes) -> None:
        """Write and charge a frame, in every state of the outbound flow."""
        self._outbound_flow.spend(len(frame), self._now())
        self._socket.write(frame)

    def _fall_behind(self, missed: int = 0) -> None:
        """Pause the feed at its position; `missed` is the size of the news that it missed."""
        self._pause(missed)
        notice = self._outbound_flow.fall_behind(self._now(), self._behind())
        if notice is not None:
            self._metrics.hold(full=self._is_full(), announced=self._announce(notice))
        if self._timer is None:
            self.pump()

    def _pause(self, missed: int = 0) -> None:
        if self._live.audience.pause(self._subscriber, self.lane):
            self._missed_before = self._live.audience.missed[self.lane] - missed

    def _continue(self) -> None:
        """Apply the decision of the outbound flow: catch up, notify, close, wait or resume."""
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
            self._close(decision)
        elif decision.wait:
            self._call_in(decision.wait)
        elif self._outbound_flow.state is OutboundState.NORMAL:
            self._live.audience.resume(self._subscriber)

    def _caught_up(self, size: int) -> None:
        """Record that a catch-up of `size` bytes was sent."""
        self._outbound_flow.caught_up(size, self._now())
        self._missed_before = self._live.audience.missed[self.lane]

    def _close(self, decision: WriteDecision) -> None:
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
