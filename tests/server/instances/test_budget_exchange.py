"""The budget exchange: the pools of several instances, with one gossip between them."""

from __future__ import annotations

import asyncio

import pytest

from collab.flow.budget import Allowance, BudgetPool
from collab.flow.shared import BudgetsAsked
from collab.ids import DocKey
from collab.ports.gossip import LOST
from server.instances.budget_exchange import CHANNEL, BudgetExchange
from server.instances.messages import encode
from storage.gossip.memory import MemoryGossip
from tests.manual_clock import ManualClock

SMALL = Allowance(1_000, 10_000, 10, 100)
NONE = Allowance(0, 0)
ADA = (DocKey("demo", "home"), "ada")


class Drawer:
    """A keeper in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.seconds = 0.0

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        self.values[name], self.seconds = value, seconds

    async def kept(self, name: str) -> bytes | None:
        return self.values.get(name)


class Instance:
    def __init__(
        self, name: str, gossip: MemoryGossip, clock: ManualClock, keeper: Drawer | None = None
    ) -> None:
        self.pool, self.others = BudgetPool(SMALL, NONE), BudgetPool(SMALL, NONE)
        self.clock = clock
        self.exchange = BudgetExchange(
            gossip, clock, name, {"documents": self.pool, "creations": self.others}, keeper
        )
        self.exchange.start()

    def spend(self, size: int) -> None:
        now = self.clock.monotonic()
        self.pool.acquire(ADA, now).inbound.spend(size, now)
        self.pool.release(ADA, now)

    def level(self) -> float:
        budgets, now = self.pool.acquire(ADA, self.clock.monotonic()), self.clock.monotonic()
        self.pool.release(ADA, now)
        return budgets.inbound.bytes.level(now)


async def pass_time(*instances: Instance, seconds: float = 1.2) -> None:
    for _ in range(round(seconds * 10)):
        instances[0].clock.advance(0.1)
        for instance in instances:
            instance.exchange.tick()
        for _ in range(3):
            await asyncio.sleep(0)


async def test_what_a_user_spends_here_is_charged_there() -> None:
    gossip, clock = MemoryGossip(), ManualClock()
    a, b = Instance("a", gossip, clock), Instance("b", gossip, clock)
    await pass_time(a, b)
    a.spend(8_000)
    await pass_time(a, b)
    assert b.level() == pytest.approx(a.level(), abs=150)
    assert a.level() == pytest.approx(2_000 + 1_200, abs=150)


async def test_the_pools_are_separate() -> None:
    gossip, clock = MemoryGossip(), ManualClock()
    a, b = Instance("a", gossip, clock), Instance("b", gossip, clock)
    owner = ("demo", "ada")
    a.others.acquire(owner, clock.monotonic()).inbound.spend(8_000, clock.monotonic())
    await pass_time(a, b)
    assert len(b.pool) == 0
    charged = b.others.find(owner)
    assert charged is not None
    assert charged.inbound.bytes.level(clock.monotonic()) < 5_000


async def test_an_instance_that_starts_asks_for_the_budgets() -> None:
    gossip, clock = MemoryGossip(), ManualClock()
    a, b = Instance("a", gossip, clock), Instance("b", gossip, clock)
    a.spend(8_000)
    await pass_time(a, b)
    a.exchange.stop()
    again = Instance("a2", gossip, clock)
    await pass_time(again, b, seconds=0.3)
    assert again.level() == pytest.approx(b.level(), abs=150)
    assert again.level() < 6_000


async def test_an_instance_that_stops_sends_what_it_has_spent() -> None:
    gossip, clock = MemoryGossip(), ManualClock()
    a, b = Instance("a", gossip, clock), Instance("b", gossip, clock)
    await pass_time(a, b)
    a.spend(8_000)
    a.exchange.stop()
    a.exchange.stop()
    await pass_time(b, seconds=0.3)
    assert b.level() < 3_000


async def test_a_restart_of_all_instances_finds_the_kept_budgets() -> None:
    gossip, clock, drawer = MemoryGossip(), ManualClock(), Drawer()
    a = Instance("a", gossip, clock, drawer)
    await a.exchange.restore()
    await pass_time(a)
    assert not drawer.values
    a.spend(8_000)
    await pass_time(a)
    assert drawer.seconds >= SMALL.bytes_burst / SMALL.bytes_per_second
    a.spend(1_000)
    a.exchange.stop()  # this keeps the newest budgets
    left = a.level()
    clock.advance(1.0)
    again = Instance("a2", gossip, clock, drawer)
    await again.exchange.restore()
    assert again.level() == pytest.approx(left + 1_000, abs=5)
    drawer.values[CHANNEL] = b"\xff"
    await again.exchange.restore()


async def test_without_a_connection_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    gossip, clock, sent = MemoryGossip(), ManualClock(), list[bytes]()
    a, b = Instance("a", gossip, clock), Instance("b", gossip, clock)
    await pass_time(a, b)
    gossip.subscribe(CHANNEL, sent.append)
    monkeypatch.setattr(MemoryGossip, "is_connected", False)
    a.spend(8_000)
    await pass_time(a, b)
    assert sent == [LOST]
    assert b.level() == 10_000
    monkeypatch.setattr(MemoryGossip, "is_connected", True)
    await pass_time(a, b)
    assert b.level() == pytest.approx(a.level(), abs=150)


async def test_messages_of_others_and_of_another_format_are_ignored() -> None:
    gossip, clock = MemoryGossip(), ManualClock()
    a = Instance("a", gossip, clock)
    for message in (b"\xff?", b"", encode("a", BudgetsAsked())):
        gossip.publish(CHANNEL, message)
    await pass_time(a)
    assert a.level() == 10_000
