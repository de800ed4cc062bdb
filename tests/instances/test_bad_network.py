"""Messages that Redis loses, and an instance that Redis or the database does not reach."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from tests.faults.log_check import read_log, replayed
from tests.instances.database_proxy import database_proxy
from tests.instances.redis_proxy import redis_proxy
from tests.instances.several import Several
from tests.live.page import PAGE
from tests.live.random_edits import edit_at_random
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.storage.postgres_server import PostgresServer
from tests.storage.redis_server import RedisServer

pytestmark = pytest.mark.real


@pytest.mark.parametrize("edits", [25, pytest.param(500, marks=pytest.mark.long)])
async def test_lost_messages_and_a_cut_do_no_harm(
    tmp_path: Path, database: str, redis: RedisServer, edits: int
) -> None:
    """Every tenth message is lost. Then one instance is cut off from Redis, and comes back."""
    async with AsyncExitStack() as stack:
        proxies = [
            await stack.enter_async_context(redis_proxy(redis, loses=0.1, seed=seed))
            for seed in range(3)
        ]
        several = Several(tmp_path, database, [proxy.url for proxy in proxies])
        async with several:
            await several.until_connected()
            clients = [
                await PatchClient.connect(
                    several[number].ws, "page", await several.token(f"user{number}"), create=PAGE
                )
                for number in range(3)
            ]
            await _edit(clients, edits)
            await _all_level(several, clients, database)
            assert all(proxy.lost for proxy in proxies)
            proxies[1].cut()
            await _edit(clients, edits)
            await _all_level(several, clients, database)
            proxies[1].mend()
            await several.until_connected()
            await _edit(clients, edits)
            await _all_level(several, clients, database)
            for client in clients:
                await client.close()


async def test_an_instance_without_its_database_serves_nothing_stale(
    tmp_path: Path, database: str, redis: RedisServer, cluster: PostgresServer
) -> None:
    """The others go on. The instance that is cut off refuses, and comes back with all edits."""
    async with database_proxy(cluster.root) as proxy:
        urls = [database, proxy.url(database), database]
        async with Several(tmp_path, urls, redis.url) as several:
            await several.until_connected()
            token = await several.token("ada")
            clients = [
                await PatchClient.connect(several[number].ws, "page", token, create=PAGE)
                for number in range(3)
            ]
            away = clients[1]
            await _edit(clients, 5)
            await _all_level(several, clients, database)
            proxy.cut()
            refused = await away.set("/title", "not stored")
            assert (refused["type"], refused["code"]) == ("reject", "storage_unavailable")
            assert (await several.get(1, "page", token)).status == 503
            assert (await clients[0].set("/title", "stored"))["type"] == "ack"
            await clients[2].until(lambda: clients[2].value["title"] == "stored")
            assert (await several.get(2, "page", token)).body["title"] == "stored"
            assert away.value["title"] != "not stored"
            proxy.mend()
            await _until_accepted(away)
            # On a busy machine a commit may take longer than the database's limits.
            await _edit(clients, 5, "storage_unavailable")
            await _all_level(several, clients, database)
            for client in clients:
                await client.close()


async def _until_accepted(client: PatchClient) -> None:
    """Send an edit again until the server accepts it, as an SDK does."""
    async with asyncio.timeout(PATIENCE):
        while (answer := await client.set("/width", 5))["type"] == "reject":
            assert answer["code"] == "storage_unavailable"


async def _edit(clients: list[PatchClient], edits: int, *refusals: str) -> None:
    await asyncio.gather(
        *(edit_at_random(one, Random(n), edits, *refusals) for n, one in enumerate(clients))
    )


async def _all_level(several: Several, clients: list[PatchClient], database: str) -> None:
    entries = await read_log(database, "page")
    value, token = replayed(entries), await several.token("reader")
    for number, client in enumerate(clients):
        await client.until_version(len(entries))
        assert client.value == value
        reply = await several.get(number, "page", token)
        assert (reply.position[1], reply.body) == (len(entries), value)
