"""Creations: a budget for the new documents of a user in a tenant.

All other budgets belong to a user in one document. Without this budget, a user who creates many
documents would get a new budget with each document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.errors import Code, Rejected
from collab.flow.budget import Allowance, BudgetPool, ByteAndMessageBudget, to_ms

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.runtime.clock import Clock


class Creations:
    """Charges users for new documents.

    Invariant: a user has one budget for all documents that the user creates in a tenant.
    """

    def __init__(self, allowance: Allowance, clock: Clock) -> None:
        self.budget_pool = BudgetPool(allowance, Allowance(0, 0))
        self._clock = clock
        self._burst = allowance.bytes_burst

    def check(self, key: DocKey, user: str) -> None:
        """Raise `rate_limited` while the user is in debt."""
        wait = self._spend(key, user, 0)
        if wait:
            raise Rejected(
                Code.RATE_LIMITED,
                "you created more documents than your budget allows; retry later",
                retry_after_ms=max(1, to_ms(wait)),
            )

    def charge(self, key: DocKey, user: str, size: int) -> None:
        """Charge a new document before it is created. One document costs at most one burst."""
        self.check(key, user)
        self._spend(key, user, size)

    def charge_update(self, key: DocKey, user: str, size: int) -> None:
        """Charge the update with which a Yjs client creates a document.

        The server does not refuse this update, so the user may get into debt.
        """
        self._spend(key, user, size)

    def _spend(self, key: DocKey, user: str, size: int) -> float:
        """Spend bytes; return how many seconds the earlier debt still lasts."""
        owner, now = (key.tenant, user), self._clock.monotonic()
        budget: ByteAndMessageBudget = self.budget_pool.acquire(owner, now).inbound
        wait = budget.wait(now)
        budget.spend(min(size, self._burst), now)
        self.budget_pool.release(owner, now)
        return wait
