"""Guests of the demo: which Host headers may ask for a guest token, and how often."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from collab.errors import Code, Rejected
from collab.flow.budget import Budget, to_ms
from server.access.connection_limit import address_of

if TYPE_CHECKING:
    from server.runtime.clock import Clock

# Guest tokens of one IP address: how many at once, and then how many per second.
BURST = 30
PER_SECOND = 0.2


class GuestTokenLimit:
    """Limits how many guest tokens an IP address gets.

    Invariant: this object keeps an address at least until its budget is full again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets: dict[str, Budget] = {}

    def __len__(self) -> int:
        return len(self._budgets)

    def charge(self, host: str) -> None:
        """Charge an address for one token, or raise `rate_limited`."""
        now, address = self._clock.monotonic(), address_of(host)
        budget = self._budgets.get(address)
        if budget is None:
            budget = self._budgets[address] = Budget(PER_SECOND, BURST, now)
        if not budget.try_spend(1, now):
            raise Rejected(
                Code.RATE_LIMITED,
                "your address has asked for too many guest tokens; try again later",
                retry_after_ms=max(1, to_ms(budget.wait(now, 1))),
            )

    def forget(self, now: float) -> None:
        """Drop the addresses whose budgets are full."""
        full = [address for address, budget in self._budgets.items() if not budget.wait(now, BURST)]
        for address in full:
            del self._budgets[address]


def is_own_host(host: str, public_url: str) -> bool:
    """Whether the Host header shows that another site did not use DNS rebinding.

    Another site can make its own host name resolve to this server's IP address. Then a browser
    lets that site's pages read our answers. But the Host header of such a request has the name of
    that site. It is never `localhost`, an IP address or the host of `public_url`.
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
