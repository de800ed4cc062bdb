"""Inflow: what happens to what a connection sends when it sends too much.

| state  | event                                   | next   | told            | done               |
|--------|-----------------------------------------|--------|-----------------|--------------------|
| level  | frame, no debt after it                 | level  |                 | taken              |
| level  | frame, debt after it                    | over   | on              | taken, not reading |
| over   | frame (was in our buffers already)      | over   |                 | rate_limited       |
| over   | the debt is paid                        | easing |                 | reading goes on    |
| easing | frame, no debt after it                 | easing |                 | taken              |
| easing | frame, debt after it, within `patience` | over   |                 | taken, not reading |
| easing | frame, debt after it, past `patience`   | closed | the last notice | 4529               |
| easing | half of the burst is there again        | level  | clear           |                    |

`on` and `clear` are `backpressure` of direction `in`, the last notice `disconnect_notice`.
`patience` runs from when the debt of the `on` is paid: whoever pays for one large frame for
longer than that, and then says a word, has not gone on. While reading is stopped TCP pushes
back, so a client that only sends much for a while never loses anything; one that does nothing
else for `patience` seconds is closed. Of a frame with more messages than the budget has left
only the first are taken: a thousand patches in one array would otherwise block everybody before
they are charged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from collab.errors import Close, Code, Refusal
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.messages import Backpressure, DisconnectNotice


class InflowState(Enum):
    LEVEL = "level"
    OVER = "over"
    EASING = "easing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a frame: take its first `take` messages, refuse the rest by `refusal`."""

    take: int
    refusal: Refusal | None = None
    announce: Backpressure | DisconnectNotice | None = None
    stop_reading: float = 0.0  # seconds until `resume` is worth asking; 0 reads on
    close: int = 0


class Inflow:
    """One connection's side of the inbound budget that it shares with its user's others.

    Invariant: every byte that arrived is charged, refused or not, and reading is stopped
    from the frame that made a debt until the debt is paid.
    """

    __slots__ = ("_budget", "_over_since", "_patience", "state")

    def __init__(self, budget: ByteAndMessageBudget, *, patience: float) -> None:
        self._budget = budget
        self._patience = patience
        self._over_since = 0.0
        self.state = InflowState.LEVEL

    def receive(self, size: int, now: float, count: int = 1, *, refusable: bool = True) -> Verdict:
        """Judge a frame of `count` messages; what the lane cannot refuse (Yjs) is always taken.

        A frame without any counts as one: two bytes would otherwise be all that it costs.
        """
        count = max(1, count)
        take = self._affordable(count, now) if refusable else count
        self._budget.spend(size, now, count)
        wait = self._budget.wait(now)
        if not wait and self.state in (InflowState.LEVEL, InflowState.EASING):
            return Verdict(take=count)
        return self._go_over(take, count, wait, now)

    def open(self, size: int, now: float, count: int) -> Verdict:
        """Judge the frame of an opening and the `count` messages behind it.

        None of them is taken while there is a debt, which coming back would be a way around.
        """
        debt = self._budget.wait(now)
        verdict = self.receive(size, now, count + 1)
        take = 0 if debt else max(0, verdict.take - 1)
        refusal = verdict.refusal or (_rate_limited(debt) if take < count else None)
        return replace(verdict, take=take, refusal=refusal)

    def resume(self, now: float) -> tuple[bool, Backpressure | None]:
        """Whether to read, and what to tell; asked when a stop has run out, and now and then."""
        if self.state is InflowState.OVER and not self._budget.wait(now):
            self.state = InflowState.EASING
        if self.state is InflowState.EASING and self._is_at_ease(now):
            self.state = InflowState.LEVEL
            return True, Backpressure(direction="in", state="clear")
        return self.state in (InflowState.LEVEL, InflowState.EASING), None

    def _affordable(self, count: int, now: float) -> int:
        """How many of a frame's messages may be taken; one always may unless reading is stopped."""
        if self.state in (InflowState.OVER, InflowState.CLOSED):
            return 0
        left = self._budget.messages.whole_units(now)
        return count if left is None else min(count, max(1, left))

    def _go_over(self, take: int, count: int, wait: float, now: float) -> Verdict:
        refusal = _rate_limited(wait) if take < count else None
        match self.state:
            case InflowState.LEVEL:
                self._over_since = now + wait
                self.state = InflowState.OVER
                on = Backpressure(
                    direction="in",
                    state="on",
                    budget=self._budget.allowance.on_wire,
                    retry_after_ms=to_ms(wait),
                )
                return Verdict(take, refusal, on, stop_reading=wait)
            case InflowState.EASING if now - self._over_since > self._patience:
                self.state = InflowState.CLOSED
                return Verdict(0, _rate_limited(wait), _last_word(wait), close=Close.RATE)
            case InflowState.EASING | InflowState.OVER:
                self.state = InflowState.OVER
                return Verdict(take, refusal, stop_reading=wait)
            case InflowState.CLOSED:
                return Verdict(0, _rate_limited(wait), close=Close.RATE)

    def _is_at_ease(self, now: float) -> bool:
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


def _last_word(wait: float) -> DisconnectNotice:
    return DisconnectNotice(
        code=Close.RATE, reason=Code.RATE_LIMITED.value, retry_after_ms=max(1, to_ms(wait))
    )
