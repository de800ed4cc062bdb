"""Whether a peer is still there, and whether it asks too often."""

from __future__ import annotations

import asyncio
from typing import Protocol

from server.websocket.socket import SocketBounds


class Pinged(Protocol):
    """What a keep-alive watches."""

    @property
    def paused(self) -> bool: ...
    def buffered(self) -> int: ...
    def ping(self) -> None: ...
    def abort(self) -> None: ...


class KeepAlive:
    """Pings every `every` seconds, and ends a peer that gives no sign of life until the next.

    Invariant: any byte is life (`heard` is set by who reads, which costs no clock), and so is
    anything the peer took from a full buffer, behind which our ping waits. While we have paused
    reading nothing can be heard, so nobody is ended.
    """

    __slots__ = ("_buffered", "_every", "_loop", "_peer", "_timer", "heard")

    def __init__(self, peer: Pinged, loop: asyncio.AbstractEventLoop, every: float) -> None:
        self.heard = True
        self._peer = peer
        self._loop = loop
        self._every = every
        self._buffered = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = self._loop.call_later(self._every, self._beat)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        peer = self._peer
        if not (self.heard or peer.paused or peer.buffered() < self._buffered):
            peer.abort()
            return
        self.heard = peer.paused
        peer.ping()
        self._buffered = peer.buffered()
        self.start()


class ControlBudget:
    """Control frames that a peer may still send: a token bucket that never reads a clock.

    A pong that was asked for costs nothing: whoever is rejected often is pinged as often.
    """

    __slots__ = ("_asked", "_at", "_bounds", "_level")

    def __init__(self, bounds: SocketBounds, now: float) -> None:
        self._bounds = bounds
        self._level = bounds.control_frames_burst
        self._at = now
        self._asked = 0

    def ask(self) -> None:
        """A ping goes out."""
        self._asked += 1

    def spend_pong(self, now: float) -> bool:
        if self._asked:
            self._asked -= 1
            return True
        return self.spend(now)

    def spend(self, now: float) -> bool:
        """Take one; False when there is none left."""
        earned = (now - self._at) * self._bounds.control_frames_per_second
        self._level = min(self._bounds.control_frames_burst, self._level + earned)
        self._at = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True
