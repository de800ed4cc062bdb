"""Gossip between instances, over a real Redis that is killed, restarted empty, and frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from storage.gossip import redis
from storage.gossip.redis import RedisGossip, find_fault
from tests.patience import eventually
from tests.storage.gossip.heard import Heard
from tests.storage.redis_server import RedisServer, running_redis

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "_SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(redis, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(redis, "_RETRY_SECONDS", 0.05)


@asynccontextmanager
async def running(url: str) -> AsyncIterator[RedisGossip]:
    gossip = RedisGossip(url)
    task = asyncio.create_task(gossip.run(), name="gossip")
    try:
        yield gossip
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_instances_get_messages_of_their_channels_only(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        home, away = Heard(there, "home"), Heard(there, "away")
        await home.lost()
        await away.lost()
        here.publish("other", b"x")
        here.publish("away", b"2")
        here.publish("home", b"\0\xff")
        assert await home.next() == b"\0\xff"
        assert await away.next() == b"2"
        assert await here.ping()
        assert there.is_connected


async def test_another_database_of_the_same_redis_hears_nothing(server: RedisServer) -> None:
    async with running(server.url) as here, running(f"{server.url}/3") as there:
        mine, other = Heard(here, "home"), Heard(there, "home")
        await mine.lost()
        await other.lost()
        here.publish("home", b"here")
        assert await mine.next() == b"here"
        there.publish("home", b"there")
        assert await other.next() == b"there"
        assert mine.waiting() == []


async def test_a_new_subscription_first_gets_lost(server: RedisServer) -> None:
    async with running(server.url) as gossip:
        first = Heard(gossip, "home")
        await first.lost()
        second = Heard(gossip, "home")
        await second.lost()
        gossip.publish("home", b"1")
        assert [await first.next(), await second.next()] == [b"1", b"1"]


async def test_a_channel_without_readers_is_unsubscribed(server: RedisServer) -> None:
    async with running(server.url) as gossip:
        first, second = Heard(gossip, "home"), Heard(gossip, "away")
        await first.lost()
        await second.lost()
        first.end()
        again = Heard(gossip, "home")
        await again.lost()
        gossip.publish("home", b"1")
        assert await again.next() == b"1"
        assert first.waiting() == []


async def test_without_redis_no_caller_waits_and_loss_is_announced(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        heard = Heard(there, "home")
        await heard.lost()
        server.kill()
        assert not await here.ping()
        for n in range(20):
            here.publish("home", b"swallowed %d" % n)
        late = Heard(there, "away")
        await eventually(lambda: not here.is_connected and not there.is_connected)
        server.start()
        await heard.lost()
        await late.lost()
        assert await here.ping()
        await eventually(lambda: here.is_connected)
        here.publish("away", b"back")
        assert await late.next() == b"back"
        await eventually(lambda: here.is_connected and there.is_connected)


async def test_a_frozen_redis_is_reconnected(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        heard = Heard(there, "home")
        await heard.lost()
        server.freeze()
        try:
            for n in range(20_000):
                here.publish("home", b"%d" % n)
            assert not await here.ping()
            await eventually(lambda: not here.is_connected and not there.is_connected)
        finally:
            server.thaw()
        await heard.lost()
        await eventually(lambda: here.is_connected)
        here.publish("home", b"thawed")
        while await heard.next() != b"thawed":
            pass


async def test_while_redis_is_away_messages_take_no_memory(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        heard = Heard(there, "home")
        await heard.lost()
        here.publish("home", bytes(1024))
        assert await heard.next() == bytes(1024)
        assert here._outbox_bytes == 0
        server.kill()
        here.publish("home", b"first")
        await eventually(lambda: not here._sends)
        kept = len(here._outbox)
        for _ in range(100):
            here.publish("home", bytes(1024))
        assert len(here._outbox) == kept
        server.start()
        await heard.lost()


async def test_the_messages_that_wait_have_a_bound_in_bytes() -> None:
    gossip = RedisGossip("redis://127.0.0.1:1")
    piece = redis._OUTBOX_BYTES // 4
    for number in range(6):
        gossip.publish(f"channel {number}", bytes(piece))
    assert [channel for channel, _ in gossip._outbox] == [f"channel {n}" for n in range(2, 6)]
    assert gossip._channels_with_loss == {"channel 0", "channel 1"}
    gossip.publish("home", bytes(redis._OUTBOX_BYTES + 1))
    assert len(gossip._outbox) == 4, "a message that is too large pushes no other out"
    assert "home" in gossip._channels_with_loss
    await gossip._client.aclose()


async def test_an_error_of_a_reader_is_no_fault_of_redis(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(server.url) as gossip:

        def broken(message: bytes) -> None:
            raise AttributeError("a bug of ours")

        gossip.subscribe("home", broken)
        heard = Heard(gossip, "home")
        await heard.lost()
        gossip.publish("home", b"1")
        assert await heard.next() == b"1"
        assert gossip.is_connected
        assert "cannot read from Redis" not in caplog.text


async def test_gossip_begins_when_redis_appears(server: RedisServer) -> None:
    server.kill()
    async with running(server.url) as gossip:
        heard = Heard(gossip, "home")
        gossip.publish("home", b"early")
        assert not await gossip.ping()
        server.start()
        await heard.lost()
        await eventually(lambda: gossip.is_connected)
        gossip.publish("home", b"now")
        while await heard.next() != b"now":
            pass


async def test_a_value_is_kept_for_some_time(server: RedisServer) -> None:
    async with running(server.url) as here, running(server.url) as there:
        assert await there.kept("budgets") is None
        here.keep("budgets", b"1", 60)
        here.keep("budgets", b"\0\xff", 60)
        async with asyncio.timeout(5):
            while await there.kept("budgets") != b"\0\xff":
                await asyncio.sleep(0)
        here.keep("budgets", b"3", 0.05)
        async with asyncio.timeout(5):
            while await there.kept("budgets") is not None:
                await asyncio.sleep(0)


async def test_without_redis_no_value_is_found(server: RedisServer) -> None:
    async with running(server.url) as here:
        server.kill()
        here.keep("budgets", b"1", 60)
        assert await here.kept("budgets") is None


# --- `weft check` ---------------------------------------------------------------------------


async def test_a_check_finds_no_fault_when_a_message_arrives(server: RedisServer) -> None:
    assert await find_fault(server.url) == ""
    assert await find_fault(f"{server.url}/3") == ""


async def test_a_check_finds_a_redis_that_is_stopped_or_frozen(server: RedisServer) -> None:
    server.freeze()
    try:
        assert "Timeout" in await find_fault(server.url)
    finally:
        server.thaw()
    server.kill()
    assert "Connection refused" in await find_fault(server.url)


async def test_a_check_finds_a_user_who_may_not_publish(server: RedisServer) -> None:
    client = Redis.from_url(server.url)
    try:
        await client.execute_command(  # type: ignore[no-untyped-call] # redis-py has no type for it
            "ACL", "SETUSER", "weft", "on", ">secret", "~*", "resetchannels", "+@all"
        )
    finally:
        await client.aclose()
    place = server.url.removeprefix("redis://")
    assert "channel" in await find_fault(f"redis://weft:secret@{place}")
    assert "password" in await find_fault(f"redis://weft:wrong@{place}")


async def test_a_stop_while_messages_are_sent_ends_and_sends_them(server: RedisServer) -> None:
    async with running(server.url) as there:
        heard = Heard(there, "home")
        await heard.lost()
        for number in range(20):
            here = RedisGossip(server.url)
            task = asyncio.create_task(here.run(), name="gossip")
            own = Heard(here, "own")
            await own.lost()
            here.publish("home", b"first %d" % number)
            assert await heard.next() == b"first %d" % number
            here.publish("home", b"last %d" % number)
            task.cancel()
            async with asyncio.timeout(5):
                await asyncio.wait([task])
            assert await heard.next() == b"last %d" % number
