"""Several instances in one process, on one store, with a network that loses messages."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from collab.ports.gossip import LOST, Deliver
from collab.ports.store import Store
from server.instances.relay import Relay
from tests.faults.inside import Inside, inside


class Network:
    """Carries the messages of all instances. By default it is perfect.

    `loses` is the share of messages that it loses silently; as many come twice, and as many late.
    """

    def __init__(self, seed: int = 0, loses: float = 0.0) -> None:
        self.choose = random.Random(seed)
        self.loses = loses
        self.sent: list[tuple[str, bytes]] = []
        self.cut: set[Wire] = set()  # instances that neither send nor hear
        self._late: list[tuple[str, bytes]] = []
        self._wires: list[Wire] = []

    def join(self) -> Wire:
        """Return the gossip of one more instance."""
        wire = Wire(self)
        self._wires.append(wire)
        return wire

    def send(self, sender: Wire, channel: str, message: bytes) -> None:
        if sender in self.cut:
            return
        self.sent.append((channel, message))
        if self.choose.random() < self.loses:
            return
        if self.choose.random() < self.loses:
            self._late.append((channel, message))
            return
        for _ in range(2 if self.choose.random() < self.loses else 1):
            self._deliver(channel, message)

    def deliver_late(self) -> None:
        """Deliver the delayed messages, in any order."""
        late, self._late = self._late, []
        self.choose.shuffle(late)
        for channel, message in late:
            self._deliver(channel, message)

    def _deliver(self, channel: str, message: bytes) -> None:
        for wire in self._wires:
            if wire not in self.cut:
                wire.deliver(channel, message)


class Wire:
    """The gossip of one instance."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._readers: defaultdict[str, list[Deliver]] = defaultdict(list)
        self.reaches_others = self.is_connected = True

    async def run(self) -> None: ...

    async def ping(self) -> bool:
        return self.is_connected

    def publish(self, channel: str, message: bytes) -> None:
        self._network.send(self, channel, message)

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        self._readers[channel].append(deliver)
        asyncio.get_running_loop().call_soon(deliver, LOST)
        return lambda: self._readers[channel].remove(deliver)

    def deliver(self, channel: str, message: bytes) -> None:
        for deliver in list(self._readers[channel]):
            deliver(message)


@asynccontextmanager
async def instances(store: Store, network: Network, count: int = 2) -> AsyncIterator[list[Inside]]:
    """Yield instances with a relay each."""
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(inside(store)) for _ in range(count)]
        for number, one in enumerate(made):
            relay = Relay(one.hub, network.join(), f"i-{number}")
            one.hub.others = relay
        yield made


async def poll(every: list[Inside]) -> None:
    """Compare each instance with the database, as maintenance does once a second."""
    for one in every:
        assert isinstance(one.hub.others, Relay)
        await one.hub.others.poll()
