"""What happens to a reader that cannot be written to as fast as the document changes.

| state       | event                               | next        | sent   | done                |
|-------------|-------------------------------------|-------------|--------|---------------------|
| normal      | news, budget and socket free        | normal      |        | the shared frame    |
| normal      | news, over budget or socket full    | behind      | on     | the cursor stops    |
| behind      | over budget, or socket full         | behind      |        |                     |
| behind      | both free, not at the head          | catching up |        | one merged catch-up |
| catching up | news                                | behind      |        | the cursor stops    |
| catching up | over budget, or socket full         | catching up |        |                     |
| either      | both free, at the head              | normal      | clear  |                     |
| either      | socket full for `patience` seconds  | closed      | notice | 4508                |

A connection holds a version, never a queue: `on` and `clear` (`backpressure` of direction
`out`) and the last `disconnect_notice` are all that is added to what it is sent. Only a full
socket counts towards `patience`, and only while the budget would allow a frame: a reader that
is slow by our own limit is never closed for it. Every catch-up that went out restarts the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from collab.errors import Close
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.messages import Backpressure, Behind, DisconnectNotice

# How long a reader that was closed should wait before it connects again.
RETRY_AFTER_MS = 2_000
# When to look again at a socket that is full: it reports when it has drained, this is for safety.
FULL_SOCKET_WAIT = 1.0


class OutboundState(Enum):
    NORMAL = "normal"
    BEHIND = "behind"
    CATCHING_UP = "catching up"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class WriteDecision:
    """What to do with a reader that is behind: at most one of catch-up, waiting, closing."""

    catch_up: bool = False
    wait: float = 0.0  # seconds after which to ask again, 0 when nothing is owed
    announce: Backpressure | DisconnectNotice | None = None
    close: int = 0


class OutboundFlow:
    """Whether one connection may be written to.

    Invariant: `on` and `clear` alternate, starting with `on`; nothing but them, one merged
    catch-up a decision and the last notice goes to a reader that is behind.
    """

    __slots__ = ("_behind_since", "_budget", "_patience", "_stuck_since", "state")

    def __init__(self, budget: ByteAndMessageBudget, *, patience: float) -> None:
        self._budget = budget
        self._patience = patience
        self._behind_since = 0.0
        self._stuck_since = 0.0
        self.state = OutboundState.NORMAL

    def try_send(self, size: int, now: float, *, full: bool) -> bool:
        """Charge a shared frame, if this reader is up to date and may have it now."""
        if full or self.state is not OutboundState.NORMAL:
            return False
        return self._budget.try_spend(size, now)

    def spend(self, size: int, now: float) -> None:
        """Charge what goes out in every state: `opened`, answers, keep-alive, notices."""
        self._budget.spend(size, now)

    def fall_behind(self, now: float, behind: Behind) -> Backpressure | None:
        """The cursor stops here; the `on` to send, unless it has been sent."""
        was_sent = self.state is not OutboundState.NORMAL
        if self.state in (OutboundState.NORMAL, OutboundState.CATCHING_UP):
            self._mark_behind(now)
        if was_sent:
            return None
        return Backpressure(
            direction="out",
            state="on",
            budget=self._budget.allowance.on_wire,
            behind=behind,
            retry_after_ms=to_ms(self._budget_wait(now, behind.bytes) or FULL_SOCKET_WAIT),
        )

    def decide(self, now: float, *, full: bool, behind: Behind) -> WriteDecision:
        """What this reader gets now; called when its wait has run out or its socket has drained."""
        if self.state in (OutboundState.NORMAL, OutboundState.CLOSED):
            return WriteDecision()
        if self.state is OutboundState.CATCHING_UP and behind.versions:
            self._mark_behind(now)
        owed = self._budget_wait(now, behind.bytes)
        if owed or not full:
            # Neither our own limit nor the time before this call is the reader's slowness.
            self._stuck_since = now + owed
        if owed:
            return WriteDecision(wait=owed)
        if full:
            return self._wait_or_close(now)
        if behind.versions:
            return WriteDecision(catch_up=True)
        self.state = OutboundState.NORMAL
        return WriteDecision(announce=Backpressure(direction="out", state="clear"))

    def caught_up(self, size: int, now: float) -> None:
        """One merged catch-up to the head went out."""
        self.spend(size, now)
        self.state = OutboundState.CATCHING_UP
        self._stuck_since = now

    def _mark_behind(self, now: float) -> None:
        self.state = OutboundState.BEHIND
        self._behind_since = self._stuck_since = now

    def _budget_wait(self, now: float, size: int) -> float:
        """Seconds until the budget allows `size` bytes.

        The level to wait for is shared with the user's other connections, which may spend it
        again and again: once it could have filled, to be out of debt is enough.
        """
        held_until = self._behind_since + self._budget.fill_time
        return max(
            self._budget.wait(now), min(self._budget.wait(now, size), max(0.0, held_until - now))
        )

    def _wait_or_close(self, now: float) -> WriteDecision:
        left = self._stuck_since + self._patience - now
        if left > 0:
            return WriteDecision(wait=min(FULL_SOCKET_WAIT, left))
        self.state = OutboundState.CLOSED
        notice = DisconnectNotice(
            code=Close.SLOW_CONSUMER, reason="slow_consumer", retry_after_ms=RETRY_AFTER_MS
        )
        return WriteDecision(announce=notice, close=Close.SLOW_CONSUMER)


class FrameRate:
    """When the next change may go to a reader that asked for `fps` changes a second.

    Invariant: two changes are never closer than 1/fps seconds. A caller that asks again after
    `wait` and sends the head, merged, ends on the newest.
    """

    __slots__ = ("_due_at", "interval")

    # A rate that no client means (0.001) must not hold a cursor back for a quarter of an hour.
    SLOWEST = 0.2

    def __init__(self, fps: float | None) -> None:
        self.interval = 1.0 / max(fps, self.SLOWEST) if fps and fps > 0 else 0.0
        self._due_at = float("-inf")

    def wait(self, now: float) -> float:
        return max(0.0, self._due_at - now)

    def sent(self, now: float) -> None:
        self._due_at = now + self.interval
