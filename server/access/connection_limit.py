"""Limits how many sockets one IP address may have before the server admits their clients.

The server admits a client when its token is valid and its document is open. In this module, an
address is an IPv4 address or an IPv6 /64 network.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

# An address has a number of places for sockets whose clients are not admitted. For each place, ten
# more sockets may wait. The server refuses any more.
QUEUE = 10


@dataclass(slots=True)
class _Address:
    """One address: how many places its sockets have, and which sockets wait for a place."""

    taken: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class ConnectionLimit:
    """Places for sockets whose clients are not admitted yet.

    Invariant: at most `most` sockets of an address (0: no limit) are between their upgrade and
    their admission. An address without such a socket has no entry here.

    When all places of an address are taken, a socket waits before its upgrade. Many honest clients
    of one address may reconnect at once, for example after a restart and behind one proxy. Each of
    them releases its place within milliseconds. A client that sends no token is disconnected within
    seconds, so its place is released too.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._addresses: dict[str, _Address] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    async def acquire(self, host: str) -> Callable[[], None] | None:
        """Wait for a place. Return the function that releases the place.

        Only the first call of that function has an effect. Return None when no place becomes free
        in time, or when too many sockets wait already.
        """
        name = address_of(host)
        address = self._addresses.setdefault(name, _Address())
        if not self._most or (address.taken < self._most and not address.waiting):
            address.taken += 1
        elif len(address.waiting) >= QUEUE * self._most or not await self._wait(name, address):
            return None
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                self._release(name, address)

        return release

    async def _wait(self, name: str, address: _Address) -> bool:
        """Wait until another socket releases its place. Return False at the timeout."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        address.waiting.append(place)
        try:
            await asyncio.wait([place], timeout=self._patience)
        except asyncio.CancelledError:
            if place.done():
                self._release(name, address)
            raise
        finally:
            if not place.done():
                address.waiting.remove(place)
        return place.done()

    def _release(self, name: str, address: _Address) -> None:
        _pass_on(address)
        if not address.taken and not address.waiting:
            self._addresses.pop(name, None)


def _pass_on(address: _Address) -> None:
    """Give a released place to the socket that has waited longest. If none waits, free it."""
    if address.waiting:
        address.waiting.popleft().set_result(None)
    else:
        address.taken -= 1


def address_of(host: str) -> str:
    """Return the name of a host's address: the IPv4 address, or the IPv6 /64 network.

    An internet customer has at least one IPv6 /64 network (RFC 6177).
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
