"""The states of a connection that sends more than its budget allows.

| state      | event                                   | next       | sent      | frame        |
|------------|-----------------------------------------|------------|-----------|--------------|
| normal     | frame, no debt after it                 | normal     |           | accepted     |
| normal     | frame, debt after it                    | over       | on        | accepted     |
| over       | frame (was in our buffers already)      | over       |           | rate_limited |
| over       | the debt is paid                        | recovering |           |              |
| recovering | frame, no debt after it                 | recovering |           | accepted     |
| recovering | frame, debt after it, within `patience` | over       |           | accepted     |
| recovering | frame, debt after it, past `patience`   | closed     | notice    | 4529         |
| recovering | half of the burst is there again        | normal     | clear     |              |

`on` and `clear` are `backpressure` messages of direction `in`. The notice is `disconnect_notice`.

`collab.flow.budget` explains debt. While the state is `over`, the server does not read, so TCP
slows the client down. A client that sends too much for a short time loses nothing. A client that
sends too much for longer than `patience` is closed. `patience` begins when the first debt, which
caused `on`, is paid. So a client may need longer than `patience` to pay for one large frame. It is
not closed when it then sends a small frame.

When a frame has more messages than the budget has left, only its first messages are accepted.
Otherwise a thousand patches in one array would delay all other clients before the user is charged.
"""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec.structs import replace

from collab.errors import Close, Code, Refusal
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.messages import Backpressure, DisconnectNotice


class InboundState(Enum):
    NORMAL = "normal"
    OVER = "over"
    RECOVERING = "recovering"
    CLOSED = "closed"


class ReadDecision(msgspec.Struct, frozen=True, gc=False):
    """What to do with a frame: accept its first `accepted` messages, and refuse the others."""

    accepted: int
    refusal: Refusal | None = None
    announce: Backpressure | DisconnectNotice | None = None
    stop_reading: float = 0.0  # seconds until `resume` may return true; 0: continue reading
    close: int = 0


class InboundFlow:
    """Decides about the frames of one connection. All connections of a user share the budget.

    Invariant: every byte that arrives is charged, even when its frame is refused. After a frame
    that causes a debt, reading stops until the debt is paid.
    """

    __slots__ = ("_budget", "_over_since", "_patience", "state")

    def __init__(self, budget: ByteAndMessageBudget, *, patience: float) -> None:
        self._budget = budget
        self._patience = patience
        self._over_since = 0.0
        self.state = InboundState.NORMAL

    def receive(
        self, size: int, now: float, count: int = 1, *, refusable: bool = True
    ) -> ReadDecision:
        """Decide about a frame of `count` messages.

        A frame without messages counts as one message: otherwise it would cost only its two bytes.
        A frame of the Yjs lane is not `refusable`: the server accepts it unless the connection is
        closed.
        """
        count = max(1, count)
        is_reading = self.state is InboundState.NORMAL or self.state is InboundState.RECOVERING
        is_single = count == 1 and is_reading  # while the server reads, it accepts one message
        accepted = count if is_single or not refusable else self._affordable(count, now)
        wait = self._budget.spend(size, now, count)
        if not wait and is_reading:
            return ReadDecision(accepted=count)
        return self._exceed(accepted, count, wait, now)

    def receive_opening(self, size: int, now: float, count: int) -> ReadDecision:
        """Decide about a frame with an `open` and `count` messages after it.

        While there is a debt, none of these messages is accepted. Otherwise a client could avoid
        the debt by reconnecting.
        """
        debt = self._budget.wait(now)
        decision = self.receive(size, now, count + 1)
        accepted = 0 if debt else max(0, decision.accepted - 1)
        refusal = decision.refusal or (_rate_limited(debt) if accepted < count else None)
        return replace(decision, accepted=accepted, refusal=refusal)

    def resume(self, now: float) -> tuple[bool, Backpressure | None]:
        """Return whether to read, and what to send.

        Call it when the time in `stop_reading` is over, and regularly after that.
        """
        if self.state is InboundState.OVER and not self._budget.wait(now):
            self.state = InboundState.RECOVERING
        if self.state is InboundState.RECOVERING and self._has_recovered(now):
            self.state = InboundState.NORMAL
            return True, Backpressure(direction="in", state="clear")
        return self.state in (InboundState.NORMAL, InboundState.RECOVERING), None

    def _affordable(self, count: int, now: float) -> int:
        """How many messages of a frame to accept: at least one, unless reading is stopped."""
        if self.state in (InboundState.OVER, InboundState.CLOSED):
            return 0
        left = self._budget.messages.whole_units(now)
        return count if left is None else min(count, max(1, left))

    def _exceed(self, accepted: int, count: int, wait: float, now: float) -> ReadDecision:
        refusal = _rate_limited(wait) if accepted < count else None
        match self.state:
            case InboundState.NORMAL:
                self._over_since = now + wait
                self.state = InboundState.OVER
                on = Backpressure(
                    direction="in",
                    state="on",
                    budget=self._budget.allowance.on_wire,
                    retry_after_ms=to_ms(wait),
                )
                return ReadDecision(accepted, refusal, on, stop_reading=wait)
            case InboundState.RECOVERING if now - self._over_since > self._patience:
                self.state = InboundState.CLOSED
                return ReadDecision(
                    0, _rate_limited(wait), _disconnect_notice(wait), close=Close.RATE
                )
            case InboundState.RECOVERING | InboundState.OVER:
                self.state = InboundState.OVER
                return ReadDecision(accepted, refusal, stop_reading=wait)
            case InboundState.CLOSED:
                return ReadDecision(0, _rate_limited(wait), close=Close.RATE)

    def _has_recovered(self, now: float) -> bool:
        """Whether half of the burst is left. With a lower limit, `on` and `clear` alternate."""
        allowance = self._budget.allowance
        half = allowance.bytes_burst // 2, allowance.messages_burst // 2
        return not self._budget.wait(now, *half)


def _rate_limited(wait: float) -> Refusal:
    return Refusal(
        Code.RATE_LIMITED,
        "your budget for this document is used up; send it again later",
        {"retry_after_ms": max(1, to_ms(wait))},
    )


def _disconnect_notice(wait: float) -> DisconnectNotice:
    return DisconnectNotice(
        code=Close.RATE, reason=Code.RATE_LIMITED.value, retry_after_ms=max(1, to_ms(wait))
    )
