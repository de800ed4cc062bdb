"""The read throttle: stop reading from a client that exceeds its budget or reads no answers.

| reading  | event                                     | next    | sent                         |
|----------|-------------------------------------------|---------|------------------------------|
| active   | a frame exceeds the budget: a debt        | stopped | `backpressure` `in` `on`     |
| active   | its answers fill the socket's buffer      | stopped |                              |
| active   | many of its requests have no answer       | stopped |                              |
| stopped  | no debt, and the socket has drained       | active  | `clear`, when flow is normal |
| stopped  | the client read nothing for `patience`    | closed  | 4508                         |
| stopped  | another debt after `patience`             | closed  | 4529                         |

A debt is what exceeds the user's budget. `clear` is a `backpressure` message too.

A change that waits for a slow client takes no memory, because its feed keeps only a position. But
an answer takes memory in the socket's buffer: a pong, an error, a Yjs sync step 2, requested
awareness. So the server stops reading from a client that does not read its answers.
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

CHECK_AGAIN = 0.1
# The longest time between two checks. Each check marks the client alive in presence.
CHECK_AT_LEAST = 5.0
# The most bytes of answers that a client may leave unread. It is several times `FULL_SOCKET`, at
# which a feed pauses.
MAX_UNREAD = 256 * 1024


class ThrottledClient(Protocol):
    """The session of the connection from which the throttle stops and resumes reading."""

    @property
    def is_backlogged(self) -> bool:
        """Whether too many answers wait for the client."""

    def send_notice(self, message: Backpressure | DisconnectNotice, now: float) -> None:
        """Send the notice if the lane has such a message."""

    def mark_alive(self, now: float) -> None:
        """Mark the client alive in presence, because the server does not read its messages now."""

    def disconnect_slow(self) -> None:
        """Close the connection of a client that does not read its answers."""


class ReadThrottle:
    """Stops and resumes reading from one connection.

    Invariant: while reading is stopped, a timer checks whether reading may resume. The timer also
    runs until the inbound flow (`collab/flow/inbound.py`) is normal again. Otherwise `patience` for
    the next debt would count from the time of the first debt.
    """

    def __init__(
        self,
        socket: Socket,
        inbound_flow: InboundFlow,
        client: ThrottledClient,
        *,
        now: Callable[[], float],
        patience: float,
    ) -> None:
        self.is_stopped = False
        self._socket = socket
        self._inbound_flow = inbound_flow
        self._client = client
        self._now = now
        self._patience = patience
        self._wait_until = float("-inf")
        self._unread = 0
        self._read_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start reading, unless the opening exceeded the budget."""
        if not self.is_stopped:
            self._socket.resume_reading()

    def apply(self, decision: ReadDecision, now: float, *, wait: float = 0.0) -> None:
        """Apply the decision about a frame that was received at `now`.

        `wait` is the time until the user's budget for sent bytes covers the answers to the frame.
        """
        if decision.announce is not None:
            self._client.send_notice(decision.announce, now)
        wait = max(wait, decision.stop_reading)
        if decision.close:
            self._socket.close(decision.close, "rate_limited")
        elif wait or self._client.is_backlogged or self._socket.buffered() > MAX_UNREAD:
            self._stop(wait, now)

    def check(self) -> None:
        """Resume reading if the budget and the socket allow it; otherwise check again later."""
        now = self._now()
        may_read, notice = self._inbound_flow.resume(now)
        if notice is not None:
            self._client.send_notice(notice, now)
        if self.is_stopped:
            self._client.mark_alive(now)
            if self._is_stalled(now):
                self._client.disconnect_slow()
                return
            is_backlogged = self._client.is_backlogged or self._socket.buffered() > MAX_UNREAD
            if may_read and not is_backlogged and now >= self._wait_until:
                self.is_stopped = False
                self._socket.resume_reading()
        if self.is_stopped or self._inbound_flow.state is not InboundState.NORMAL:
            self._check_in(max(CHECK_AGAIN, self._wait_until - now))

    def check_now(self) -> None:
        """Check at once, when the client's requests have got answers."""
        if self.is_stopped and self._timer is not None:
            self.check()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop(self, wait: float, now: float) -> None:
        self._socket.pause_reading()
        self.is_stopped = True
        self._wait_until = now + wait
        self._unread, self._read_at = self._socket.buffered(), now
        self._check_in(wait or CHECK_AGAIN)

    def _is_stalled(self, now: float) -> bool:
        """Whether the client has read nothing for `patience`, with a full socket buffer.

        A client that waits for its own outbound budget is not stalled: its socket is not full.
        """
        left = self._socket.buffered()
        if left < self._unread or left <= MAX_UNREAD:
            self._unread, self._read_at = left, now
        return now - self._read_at > self._patience

    def _check_in(self, seconds: float) -> None:
        self.close()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(seconds, CHECK_AT_LEAST), self.check)
