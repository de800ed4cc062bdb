"""Guests of the demo: from which hosts they may get a token, and how often."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from collab.errors import Code, Rejected
from collab.flow.budget import Budget, to_ms
from server.access.connection_limit import address_of

if TYPE_CHECKING:
    from server.runtime.clock import Clock

# Tokens of one address, at once and a second.
BURST = 30
PER_SECOND = 0.2


class GuestTokenLimit:
    """How many tokens an address may have.

    Invariant: an address is remembered until its budget is full again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets: dict[str, Budget] = {}

    def __len__(self) -> int:
        return len(self._budgets)

    def charge(self, host: str) -> None:
        """Charge an address for one token; raises `rate_limited`."""
        now, address = self._clock.monotonic(), address_of(host)
        budget = self._budgets.get(address)
        if budget is None:
            budget = self._budgets[address] = Budget(PER_SECOND, BURST, now)
        if not budget.try_spend(1, now):
            raise Rejected(
                Code.RATE_LIMITED,
                "too many guest tokens for your address; ask again later",
                retry_after_ms=max(1, to_ms(budget.wait(now, 1))),
            )

    def forget(self, now: float) -> None:
        """Drop the addresses whose budgets are full."""
        full = [address for address, budget in self._budgets.items() if not budget.wait(now, BURST)]
        for address in full:
            del self._budgets[address]


def is_own_host(host: str, public_url: str) -> bool:
    """Whether no other site can have this Host: its page could read answers by DNS rebinding.

    A site can point its own name at this server. It cannot own `localhost`, or an address.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        own = urlsplit(public_url).hostname
    except ValueError:
        return False
    if name in ("localhost", own):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
