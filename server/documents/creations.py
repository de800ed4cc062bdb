"""Creations: what a user may add in new documents, whatever their names.

Budgets belong to a user in a document, so a user who makes one document after the other would have
a new budget with each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.errors import Code, Rejected
from collab.flow.budget import Allowance, BudgetPool, ByteAndMessageBudget, to_ms
from collab.room.requests import Request, Update

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.documents.live_room import LiveRoom
    from server.runtime.clock import Clock


class Creations:
    """Invariant: of a user in a tenant one budget pays for every document that they make."""

    def __init__(self, allowance: Allowance, clock: Clock) -> None:
        self.budget_pool = BudgetPool(allowance, Allowance(0, 0))
        self._clock = clock
        self._burst = allowance.bytes_burst

    def check(self, key: DocKey, user: str) -> None:
        """Raises `rate_limited` while the user is in debt."""
        wait = self._spend(key, user, 0)
        if wait:
            raise Rejected(
                Code.RATE_LIMITED,
                "more new documents than your budget allows; send it again later",
                retry_after_ms=max(1, to_ms(wait)),
            )

    def charge(self, key: DocKey, user: str, size: int) -> None:
        """Pay for a new document before it is made; one alone makes a debt of one burst at most."""
        self.check(key, user)
        self._spend(key, user, size)

    def note(self, live: LiveRoom, user: str, request: Request) -> None:
        """A Yjs client makes a document by its first update, which cannot be refused for this."""
        if isinstance(request, Update) and not live.room.exists:
            self._spend(live.key, user, len(request.update))

    def _spend(self, key: DocKey, user: str, size: int) -> float:
        """Spend it; how many seconds of debt there were before."""
        owner, now = (key.tenant, user), self._clock.monotonic()
        budget: ByteAndMessageBudget = self.budget_pool.acquire(owner, now).inbound
        wait = budget.wait(now)
        budget.spend(min(size, self._burst), now)
        self.budget_pool.release(owner, now)
        return wait
