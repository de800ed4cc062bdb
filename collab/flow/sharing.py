"""Sharing of budgets: a user's budget holds on all instances together.

Each instance has a budget for each of its users. It shows the others what it spent, and charges
what the others show. So every budget is charged for everything, some tenths of a second late.

| event                               | what this instance does                                    |
|-------------------------------------|------------------------------------------------------------|
| a user here spends much             | show the user's spending, at most ten times a second       |
| another shows the same user         | show the user's spending too, however little               |
| the rate has not paid it back yet   | show it again every second                                 |
| another instance shows more         | charge the difference                                      |
| it shows a user for the first time  | charge what is not paid back, and use its level if lower   |
| an instance has started             | it asks, and the others show all budgets that are not full |

The numbers are sums, so a lost, late or repeated message does no harm.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from collab.flow.budget import BudgetPool, UserBudgets
from collab.flow.shared import (
    BudgetsAsked,
    BudgetsKept,
    BudgetsShown,
    SpentBudgets,
    UserSpending,
    is_low,
    note_spent,
)

# Seconds between two looks at all users. In between, only the users in an episode are looked at.
LOOK_EVERY = 1.0
# Users in one message.
MOST_USERS = 200
# Users in an episode. With more, this instance ignores new ones.
MOST_FOLLOWED = 20_000
# After this time without a message, an instance forgets what another one has shown.
FORGET_AFTER = 60.0

BudgetMessage = BudgetsShown | BudgetsAsked
_Owner = tuple[str, Hashable]


@dataclass(slots=True)
class _Known:
    """What another instance has shown about a user, and this one has charged."""

    episode: int
    spent: list[int]
    heard_at: float


@dataclass(slots=True)
class _Sender:
    """Another instance: its last message, and what it has shown about each user."""

    number: int
    heard_at: float
    users: dict[_Owner, _Known] = field(default_factory=dict)


class BudgetSharing:
    """Shares the budgets of all pools between this instance and the others.

    Invariant: memory is bounded, whatever the users and the other instances do.
    """

    def __init__(self, pools: Mapping[str, BudgetPool], instance: str) -> None:
        for pool in pools.values():
            pool.keep_for(3 * LOOK_EVERY)
        self._pools = pools
        self._instance = instance
        self._followed: dict[_Owner, UserSpending] = {}
        self._senders: dict[str, _Sender] = {}
        self._number = 0
        self._episode = 0
        self._looked_at = float("-inf")
        self._must_answer = False

    def __len__(self) -> int:
        return len(self._followed) + sum(len(one.users) for one in self._senders.values())

    # --- out ------------------------------------------------------------------------------

    def messages(self, now: float) -> list[BudgetsShown]:
        """Return the messages to send now. Call it about ten times a second."""
        if now - self._looked_at >= LOOK_EVERY:
            self._look(now)
        for spending in self._followed.values():
            spending.step(now)
        shown = [
            spending.show(*owner, now)
            for owner, spending in self._followed.items()
            if self._must_answer or spending.is_due(now)
        ]
        self._must_answer = False
        return self._numbered(shown)

    def last_messages(self, now: float) -> list[BudgetsShown]:
        """Return the messages of an instance that stops: all budgets that are not full."""
        self._look(now)
        self._must_answer = True
        return self.messages(now)

    def kept(self, now: float, now_ms: int) -> BudgetsKept | None:
        """Return all budgets that are not full, for instances that start later; None without any.

        The budgets already contain what other instances have spent.
        """
        users = [one.state(*owner, now) for owner, one in self._followed.items()]
        return BudgetsKept(now_ms, users) if users else None

    def restore(self, kept: BudgetsKept, now: float, now_ms: int) -> None:
        """Lower the budgets to what was left, and what the rate has paid back since then."""
        seconds = max(0.0, (now_ms - kept.at_ms) / 1000)
        for user in kept.users:
            pool = self._pools.get(user.pool)
            if pool is not None:
                rates = [one.rate for one in pool.new(now).shared]
                left = [a + b * seconds for a, b in zip(user.left, rates, strict=True)]
                self._charge_user(pool, (user.pool, _as_key(user.owner)), [0] * 3, left, now)

    def _look(self, now: float) -> None:
        """Begin and end episodes, and forget what is old."""
        seconds = min(now - self._looked_at, LOOK_EVERY)
        self._looked_at = now
        for pool_name, pool in self._pools.items():
            for owner, budgets in pool.items():
                key = (pool_name, owner)
                is_light = not note_spent(budgets, seconds)
                spending = self._followed.get(key)
                if spending is None and (not is_light or is_low(budgets, now)):
                    spending = self._follow(key, budgets, now)
                if spending is not None:
                    spending.look(is_light=is_light)
        for key, spending in list(self._followed.items()):
            is_current = self._pools[key[0]].find(key[1]) is spending.budgets
            if not is_current or spending.has_ended(now):
                del self._followed[key]
        for name, sender in list(self._senders.items()):
            for key, known in list(sender.users.items()):
                if now - known.heard_at >= FORGET_AFTER:
                    del sender.users[key]
            if now - sender.heard_at >= FORGET_AFTER:
                del self._senders[name]

    def _follow(self, key: _Owner, budgets: UserBudgets, now: float) -> UserSpending | None:
        if len(self) >= MOST_FOLLOWED:
            return None
        self._episode += 1
        spending = self._followed[key] = UserSpending(self._episode, budgets, now)
        return spending

    def _numbered(self, users: list[SpentBudgets]) -> list[BudgetsShown]:
        first = self._number + 1
        parts = [users[at : at + MOST_USERS] for at in range(0, len(users), MOST_USERS)]
        self._number += len(parts)
        return [BudgetsShown(number, some) for number, some in enumerate(parts, first)]

    # --- in -------------------------------------------------------------------------------

    def receive(self, sender: str, message: BudgetMessage, now: float) -> None:
        """Charge what another instance has spent. The next `messages` answer its question."""
        if sender == self._instance:
            return
        if isinstance(message, BudgetsAsked):
            self._must_answer = True
            return
        other = self._senders.setdefault(sender, _Sender(0, now))
        other.heard_at = now
        if message.number > other.number:
            other.number = message.number
            for shown in message.users:
                pool = self._pools.get(shown.pool)
                if pool is not None:
                    self._charge(other, pool, shown, now)

    def _charge(self, sender: _Sender, pool: BudgetPool, shown: SpentBudgets, now: float) -> None:
        key = (shown.pool, _as_key(shown.owner))
        known = sender.users.get(key)
        if known is not None and known.episode == shown.episode:
            amounts = [max(0, a - b) for a, b in zip(shown.spent, known.spent, strict=True)]
            is_charged = self._charge_user(pool, key, amounts, [inf] * len(amounts), now)
        else:
            is_charged = self._charge_user(pool, key, shown.owed, shown.left, now)
        if is_charged:
            sender.users[key] = _Known(shown.episode, shown.spent, now)

    def _charge_user(
        self,
        pool: BudgetPool,
        key: _Owner,
        amounts: Sequence[int],
        levels: Sequence[float],
        now: float,
    ) -> bool:
        """Charge a user's budgets. Return False when too many users are in an episode."""
        owner = key[1]
        budgets = pool.acquire(owner, now)
        spending = self._followed.get(key)
        if spending is None or spending.budgets is not budgets:
            spending = self._follow(key, budgets, now)
        if spending is not None:
            spending.charge(amounts, levels, now)
        pool.release(owner, now)
        return spending is not None


def _as_key(owner: Any) -> Hashable:
    """Return an owner as the pool has it: messages have lists in place of tuples."""
    return tuple(map(_as_key, owner)) if isinstance(owner, list | tuple) else owner
