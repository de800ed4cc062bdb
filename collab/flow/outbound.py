"""Outflow: what happens to a reader who cannot be written to as fast as the document changes.

| state    | event                               | next     | told   | done                |
|----------|-------------------------------------|----------|--------|---------------------|
| level    | news, budget and socket free        | level    |        | the shared frame    |
| level    | news, over budget or socket full    | behind   | on     | the cursor stops    |
| behind   | over budget, or socket full         | behind   |        |                     |
| behind   | both free, not at the head          | catching |        | one merged catch-up |
| catching | news                                | behind   |        | the cursor stops    |
| catching | over budget, or socket full         | catching |        |                     |
| either   | both free, at the head              | level    | clear  |                     |
| either   | socket full for `patience` seconds  | gone     | notice | 4508                |

A connection holds a version, never a queue: `on` and `clear` (`backpressure` of direction
`out`) and the last `disconnect_notice` are all that is added to what it is sent. Only a full
socket counts towards `patience`, and only while the budget would let it: whoever is slow by
our own rule is never let go for it, and every catch-up that went out starts the time anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from collab.errors import Close
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.messages import Backpressure, Behind, DisconnectNotice

# How long a reader that was let go should stay away.
RETRY_AFTER_MS = 2_000
# When to look again at a socket that is full: it tells when it has drained, this is for safety.
FULL_SOCKET_WAIT = 1.0


class OutflowState(Enum):
    LEVEL = "level"
    BEHIND = "behind"
    CATCHING = "catching"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do with a reader that is not level: at most one of catch-up, waiting, closing."""

    catch_up: bool = False
    wait: float = 0.0  # seconds after which to ask again, 0 when nothing is owed
    announce: Backpressure | DisconnectNotice | None = None
    close: int = 0


class Outflow:
    """One connection's reading position as far as flow goes: may it be written to?

    Invariant: `on` and `clear` alternate, starting with `on`; nothing but them, one merged
    catch-up a turn and the last notice goes to a reader that is not level.
    """

    __slots__ = ("_budget", "_held_at", "_patience", "_stuck_since", "state")

    def __init__(self, budget: ByteAndMessageBudget, *, patience: float) -> None:
        self._budget = budget
        self._patience = patience
        self._held_at = 0.0
        self._stuck_since = 0.0
        self.state = OutflowState.LEVEL

    def pass_frame(self, size: int, now: float, *, full: bool) -> bool:
        """Charge a shared frame and let it go, if this reader is level and may have it now."""
        if full or self.state is not OutflowState.LEVEL:
            return False
        return self._budget.try_spend(size, now)

    def charge(self, size: int, now: float) -> None:
        """Pay for what goes out whatever the level: `opened`, answers, keep-alive, notices."""
        self._budget.spend(size, now)

    def hold(self, now: float, behind: Behind) -> Backpressure | None:
        """The cursor stops here; what to tell, unless that has been told."""
        told = self.state is not OutflowState.LEVEL
        if self.state in (OutflowState.LEVEL, OutflowState.CATCHING):
            self._fall_behind(now)
        if told:
            return None
        return Backpressure(
            direction="out",
            state="on",
            budget=self._budget.allowance.on_wire,
            behind=behind,
            retry_after_ms=to_ms(self._owed(now, behind.bytes) or FULL_SOCKET_WAIT),
        )

    def turn(self, now: float, *, full: bool, behind: Behind) -> Turn:
        """What this reader gets now; asked when its wait has run out or its socket has drained."""
        if self.state in (OutflowState.LEVEL, OutflowState.GONE):
            return Turn()
        if self.state is OutflowState.CATCHING and behind.versions:
            self._fall_behind(now)
        owed = self._owed(now, behind.bytes)
        if owed or not full:
            # Neither our own rule nor the time before this turn is the reader's slowness.
            self._stuck_since = now + owed
        if owed:
            return Turn(wait=owed)
        if full:
            return self._wait_or_let_go(now)
        if behind.versions:
            return Turn(catch_up=True)
        self.state = OutflowState.LEVEL
        return Turn(announce=Backpressure(direction="out", state="clear"))

    def caught_up(self, size: int, now: float) -> None:
        """One merged catch-up to the head went out."""
        self.charge(size, now)
        self.state = OutflowState.CATCHING
        self._stuck_since = now

    def _fall_behind(self, now: float) -> None:
        self.state = OutflowState.BEHIND
        self._held_at = self._stuck_since = now

    def _owed(self, now: float, size: int) -> float:
        """Seconds until the budget lets `size` bytes go.

        The level to wait for is shared with the user's other connections, which may spend it
        again and again: once it could have filled, to be out of debt is enough.
        """
        held_until = self._held_at + self._budget.fill_time
        return max(
            self._budget.wait(now), min(self._budget.wait(now, size), max(0.0, held_until - now))
        )

    def _wait_or_let_go(self, now: float) -> Turn:
        left = self._stuck_since + self._patience - now
        if left > 0:
            return Turn(wait=min(FULL_SOCKET_WAIT, left))
        self.state = OutflowState.GONE
        notice = DisconnectNotice(
            code=Close.SLOW_CONSUMER, reason="slow_consumer", retry_after_ms=RETRY_AFTER_MS
        )
        return Turn(announce=notice, close=Close.SLOW_CONSUMER)


class Pace:
    """When the next change may go to a reader that asked for `fps` changes a second.

    Invariant: two changes are never closer than 1/fps seconds, and whoever asks again after
    `wait` and sends the head, merged, ends on the newest.
    """

    __slots__ = ("_due_at", "interval")

    # A pace nobody could mean (0.001) must not hold a cursor back for a quarter of an hour.
    SLOWEST = 0.2

    def __init__(self, fps: float | None) -> None:
        self.interval = 1.0 / max(fps, self.SLOWEST) if fps and fps > 0 else 0.0
        self._due_at = float("-inf")

    def wait(self, now: float) -> float:
        return max(0.0, self._due_at - now)

    def sent(self, now: float) -> None:
        self._due_at = now + self.interval
