"""Detects dead and slow peers, and limits the control frames of a peer (the client's side)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from collab.flow.budget import Budget
from server.websocket.frames import PONG
from server.websocket.socket import SocketBounds


class PingTarget(Protocol):
    """The socket that a keep-alive pings."""

    @property
    def paused(self) -> bool: ...
    def buffered(self) -> int: ...
    def ping(self) -> None: ...
    def abort(self) -> None: ...


class KeepAlive:
    """Pings the peer every `every` seconds. Aborts the socket after a period without sign of life.

    Invariant: these count as signs of life:

    - a received byte: the socket sets `has_received`, and reads no clock;
    - a write buffer that is smaller than at the last ping. While the peer still reads older bytes,
      our ping waits in this buffer, so no pong can come yet.

    While we pause reading, no byte can arrive. So `KeepAlive` does not abort the socket then.
    """

    __slots__ = ("_buffered", "_every", "_loop", "_peer", "_timer", "has_received")

    def __init__(self, peer: PingTarget, loop: asyncio.AbstractEventLoop, every: float) -> None:
        self.has_received = True
        self._peer = peer
        self._loop = loop
        self._every = every
        self._buffered = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = self._loop.call_later(self._every, self._ping)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ping(self) -> None:
        peer = self._peer
        if not (self.has_received or peer.paused or peer.buffered() < self._buffered):
            peer.abort()
            return
        self.has_received = peer.paused
        peer.ping()
        self._buffered = peer.buffered()
        self.start()


class FragmentDeadline:
    """Calls `on_late` when the fragments of a message take longer than `within` seconds.

    While we pause reading, the peer does not cause the delay. Then the time begins again.
    """

    __slots__ = ("_loop", "_on_late", "_peer", "_timer", "_within")

    def __init__(
        self,
        peer: PingTarget,
        loop: asyncio.AbstractEventLoop,
        within: float,
        on_late: Callable[[], None],
    ) -> None:
        self._peer, self._loop, self._within, self._on_late = peer, loop, within, on_late
        self._timer = loop.call_later(within, self._end)

    def stop(self) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        if self._peer.paused:
            self._timer = self._loop.call_later(self._within, self._end)
        else:
            self._on_late()


class ControlBudget:
    """The control frames that a peer may still send: a rate with a burst. Callers pass the time.

    A pong that answers our ping costs nothing. The server sends a ping with each rejected patch, so
    a client with many rejected patches must answer many pings.
    """

    __slots__ = ("_budget", "_expected_pongs")

    def __init__(self, bounds: SocketBounds, now: float) -> None:
        rate, burst = bounds.control_frames_per_second, bounds.control_frames_burst
        self._budget = Budget(rate, burst, now)
        self._expected_pongs = 0

    def expect_pong(self) -> None:
        """Note that we send a ping, so that its pong costs nothing."""
        self._expected_pongs += 1

    def spend(self, opcode: int, now: float) -> bool:
        """Spend one control frame; return False when none is left."""
        if opcode == PONG and self._expected_pongs:
            self._expected_pongs -= 1
            return True
        return self._budget.try_spend(1, now)
