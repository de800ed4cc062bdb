"""A Yjs client's feed: the same cursor, in updates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from collab.messages import Behind, DisconnectNotice
from collab.room.outflow import Outflow, OutflowState, Turn
from collab.room.presence_debt import PresenceDebt
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from server import frames
from server.roster import Standing, standing_of

if TYPE_CHECKING:
    from server.audience import News
    from server.live import LiveRoom
    from server.metrics import LaneMetrics
    from server.presence_board import PresenceNews
    from server.socket import Socket

FULL_SOCKET = 64 * 1024


class YjsFeed:
    """What one Yjs client has been sent of one document.

    Invariant: the client has been sent every update up to `position`, or a diff that holds them.
    Behind its budget it is told nothing (its lane has no words for it); when it may be written
    to again `catch_up` asks for one diff, which the commit loop makes of the committed document.
    """

    def __init__(
        self,
        socket: Socket,
        live: LiveRoom,
        *,
        outflow: Outflow,
        now: Callable[[], float],
        metrics: LaneMetrics,
        catch_up: Callable[[], None],
    ) -> None:
        self._metrics = metrics
        self._socket = socket
        self._live = live
        self._outflow = outflow
        self._now = now
        self._ask_for_diff = catch_up
        self._timer: asyncio.TimerHandle | None = None
        self._missed_bytes = 0
        self._debt = PresenceDebt()
        self.asked = False  # for a diff, which has not come yet
        self.position = live.room.version

    def hear(self, news: News) -> None:
        """Send what happened, or stop here."""
        frame = news.yjs_frame
        level = self.position == news.before and not news.gap and not self.asked
        if level and self._outflow.pass_frame(len(frame), self._now(), full=self._is_full()):
            self._socket.write(frame)
            self.position = news.after
            return
        self._missed_bytes += len(frame)
        self._stop()

    def see(self, news: PresenceNews) -> None:
        """Awareness of others: told now, or with the next catch-up."""
        frame = news.yjs_frame
        if not frame:
            return
        level = self._outflow.state is OutflowState.LEVEL and not self._debt
        if level and self._outflow.pass_frame(len(frame), self._now(), full=self._is_full()):
            self._socket.write(frame)
            return
        self._debt.miss(news.difference)
        self._stop()

    def send(self, message: bytes) -> None:
        """A protocol message that belongs to no version."""
        frame = frames.binary(message)
        self._outflow.charge(len(frame), self._now())
        self._socket.write(frame)

    def send_diff(self, diff: bytes, version: int) -> None:
        """The diff that was asked for: the client is at `version` with it."""
        frame = frames.binary(yjs_frames.update(diff))
        self._socket.write(frame)
        self._outflow.caught_up(len(frame), self._now())
        self.asked = False
        states = self._debt.pay_states()
        if states:
            self.send(yjs_frames.awareness(awareness.encode(states)))
        self._missed_bytes = 0
        self.position = version
        self._call_in(0.0)

    def pump(self) -> None:
        self._cancel()
        if self._outflow.state is not OutflowState.LEVEL and not self.asked:
            turn = self._outflow.turn(self._now(), full=self._is_full(), behind=self._behind())
            self._obey(turn)

    def close(self) -> None:
        self._cancel()

    @property
    def standing(self) -> Standing:
        """Level, or how far behind and why, for those who look on."""
        buffered = self._socket.buffered()
        return standing_of(self._outflow.state, self._behind(), buffered, FULL_SOCKET)

    def _stop(self) -> None:
        if self._outflow.hold(self._now(), self._behind()) is not None:
            self._metrics.hold(full=self._is_full(), told=False)
        if self._timer is None and not self.asked:
            self.pump()

    def _obey(self, turn: Turn) -> None:
        if turn.catch_up:
            self._metrics.catch_ups.inc()
            self.asked = True
            self._ask_for_diff()
        elif turn.close:
            reason = turn.announce.reason if isinstance(turn.announce, DisconnectNotice) else ""
            self._socket.close(turn.close, reason)
        elif turn.wait:
            self._call_in(turn.wait)

    def _behind(self) -> Behind:
        versions = self._live.room.version - self.position
        return Behind(versions=max(versions, int(bool(self._debt))), bytes=self._missed_bytes)

    def _is_full(self) -> bool:
        return self._socket.buffered() > FULL_SOCKET

    def _call_in(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.pump)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
