"""When a connection is read from: within its inbound budget, and while it takes what it asks for.

| reading  | event                                    | next     | done                        |
|----------|------------------------------------------|----------|-----------------------------|
| goes on  | a frame makes a debt                     | stopped  | `backpressure` `in` `on`    |
| goes on  | answers to it wait in a full socket      | stopped  |                             |
| stopped  | no debt, and the socket has drained      | goes on  | `clear`, when it is at ease |
| stopped  | `patience` in which it took nothing      | closed   | 4508                        |
| stopped  | another debt after `patience`            | closed   | 4529                        |

A change waits as a cursor, but an answer (a pong, an error, a Yjs step 2, awareness that was
asked for) goes into the socket's buffer. So whoever asks and does not listen is not heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from collab.flow.inbound import InboundState

if TYPE_CHECKING:
    from collab.flow.inbound import InboundFlow, ReadDecision
    from collab.messages import Backpressure, DisconnectNotice
    from server.websocket.socket import Socket

LOOK_AGAIN = 0.1
# Nobody is told more often than this that somebody is still not read from.
LOOK_AT_LEAST = 5.0
# Answers that a peer has not taken; several times what stops the cursor of changes.
MOST_UNTAKEN = 256 * 1024


class Party(Protocol):
    """Whose connection it is."""

    @property
    def is_overdrawn(self) -> bool:
        """It is owed more answers than are kept for it."""

    def tell(self, message: Backpressure | DisconnectNotice) -> None:
        """Say it, where the lane has words for it."""

    def excuse(self) -> None:
        """It cannot be heard, because we do not read."""

    def let_go(self) -> None:
        """It asks and does not listen."""


class Intake:
    """One connection's reading.

    Invariant: while reading is stopped a timer runs that looks whether it may go on; so it does
    until the inbound flow is back to normal, or the next debt would be counted from the first.
    """

    def __init__(
        self,
        socket: Socket,
        inbound_flow: InboundFlow,
        party: Party,
        *,
        now: Callable[[], float],
        patience: float,
    ) -> None:
        self.is_stopped = False
        self._socket = socket
        self._inbound_flow = inbound_flow
        self._party = party
        self._now = now
        self._patience = patience
        self._wait_until = float("-inf")
        self._untaken = 0
        self._took_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Read, unless what came with the opening was too much already."""
        if not self.is_stopped:
            self._socket.resume_reading()

    def obey(self, decision: ReadDecision, *, wait: float = 0.0) -> None:
        """What follows from a frame; `wait` is for what its answers cost."""
        if decision.announce is not None:
            self._party.tell(decision.announce)
        wait = max(wait, decision.stop_reading)
        if decision.close:
            self._socket.close(decision.close, "rate_limited")
        elif wait or self._is_choked:
            self._stop(wait)

    def look(self) -> None:
        """Whether to read on."""
        now = self._now()
        reads, told = self._inbound_flow.resume(now)
        if told is not None:
            self._party.tell(told)
        if self.is_stopped:
            self._party.excuse()
            if self._takes_nothing(now):
                self._party.let_go()
                return
            if reads and not self._is_choked and now >= self._wait_until:
                self.is_stopped = False
                self._socket.resume_reading()
        if self.is_stopped or self._inbound_flow.state is not InboundState.NORMAL:
            self._look_in(max(LOOK_AGAIN, self._wait_until - now))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop(self, wait: float) -> None:
        self._socket.pause_reading()
        self.is_stopped = True
        now = self._now()
        self._wait_until = now + wait
        self._untaken, self._took_at = self._socket.buffered(), now
        self._look_in(wait or LOOK_AGAIN)

    @property
    def _is_choked(self) -> bool:
        return self._party.is_overdrawn or self._socket.buffered() > MOST_UNTAKEN

    def _takes_nothing(self, now: float) -> bool:
        """Of more than it may leave, for as long as that is borne.

        Whoever is owed answers by their budget is not to blame: their socket is not full.
        """
        left = self._socket.buffered()
        if left < self._untaken or left <= MOST_UNTAKEN:
            self._untaken, self._took_at = left, now
        return now - self._took_at > self._patience

    def _look_in(self, seconds: float) -> None:
        self.close()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(seconds, LOOK_AT_LEAST), self.look)
