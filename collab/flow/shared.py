"""Shared budgets: what an instance of the server has spent of a user's budgets."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from msgspec import Struct

from collab.flow.budget import Budget, UserBudgets

# Other instances need not know of a budget that is almost full.
SMALL_SHARE = 0.02
# A user who spends less than this share of the rate is light. Light users on ten instances do not
# exceed the rate together. So an instance shows a light user only after another instance has done
# so.
LIGHT_SHARE = 0.1
# Spending that grew by this share of the burst is shown at once. Other spending is shown every
# second, also without growth, because a message may be lost.
GROWN_SHARE = 0.01
SHOWN_EVERY = 1.0
# For this time after another instance has shown a user, this instance shows the user too.
TOGETHER_FOR = 10.0


class SpentBudgets(Struct, frozen=True, array_like=True):
    """The budgets of one user: what the sender has spent of them.

    The lists have one number for each budget. `spent` is a sum that grows during an `episode`.
    `owed` is the part of it that the budget's rate has not paid back. `left` is the level at the
    sender, which also contains what the sender knows of other instances.
    """

    pool: str
    owner: Any
    episode: int
    spent: list[int]
    owed: list[int]
    left: list[int]


class BudgetsShown(Struct, frozen=True, array_like=True, tag="budgets"):
    """Users that have spent something at the sender. Later messages have greater numbers."""

    number: int
    users: list[SpentBudgets]


class BudgetsAsked(Struct, frozen=True, array_like=True, tag="budgets?"):
    """An instance that has started asks for all budgets that are not full."""


class BudgetsKept(Struct, frozen=True, array_like=True, tag="budgets kept"):
    """All budgets that are not full, at a time of the wall clock."""

    at_ms: int
    users: list[SpentBudgets]


class Spending:
    """What this instance spends of one budget, from a moment on."""

    __slots__ = ("_own", "_shown", "_spent", "budget")

    def __init__(self, budget: Budget, now: float) -> None:
        self.budget = budget
        self._spent = budget.spent
        self._shown = budget.spent
        # The same budget without the spending of other instances. So far there was none of it.
        self._own = Budget(budget.rate, budget.burst, now)
        self._own.charge_elsewhere(0, budget.level(now), now)

    def step(self, now: float) -> None:
        """Add what was spent since the last step."""
        spent = self.budget.spent
        if spent != self._spent:
            self._own.spend(spent - self._spent, now)
            self._spent = spent

    def owed(self, now: float) -> float:
        """Return what this instance has spent and the rate has not paid back."""
        return self.budget.burst - self._own.level(now)

    def owes(self, now: float) -> bool:
        return self.owed(now) > self.budget.burst * SMALL_SHARE

    @property
    def unshown(self) -> float:
        return self._spent - self._shown

    @property
    def has_grown(self) -> bool:
        return self._spent - self._shown > self.budget.burst * GROWN_SHARE

    @property
    def spent(self) -> int:
        return round(self._spent)

    def note_shown(self) -> None:
        self._shown = self._spent


class UserSpending:
    """What this instance spends of one user's budgets, in one episode.

    An episode ends when the budgets are full, the user is light, and no other instance shows them.
    """

    __slots__ = ("_is_light", "_shown_at", "_together_until", "budgets", "episode", "parts")

    def __init__(self, episode: int, budgets: UserBudgets, now: float) -> None:
        self.episode = episode
        self.budgets = budgets
        self.parts = [Spending(budget, now) for budget in budgets.shared]
        self._is_light = False
        self._shown_at = float("-inf")
        self._together_until = float("-inf")

    def step(self, now: float) -> None:
        for part in self.parts:
            part.step(now)

    def look(self, *, is_light: bool) -> None:
        self._is_light = is_light

    def has_ended(self, now: float) -> bool:
        together = now < self._together_until
        return self._is_light and not together and not is_low(self.budgets, now)

    def is_due(self, now: float) -> bool:
        """Whether to show the spending to the other instances now."""
        has_grown = False
        for part in self.parts:
            has_grown = has_grown or part.has_grown
        if not has_grown and now - self._shown_at < SHOWN_EVERY:
            return False
        owes = any(part.owes(now) for part in self.parts)
        if self._is_light and not owes and now >= self._together_until:
            return False
        return has_grown or owes or any(part.unshown for part in self.parts)

    def charge(self, amounts: Sequence[int], levels: Sequence[float], now: float) -> None:
        """Charge what another instance has spent, and lower the levels to `levels`."""
        self._together_until = now + TOGETHER_FOR
        for part, amount, level in zip(self.parts, amounts, levels, strict=True):
            part.budget.charge_elsewhere(amount, level, now)

    def show(self, pool: str, owner: Hashable, now: float) -> SpentBudgets:
        """Return what to show about this user, and note that it is shown."""
        self._shown_at = now
        for part in self.parts:
            part.note_shown()
        return self.state(pool, owner, now)

    def state(self, pool: str, owner: Hashable, now: float) -> SpentBudgets:
        return SpentBudgets(
            pool,
            owner,
            self.episode,
            [part.spent for part in self.parts],
            [round(part.owed(now)) for part in self.parts],
            [round(part.budget.level(now)) for part in self.parts],
        )


def is_low(budgets: UserBudgets, now: float) -> bool:
    """Whether a budget is so far from full that other instances should know."""
    return any(one.level(now) < one.burst * (1 - SMALL_SHARE) for one in budgets.shared)


def note_spent(budgets: UserBudgets, seconds: float) -> bool:
    """Note what the user has spent so far; return whether it was much in the last `seconds`."""
    before, budgets.spent_before = budgets.spent_before, tuple(b.spent for b in budgets.shared)
    return any(
        now - then > LIGHT_SHARE * seconds * one.rate
        for now, then, one in zip(budgets.spent_before, before, budgets.shared, strict=True)
    )
