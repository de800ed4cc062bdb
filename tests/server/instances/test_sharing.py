"""Sharing: one task for presence, budgets and the presence query of an instance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from collab.flow.budget import Allowance, BudgetPool
from collab.flow.shared import BudgetsAsked, BudgetsShown
from collab.ids import DocKey
from server.instances import budget_exchange, presence_query, sharing
from server.instances.messages import InstanceGone, InstanceHere, decode
from server.instances.presence_exchange import PresenceExchange
from server.instances.sharing import Sharing
from storage.gossip.memory import MemoryGossip
from tests.manual_clock import ManualClock

ADA = (DocKey("demo", "home"), "ada")


class Heard:
    """Keeps the messages of a channel."""

    def __init__(self, gossip: MemoryGossip, channel: str) -> None:
        self.bodies: list[Any] = []
        gossip.subscribe(channel, self._take)

    def _take(self, message: bytes) -> None:
        read = decode(message)
        if read is not None:
            self.bodies.append(read.body)


def sharing_of(
    gossip: MemoryGossip, clock: ManualClock, pools: Mapping[str, BudgetPool]
) -> Sharing:
    presence = PresenceExchange(gossip, clock, "a")
    return Sharing(gossip, clock, "a", pools, presence, lambda key: [])


async def turns(count: int = 60) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_it_shares_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "TICK", 0)
    gossip, clock = MemoryGossip(), ManualClock()
    pool = BudgetPool(Allowance(1_000, 10_000), Allowance(0, 0))
    made = sharing_of(gossip, clock, {"documents": pool})
    budgets = Heard(gossip, budget_exchange.CHANNEL)
    here = Heard(gossip, presence_query.CHANNEL)
    task = asyncio.create_task(made.run(), name="sharing")
    await turns()
    assert BudgetsAsked() in budgets.bodies
    assert InstanceHere() in here.bodies
    pool.acquire(ADA, clock.monotonic()).inbound.spend(8_000, clock.monotonic())
    clock.advance(1.5)
    await turns()
    assert any(isinstance(body, BudgetsShown) for body in budgets.bodies)
    task.cancel()
    await asyncio.wait([task])
    await turns(3)
    assert here.bodies[-1] == InstanceGone()
    assert isinstance(budgets.bodies[-1], BudgetsShown)


def test_presence_is_due_once_a_second() -> None:
    made = sharing_of(MemoryGossip(), ManualClock(), {})
    calls: list[str] = []
    made.budgets.tick = lambda: calls.append("budgets")  # type: ignore[method-assign]
    made.query.tick = lambda: calls.append("query")  # type: ignore[method-assign]
    made.presence.tick = lambda: calls.append("presence")  # type: ignore[method-assign]
    for _ in range(20):
        made.tick()
    assert [calls.count(name) for name in ("budgets", "query", "presence")] == [20, 2, 2]


async def test_a_bug_of_one_part_ends_neither_the_others_nor_the_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sharing, "TICK", 0)
    gossip = MemoryGossip()
    made = sharing_of(gossip, ManualClock(), {})
    here = Heard(gossip, presence_query.CHANNEL)

    def broken() -> None:
        raise ValueError("a bug of ours")

    async def not_restored() -> None:
        broken()

    monkeypatch.setattr(made.budgets, "restore", not_restored)
    monkeypatch.setattr(made.budgets, "tick", broken)
    monkeypatch.setattr(made.presence, "tick", broken)
    task = asyncio.create_task(made.run(), name="sharing")
    await turns()
    assert not task.done()
    assert InstanceHere() in here.bodies
    assert "sharing failed: budgets" in caplog.text
    assert "sharing failed: presence" in caplog.text
    task.cancel()
    await asyncio.wait([task])
