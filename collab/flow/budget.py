"""Budgets: token buckets for bytes and messages.

One frame may use more than the budget has left. The difference is a debt, which the budget's rate
pays back. Rules B1 to B4 of SPEC.md. This module reads no clock. All callers take `now` from one
clock in seconds, which never goes back.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from collab import messages

# A number of units. A budget refills in many small amounts with rounding errors. These must not
# cause a wait of 1e-16 s.
NEGLIGIBLE = 1e-6
# A user also pays for work, in bytes. The first millisecond of a request is free. After it, a
# second of work costs as much as the bytes of ten seconds. So one user's updates take at most a
# tenth of the process's time, plus the burst.
WORK_SECONDS = 0.001
WORK_SHARE = 0.1


class Budget:
    """A level that grows by `rate` units a second, up to `burst`. A rate of 0 means no limit.

    Invariant: the spent units never exceed `burst + rate * time` by more than the last frame. So
    even a frame larger than the whole burst can be sent. The next frame then waits longer.

    `spent` counts the units that this instance has spent, and not what other instances have spent
    of the same budget. Without a limit, nothing is counted.
    """

    __slots__ = ("_level", "_updated_at", "burst", "rate", "spent")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.spent = 0.0
        self._level = float(burst)
        self._updated_at = now

    def spend(self, amount: float, now: float) -> float:
        """Charge a frame that is sent or received now. Return the seconds until no debt is left."""
        if not self.rate:
            return 0.0
        self._earn(now)
        self.spent += amount
        self._level -= amount
        return -self._level / self.rate if self._level < -NEGLIGIBLE else 0.0

    def try_spend(self, amount: float, now: float) -> bool:
        """Charge a frame unless it has to wait. Return whether it was charged.

        When `amount` is above `burst`, a full level is enough. This is called for every reader and
        every frame, so it repeats the code of `_earn`.
        """
        if not self.rate:
            return True
        passed = now - self._updated_at
        level = self._level
        if passed > 0:
            self._updated_at = now
            level += passed * self.rate
            if level > self.burst:
                level = self.burst
        if level >= min(amount, self.burst) - NEGLIGIBLE:
            self.spent += amount
            self._level = level - amount
            return True
        self._level = level
        return False

    def wait(self, now: float, amount: float = 0) -> float:
        """Seconds until `amount` units may be spent. Without `amount`: until no debt is left.

        When `amount` is above `burst`, a full level is enough.
        """
        if not self.rate:
            return 0.0
        self._earn(now)
        lacking = min(amount, self.burst) - self._level
        return lacking / self.rate if lacking > NEGLIGIBLE else 0.0

    def whole_units(self, now: float) -> int | None:
        """The whole units that can be spent without a debt; None when there is no limit."""
        if not self.rate:
            return None
        self._earn(now)
        return max(0, int(self._level))

    def level(self, now: float) -> float:
        """The units that are left: at most the burst, below zero when there is a debt."""
        self._earn(now)
        return self._level

    def charge_elsewhere(self, amount: float, level: float, now: float) -> None:
        """Charge what another instance has spent. The level is at most `level` after that."""
        if self.rate:
            self._earn(now)
            self._level = min(self._level - amount, level)

    def _earn(self, now: float) -> None:
        passed = now - self._updated_at
        if passed > 0:
            self._level = min(self.burst, self._level + passed * self.rate)
            self._updated_at = now


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits for one direction of a connection. A rate of 0 means no limit."""

    bytes_per_second: int
    bytes_burst: int
    messages_per_second: int = 0
    messages_burst: int = 0

    @property
    def on_wire(self) -> messages.Budget:
        return messages.Budget(bytes_per_second=self.bytes_per_second, burst=self.bytes_burst)


