"""What happens to what a connection sends when it sends too much.

| state      | event                                   | next       | sent      | frame        |
|------------|-----------------------------------------|------------|-----------|--------------|
| normal     | frame, no debt after it                 | normal     |           | accepted     |
| normal     | frame, debt after it                    | over       | on        | accepted     |
| over       | frame (was in our buffers already)      | over       |           | rate_limited |
| over       | the debt is paid                        | recovering |           |              |
| recovering | frame, no debt after it                 | recovering |           | accepted     |
| recovering | frame, debt after it, within `patience` | over       |           | accepted     |
| recovering | frame, debt after it, past `patience`   | closed     | last word | 4529         |
| recovering | half of the burst is there again        | normal     | clear     |              |

We do not read while the state is `over`.
`on` and `clear` are `backpressure` of direction `in`, the last word is `disconnect_notice`.
`patience` begins when the debt of the `on` is paid. So a client that needs longer than `patience`
to pay for one large frame, and then sends a word, is not closed. While reading is stopped TCP
pushes back, so a client that only sends much for a while never loses anything; one that does
nothing else for `patience` seconds is closed. Of a frame with more messages than the budget has
left only the first are accepted: a thousand patches in one array would otherwise delay all other
clients before they are charged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from collab.errors import Close, Code, Refusal
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.messages import Backpressure, DisconnectNotice


class InboundState(Enum):
    NORMAL = "normal"
    OVER = "over"
    RECOVERING = "recovering"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ReadDecision:
    """What to do with a frame: accept its first `accepted` messages, and refuse the rest."""

    accepted: int
    refusal: Refusal | None = None
    announce: Backpressure | DisconnectNotice | None = None
    stop_reading: float = 0.0  # seconds until `resume` may return true; 0 reads on
    close: int = 0


class InboundFlow:
    """What one connection sends, by the inbound budget that it shares with its user's others.

    Invariant: every byte that arrived is charged, refused or not, and reading is stopped
    from the frame that made a debt until the debt is paid.
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
        """Decide about a frame of `count` messages; a frame of the Yjs lane is always accepted.

        A frame without any counts as one: two bytes would otherwise be all that it costs.
        """
        count = max(1, count)
        accepted = self._affordable(count, now) if refusable else count
        self._budget.spend(size, now, count)
        wait = self._budget.wait(now)
        if not wait and self.state in (InboundState.NORMAL, InboundState.RECOVERING):
            return ReadDecision(accepted=count)
        return self._exceed(accepted, count, wait, now)

    def receive_opening(self, size: int, now: float, count: int) -> ReadDecision:
        """Decide about the frame of an opening and the `count` messages behind it.

        None of them is accepted while there is a debt: else a client would reconnect to avoid it.
        """
        debt = self._budget.wait(now)
        decision = self.receive(size, now, count + 1)
        accepted = 0 if debt else max(0, decision.accepted - 1)
        refusal = decision.refusal or (_rate_limited(debt) if accepted < count else None)
        return replace(decision, accepted=accepted, refusal=refusal)

    def resume(self, now: float) -> tuple[bool, Backpressure | None]:
        """Whether to read, and what to send; called when a stop has run out, and now and then."""
        if self.state is InboundState.OVER and not self._budget.wait(now):
            self.state = InboundState.RECOVERING
        if self.state is InboundState.RECOVERING and self._has_recovered(now):
            self.state = InboundState.NORMAL
            return True, Backpressure(direction="in", state="clear")
        return self.state in (InboundState.NORMAL, InboundState.RECOVERING), None

    def _affordable(self, count: int, now: float) -> int:
        """How many of a frame's messages to accept; at least one unless reading is stopped."""
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
        """Half a burst: a lower mark would flap between `on` and `clear` at every frame."""
        allowance = self._budget.allowance
        half = allowance.bytes_burst // 2, allowance.messages_burst // 2
        return not self._budget.wait(now, *half)


def _rate_limited(wait: float) -> Refusal:
    return Refusal(
        Code.RATE_LIMITED,
        "More than the budget of this connection allows; send it again later.",
        {"retry_after_ms": max(1, to_ms(wait))},
    )


def _disconnect_notice(wait: float) -> DisconnectNotice:
    return DisconnectNotice(
        code=Close.RATE, reason=Code.RATE_LIMITED.value, retry_after_ms=max(1, to_ms(wait))
    )
