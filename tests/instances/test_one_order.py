"""Twelve clients of both lanes at three instances: one order, and the same value everywhere."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.faults.log_check import read_log, replayed
from tests.instances.several import Several
from tests.live.page import PAGE
from tests.live.random_edits import edit_at_random
from tests.patch_client import PatchClient
from tests.storage.redis_server import RedisServer
from tests.yjs_peer import YjsPeer, YjsPeers

pytestmark = pytest.mark.real

INSTANCES, CLIENTS = 3, 6  # clients of each lane


@pytest.mark.parametrize(
    ("with_redis", "edits"),
    [
        (True, 600),
        (False, 240),
        pytest.param(True, 20_000, marks=pytest.mark.long),
    ],
)
async def test_clients_at_three_instances_see_one_order(
    tmp_path: Path,
    database: str,
    redis: RedisServer,
    peers: YjsPeers,
    with_redis: bool,
    edits: int,
) -> None:
    url = redis.url if with_redis else ""
    async with Several(tmp_path, database, url, INSTANCES) as several:
        if with_redis:
            await several.until_connected()
        tokens = [await several.token(f"user{number}") for number in range(2 * CLIENTS)]
        patches = [
            await PatchClient.connect(
                several[number].ws,
                "page",
                token,
                create=PAGE,
                accept=["splice"] if number % 2 else [],
            )
            for number, token in enumerate(tokens[:CLIENTS])
        ]
        yjs = [await peers.peer() for _ in range(CLIENTS)]
        for number, peer in enumerate(yjs):
            await peer.connect(several[number].ws, "page", tokens[CLIENTS + number])
            await peer.synced()
        share = edits // (2 * CLIENTS)
        await asyncio.gather(
            *(edit_at_random(client, Random(n), share) for n, client in enumerate(patches)),
            *(peer.edit_at_random(n, share) for n, peer in enumerate(yjs)),
        )
        await _compare(several, database, patches, yjs)
        for client in patches:
            await client.close()


def _has(client: PatchClient, names: set[str]) -> bool:
    return bool(names <= client.value.keys())


async def _compare(
    several: Several, database: str, patches: list[PatchClient], yjs: list[YjsPeer]
) -> None:
    """Compare all clients, all instances and the log."""
    for number, peer in enumerate(yjs):
        await peer.run(f"content.set('done{number}', true)")
    done = {f"done{number}" for number in range(len(yjs))}
    for client in patches:
        await client.until(partial(_has, client, done))
    entries = await read_log(database, "page")
    head, value = len(entries), replayed(entries)
    assert [entry.version for entry in entries] == list(range(1, head + 1))
    token = await several.token("reader")
    for number in range(len(several.servers)):
        reply = await several.get(number, "page", token)
        assert (reply.position[1], reply.body) == (head, value)
    for client in patches:
        await client.until_version(head)
        assert client.value == value
    for peer in yjs:
        await peer.until_equals("", value)