class ByteAndMessageBudget:
    """Spends bytes and messages together: a frame needs both budgets."""

    __slots__ = ("allowance", "bytes", "fill_time", "messages")

    def __init__(self, allowance: Allowance, now: float) -> None:
        self.allowance = allowance
        rate = allowance.bytes_per_second
        self.fill_time = (
            allowance.bytes_burst / rate if rate else 0.0
        )  # seconds to fill the bytes from 0
        self.bytes = Budget(allowance.bytes_per_second, allowance.bytes_burst, now)
        self.messages = Budget(allowance.messages_per_second, allowance.messages_burst, now)

    def spend(self, size: int, now: float, count: int = 1) -> float:
        """Charge a frame of `size` bytes with `count` messages.

        Return the seconds until no debt is left.
        """
        wait = self.bytes.spend(size, now) if self.bytes.rate else 0.0
        return max(wait, self.messages.spend(count, now)) if self.messages.rate else wait

    def charge_time(self, seconds: float, now: float) -> None:
        """Charge the time that a request took, converted to bytes."""
        dear = seconds - WORK_SECONDS
        if dear > 0 and self.bytes.rate:
            self.bytes.spend(dear / WORK_SHARE * self.allowance.bytes_per_second, now)

    def wait(self, now: float, size: int = 0, count: int = 0) -> float:
        """Seconds until both budgets allow a frame; 0.0 when it may be sent now."""
        return max(self.bytes.wait(now, size), self.messages.wait(now, count))

    def refill_time(self, now: float) -> float:
        """Seconds until both budgets are full."""
        allowance = self.allowance
        return self.wait(now, allowance.bytes_burst, allowance.messages_burst)


class UserBudgets:
    """The budgets of one user in one document. All connections of the user share them."""

    __slots__ = ("_large_sender", "connections", "inbound", "outbound", "spent_before")

    def __init__(self, inbound: Allowance, outbound: Allowance, now: float) -> None:
        self.inbound = ByteAndMessageBudget(inbound, now)
        self.outbound = ByteAndMessageBudget(outbound, now)
        self.connections = 0
        self.spent_before: tuple[float, ...] = (
            0.0,
            0.0,
            0.0,
        )  # at the last look of `collab/flow/sharing.py`
        self._large_sender: object | None = None

    def claim_large_frame(self, connection: object) -> bool:
        """Let a connection send one large frame, and return True.

        Return False while another connection of the user has this permission.
        """
        if self._large_sender is not None:
            return False
        self._large_sender = connection
        return True

    def release_large_frame(self, connection: object) -> bool:
        """Take the permission back when the frame is sent or the connection has ended.

        Return whether the connection had the permission.
        """
        if self._large_sender is not connection:
            return False
        self._large_sender = None
        return True

    def refill_time(self, now: float) -> float:
        return max(self.inbound.refill_time(now), self.outbound.refill_time(now))

    @property
    def shared(self) -> tuple[Budget, ...]:
        """The budgets that instances share, in a fixed order. One without a limit stays full."""
        return self.inbound.bytes, self.inbound.messages, self.outbound.bytes


class BudgetPool:
    """Keeps the budgets of each user, by (document, user).

    Invariant: `evict` drops budgets only when no connection uses them and they are full again. So a
    user gets nothing extra by reconnecting.
    """

    def __init__(self, inbound: Allowance, outbound: Allowance) -> None:
        self._inbound = inbound
        self._outbound = outbound
        self._budgets: dict[Hashable, UserBudgets] = {}
        self._idle: dict[Hashable, float] = {}
        self._kept_for = 0.0

    def __len__(self) -> int:
        return len(self._budgets)

    def find(self, owner: Hashable) -> UserBudgets | None:
        """Return the owner's budgets if the pool has them."""
        return self._budgets.get(owner)

    def new(self, now: float) -> UserBudgets:
        """Return full budgets, as a user has them at first."""
        return UserBudgets(self._inbound, self._outbound, now)

    def items(self) -> list[tuple[Hashable, UserBudgets]]:
        """Return the budgets of all owners that are connected, or were until a moment ago."""
        return list(self._budgets.items())

    def acquire(self, owner: Hashable, now: float) -> UserBudgets:
        """Return the owner's budgets for one more connection or HTTP request.

        The caller calls `release` at the end of it.
        """
        self._idle.pop(owner, None)
        budgets = self._budgets.get(owner)
        if budgets is None:
            budgets = self._budgets[owner] = self.new(now)
        budgets.connections += 1
        return budgets

    def release(self, owner: Hashable, now: float) -> None:
        budgets = self._budgets[owner]
        budgets.connections -= 1
        if not budgets.connections:
            self._idle[owner] = now + max(self._kept_for, budgets.refill_time(now))

    def keep_for(self, seconds: float) -> None:
        """Keep unused budgets for at least this time, so that their spending can be shared."""
        self._kept_for = seconds

    def evict(self, now: float) -> int:
        """Drop the budgets that are full and that no connection uses. Return their number."""
        full = [owner for owner, full_at in self._idle.items() if full_at <= now]
        for owner in full:
            del self._idle[owner], self._budgets[owner]
        return len(full)


def to_ms(seconds: float) -> int:
    """A wait in milliseconds, for a message. It is rounded up, so no client retries too early."""
    return -int(-seconds * 1000 // 1)
