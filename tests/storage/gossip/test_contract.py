"""What every adapter of gossip does, whatever carries its messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from collab.ports.gossip import LOST, Gossip
from storage.gossip.local import LocalGossip
from storage.gossip.memory import MemoryGossip
from storage.gossip.redis import RedisGossip
from tests.patience import eventually
from tests.storage.gossip.heard import Heard
from tests.storage.redis_server import running_redis


class Pair(NamedTuple):
    """The gossip of two instances. In one process, both are the same."""

    here: Gossip
    there: Gossip


@asynccontextmanager
async def running(gossip: Gossip) -> AsyncIterator[Gossip]:
    task = asyncio.create_task(gossip.run(), name="gossip")
    try:
        await eventually(lambda: gossip.is_connected)
        yield gossip
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def redis_url() -> Iterator[str]:
    with running_redis() as server:
        yield server.url


@pytest_asyncio.fixture(
    params=["memory", "broker", "connected", pytest.param("redis", marks=pytest.mark.real)]
)
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    one: Gossip
    two: Gossip
    match request.param:
        case "memory":
            both = MemoryGossip()
            yield Pair(both, both)
            return
        case "redis":
            url = request.getfixturevalue("redis_url")
            one, two = RedisGossip(url), RedisGossip(url)
        case _:
            one, two = LocalGossip(tmp_path / "bus"), LocalGossip(tmp_path / "bus")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(one))
        second = await stack.enter_async_context(running(two))
        yield Pair(second, first) if request.param == "connected" else Pair(first, second)


async def test_every_subscription_of_a_channel_gets_its_messages_in_order(pair: Pair) -> None:
    readers = [Heard(gossip, "home") for gossip in (pair.here, pair.there, pair.there)]
    away = Heard(pair.there, "away")
    for reader in (*readers, away):
        await reader.lost()
    pair.here.publish("other", b"x")
    for n in range(100):
        pair.here.publish("home", b"%d" % n)
        pair.here.publish("away", b"\0\xff%d" % n)
    for reader in readers:
        assert [await reader.next() for _ in range(100)] == [b"%d" % n for n in range(100)]
    assert [await away.next() for _ in range(100)] == [b"\0\xff%d" % n for n in range(100)]


async def test_a_subscription_begins_with_lost(pair: Pair) -> None:
    first = Heard(pair.there, "home")
    await first.lost()
    second = Heard(pair.there, "home")
    await second.lost()
    pair.here.publish("home", b"1")
    assert [await first.next(), await second.next()] == [b"1", b"1"]


async def test_an_ended_subscription_gets_nothing(pair: Pair) -> None:
    ended, other = Heard(pair.there, "home"), Heard(pair.there, "home")
    await ended.lost()
    await other.lost()
    ended.waiting()
    ended.end()
    ended.end()
    pair.here.publish("home", b"1")
    assert await other.next() == b"1"
    assert ended.waiting() == []


async def test_a_channel_is_subscribed_again_after_its_last_subscription(pair: Pair) -> None:
    first, away = Heard(pair.there, "home"), Heard(pair.there, "away")
    await first.lost()
    await away.lost()
    first.end()
    again = Heard(pair.there, "home")
    await again.lost()
    pair.here.publish("home", b"1")
    assert await again.next() == b"1"


async def test_a_message_that_is_lost_says_so(pair: Pair) -> None:
    heard = Heard(pair.there, "home")
    await heard.lost()
    heard.waiting()
    pair.here.publish("home", LOST)
    await heard.lost()


async def test_names_may_have_any_character(pair: Pair) -> None:
    heard = Heard(pair.there, "doc/ä b/\n*?[x]")
    await heard.lost()
    pair.here.publish("doc/ä b/\n*?[x]", b"1")
    assert await heard.next() == b"1"


async def test_ten_thousand_messages_arrive_in_order(pair: Pair) -> None:
    heard = Heard(pair.there, "home")
    await heard.lost()
    came: list[bytes] = []
    for start in range(0, 10_000, 100):
        for n in range(start, start + 100):
            pair.here.publish("home", b"%d" % n)
        came += [await heard.next() for _ in range(100)]
    assert came == [b"%d" % n for n in range(10_000)]


async def test_the_other_side_answers(pair: Pair) -> None:
    assert await pair.here.ping()
    assert await pair.there.ping()
