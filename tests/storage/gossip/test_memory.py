"""Gossip in one process."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from storage.gossip.memory import MemoryGossip
from tests.storage.contract import AWAY, HOME, OTHER


async def test_subscriptions_get_the_messages_of_their_document() -> None:
    gossip = MemoryGossip()
    first, second, away = gossip.subscribe(HOME), gossip.subscribe(HOME), gossip.subscribe(AWAY)
    await gossip.publish(HOME, b"1")
    await gossip.publish(OTHER, b"another tenant's")
    await gossip.publish(AWAY, b"2")
    assert [await anext(first), await anext(second), await anext(away)] == [b"1", b"1", b"2"]


async def test_messages_before_the_subscription_are_not_delivered() -> None:
    gossip = MemoryGossip()
    await gossip.publish(HOME, b"early")
    subscription = gossip.subscribe(HOME)
    await gossip.publish(HOME, b"late")
    assert await anext(subscription) == b"late"


async def test_a_slow_reader_loses_the_oldest_and_gets_a_notice() -> None:
    gossip = MemoryGossip(depth=2)
    subscription = gossip.subscribe(HOME)
    for message in (b"1", b"2", b"3"):
        await gossip.publish(HOME, message)
    assert [await anext(subscription) for _ in range(3)] == [b"", b"2", b"3"]


async def test_a_closed_subscription_ends_and_is_removed() -> None:
    gossip = MemoryGossip(depth=1)
    async with aclosing(gossip.subscribe(HOME)) as subscription:
        await gossip.publish(HOME, b"1")
    await subscription.aclose()
    await gossip.publish(HOME, b"2")
    assert [message async for message in subscription] == []
    assert not gossip._subscriptions
    assert await gossip.ping()


async def test_closing_wakes_a_waiting_reader() -> None:
    subscription = MemoryGossip().subscribe(HOME)

    async def read() -> list[bytes]:
        return [message async for message in subscription]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    await subscription.aclose()
    assert await reading == []
