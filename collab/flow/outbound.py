"""The states of a reader that the server cannot write to as fast as the document changes.

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

"Either" means behind or catching up. A connection has no queue. It has a cursor: the newest version
that the server has sent to the reader. Besides the changes, this module sends a reader only `on`
and `clear` (`backpressure` messages of direction `out`) and the last `disconnect_notice`.

Only a full socket counts towards `patience`, and only while the budget would allow a frame. So the
server never closes a reader that is slow because of the server's own limit. Each catch-up that the
server sends restarts the time.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from collab.errors import Close
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.messages import Backpressure, Behind, DisconnectNotice

# How long a closed reader should wait before it connects again.
RETRY_AFTER_MS = 2_000
# Seconds until a full socket is checked again. The socket reports when it has drained; this check
# is for safety.
FULL_SOCKET_WAIT = 1.0


class OutboundState(Enum):
    NORMAL = "normal"
    BEHIND = "behind"
    CATCHING_UP = "catching up"
    CLOSED = "closed"


class WriteDecision(msgspec.Struct, frozen=True, gc=False):
    """What to do with a reader that is behind: at most one of catch-up, wait and close."""

    catch_up: bool = False
    wait: float = 0.0  # seconds until the next `decide`; 0 when no wait is needed
    announce: Backpressure | DisconnectNotice | None = None
    close: int = 0


class OutboundFlow:
    """Decides whether one connection may be written to. The budget limits bytes, not messages.

    Invariant: `on` and `clear` alternate, starting with `on`. A reader that is behind is sent only
    these, one merged catch-up per decision, and the last notice.
    """

    __slots__ = ("_behind_since", "_budget", "_patience", "_stuck_since", "bytes", "state")

    def __init__(self, budget: ByteAndMessageBudget, *, patience: float) -> None:
        self._budget = budget
        self.bytes = budget.bytes
        self._patience = patience
        self._behind_since = 0.0
        self._stuck_since = 0.0
        self.state = OutboundState.NORMAL

    def try_send(self, size: int, now: float, *, full: bool) -> bool:
        """Charge a shared frame if this reader is up to date and may get the frame now.

        Return whether it was charged.
        """
        if full or self.state is not OutboundState.NORMAL:
            return False
        return self.bytes.try_spend(size, now)

    def spend(self, size: int, now: float) -> None:
        """Charge a frame that is sent in every state: `opened`, answers, keep-alives, notices."""
        self.bytes.spend(size, now)

    def fall_behind(self, now: float, behind: Behind) -> Backpressure | None:
        """Stop the cursor here. Return the `on` to send, or None when it was sent already."""
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
        """Return what this reader gets now.

        Call it when the reader's wait is over or its socket has drained.
        """
        if self.state in (OutboundState.NORMAL, OutboundState.CLOSED):
            return WriteDecision()
        if self.state is OutboundState.CATCHING_UP and behind.versions:
            self._mark_behind(now)
        owed = self._budget_wait(now, behind.bytes)
        if owed or not full:
            # The time before this call does not count as slowness of the reader. Nor does the wait
            # for our own limit.
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
        """Charge one merged catch-up to the head, which the server has just sent."""
        self.spend(size, now)
        self.state = OutboundState.CATCHING_UP
        self._stuck_since = now

    def _mark_behind(self, now: float) -> None:
        self.state = OutboundState.BEHIND
        self._behind_since = self._stuck_since = now

    def _budget_wait(self, now: float, size: int) -> float:
        """Seconds until the budget allows `size` bytes.

        The user's other connections share the budget, and may spend it again and again. So a
        reader waits for the level only for as long as an empty budget takes to fill. After that, it
        waits only until there is no debt.
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
    """Limits a reader to the `fps` changes a second that it asked for.

    Invariant: two changes are never closer than 1/fps seconds. A caller that waits for `wait`, and
    then sends one merged change to the head, always reaches the newest version.
    """

    __slots__ = ("due_at", "interval")

    # A client may send a wrong rate, such as 0.001. It must not delay changes for a quarter of an
    # hour.
    SLOWEST = 0.2

    def __init__(self, fps: float | None) -> None:
        self.interval = 1.0 / max(fps, self.SLOWEST) if fps and fps > 0 else 0.0
        self.due_at = float("-inf")

    def wait(self, now: float) -> float:
        return max(0.0, self.due_at - now)

    def sent(self, now: float) -> None:
        self.due_at = now + self.interval
