"""Presence and budgets at three instances, while Redis or an instance fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from tests.faults.figures import record
from tests.instances.redis_proxy import redis_proxy
from tests.instances.several import Several
from tests.instances.watcher import NOTHING, Watcher
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.storage.redis_server import RedisServer
from tests.yjs_peer import YjsPeers

pytestmark = pytest.mark.real


@asynccontextmanager
async def watchers(several: Several) -> AsyncIterator[list[Watcher]]:
    """Connect one client to each instance, and wait until each shows the others."""
    await several.until_connected()
    made = []
    for number, server in enumerate(several.servers):
        token = await several.token(f"user{number}")
        client = await PatchClient.connect(server.ws, "page", token, create={"title": "Hello"})
        made.append(Watcher(client))
    await all_shown(made, [NOTHING] * len(made), 15.0)
    yield made
    for one in made:
        await one.client.close()


async def all_shown(
    all_of: list[Watcher], states: list[dict[str, Any]], seconds: float = PATIENCE
) -> None:
    """Wait until each client shows the states of all other clients."""
    for number, one in enumerate(all_of):
        others = {f"user{at}": state for at, state in enumerate(states) if at != number}
        await one.until_shown(others, seconds)


async def all_point(all_of: list[Watcher], offset: int) -> list[dict[str, Any]]:
    for one in all_of:
        await one.point(offset)
    return [{"cursor": {"path": "/title", "offset": offset}}] * len(all_of)


@pytest.mark.parametrize("fault", ["wiped", "frozen"])
async def test_presence_is_level_after_every_instance_has_lost_redis(
    tmp_path: Path, database: str, redis: RedisServer, fault: str
) -> None:
    async with Several(tmp_path, database, redis.url) as several, watchers(several) as all_of:
        await all_shown(all_of, await all_point(all_of, 1))
        if fault == "frozen":
            redis.freeze()
        else:
            redis.kill()
        await several.until_degraded()
        pointed = await all_point(all_of, 2)
        if fault == "frozen":
            redis.thaw()
        else:
            redis.start()
        await several.until_connected()
        connected = time.monotonic()
        await all_shown(all_of, pointed)
        record(f"Redis {fault}: presence", level_after_s=time.monotonic() - connected)
        await all_shown(all_of, await all_point(all_of, 3))


async def test_presence_is_level_although_messages_are_lost_and_an_instance_is_cut_off(
    tmp_path: Path, database: str, redis: RedisServer
) -> None:
    async with AsyncExitStack() as stack:
        proxies = [
            await stack.enter_async_context(redis_proxy(redis, loses=0.1, seed=seed))
            for seed in range(3)
        ]
        urls = [proxy.url for proxy in proxies]
        async with Several(tmp_path, database, urls) as several, watchers(several) as all_of:
            offsets = count()
            while not all(proxy.lost for proxy in proxies):
                for offset in islice(offsets, 8):
                    pointed = await all_point(all_of, offset % 5)
                await all_shown(all_of, pointed)
            proxies[1].cut()
            await several.until_degraded(1)
            pointed = await all_point(all_of, 5)
            proxies[1].mend()
            await several.until_connected()
            await all_shown(all_of, pointed)


async def test_the_clients_of_a_drained_instance_vanish_at_once(
    tmp_path: Path, database: str, redis: RedisServer, peers: YjsPeers
) -> None:
    async with Several(tmp_path, database, redis.url) as several, watchers(several) as all_of:
        yjs = await peers.peer()
        await yjs.connect(several[2].ws, "page", await several.token("cy"))
        await yjs.synced()
        own = all_of[0].client.opened["client_id"]
        await yjs.until(f"states[{own}] !== undefined")
        stopping = asyncio.create_task(asyncio.to_thread(several.servers[0].stop))
        await all_of[1].until_shown({"user2": NOTHING, "cy": {"user": _user("cy")}}, 10.0)
        await yjs.until(f"states[{own}] === undefined")
        assert await stopping == 0


def _user(name: str) -> dict[str, str]:
    return {"id": name, "name": name.title()}


@pytest.mark.long
async def test_the_clients_of_a_killed_instance_vanish_in_30_s(
    tmp_path: Path, database: str, redis: RedisServer
) -> None:
    async with Several(tmp_path, database, redis.url) as several, watchers(several) as all_of:
        several.servers[0].kill()
        await all_of[1].until_shown({"user2": NOTHING}, 32.0)
        await all_of[2].until_shown({"user1": NOTHING}, 5.0)


async def test_a_restart_gives_a_user_no_new_budget(
    tmp_path: Path, database: str, redis: RedisServer
) -> None:
    """One instance restarts alone: Redis keeps the budgets that are not full."""
    small = {"WEFT_IN_MESSAGES_PER_SECOND": "2", "WEFT_IN_MESSAGES_BURST": "100"}
    async with Several(tmp_path, database, redis.url, 1, **small) as several:
        await several.until_connected()
        [server] = several.servers
        token = await several.token("ada")
        assert await asyncio.to_thread(_accepted, server, token) >= 100
        assert server.stop() == 0
        await asyncio.to_thread(server.start)
        await several.until_connected()
        # Two messages a second, and a budget of a hundred only when it is new.
        assert await asyncio.to_thread(_accepted, server, token) < 75


def _accepted(server: RunningServer, token: str) -> int:
    """Send requests until one is refused; return how many were accepted."""
    for accepted in range(1_000):
        reply = call("GET", f"{server.http}/v1/docs/page", token=token)
        if reply.status == 429:
            return accepted
    raise AssertionError("no request was refused")
