"""The doorstep: how many sockets of one address may be here that have not said who they are."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

# Behind the ones at the door, so many times as many may wait; the next one is turned away.
QUEUE = 10


@dataclass(slots=True)
class _Step:
    """One address: who stands at the door, and who waits to."""

    standing: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Doorstep:
    """Places for strangers.

    Invariant: at most `most` sockets of an address (0: any number) are between their upgrade and
    their admission, and an address of which none is has no entry here. Whoever comes when all
    places are taken waits before the upgrade: honest clients, that come back all at once after a
    restart or through one proxy, leave a place within milliseconds, silent ones within seconds.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._steps: dict[str, _Step] = {}

    def __len__(self) -> int:
        return len(self._steps)

    async def enter(self, host: str) -> Callable[[], None] | None:
        """Take a place; what gives it back, once however often it is called. None: all taken."""
        address = address_of(host)
        step = self._steps.setdefault(address, _Step())
        if not self._most or (step.standing < self._most and not step.waiting):
            step.standing += 1
        elif len(step.waiting) >= QUEUE * self._most or not await self._wait(address, step):
            return None
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._leave(address, step)

        return leave

    async def _wait(self, address: str, step: _Step) -> bool:
        """Until somebody who leaves hands their place over."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        step.waiting.append(place)
        try:
            await asyncio.wait([place], timeout=self._patience)
        except asyncio.CancelledError:
            if place.done():
                self._leave(address, step)
            raise
        finally:
            if not place.done():
                step.waiting.remove(place)
        return place.done()

    def _leave(self, address: str, step: _Step) -> None:
        self._hand_over(step)
        if not step.standing and not step.waiting:
            self._steps.pop(address, None)

    def _hand_over(self, step: _Step) -> None:
        """To whoever has waited longest, or to whoever comes next."""
        if step.waiting:
            step.waiting.popleft().set_result(None)
        else:
            step.standing -= 1


def address_of(host: str) -> str:
    """One subscriber's addresses as one: of IPv6 they have 2^64 (RFC 6177)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
