"""Five y-websocket clients and five patch clients edit one document at the same time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.faults.log_check import read_log, replayed
from tests.live.http_client import call
from tests.live.page import PAGE
from tests.live.random_edits import edit_at_random
from tests.patch_client import PatchClient
from tests.running import UNLIMITED, RunningServer
from tests.yjs_peer import YjsPeer, YjsPeers

CLIENTS = 5
EDITS = 2000


# So narrow that random edits often violate it.
SCHEMA: dict[str, Any] = {
    "properties": {
        "title": {"type": "string", "maxLength": 40},
        "width": {"type": "integer", "maximum": 1500},
        "sections": {
            "maxItems": 8,
            "minItems": 3,
            "items": {"properties": {"headline": {"type": "string", "maxLength": 30}}},
        },
    }
}


@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["free", "schema"])
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]
)
async def test_clients_of_both_lanes_converge_to_the_replayed_log(
    tmp_path: Path, peers: YjsPeers, seed: int, schema: dict[str, Any] | None
) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        patches, yjs = await _gather(server, peers)
        if schema is not None:
            await _set_schema(server, schema)
        began = time.monotonic()
        share = EDITS // (2 * CLIENTS)
        await asyncio.gather(
            *(
                edit_at_random(client, Random(seed * 100 + n), share)
                for n, client in enumerate(patches)
            ),
            *(peer.edit_at_random(seed * 100 + n, share) for n, peer in enumerate(yjs)),
        )
        for number, peer in enumerate(yjs):
            await peer.run(f"content.set('done{number}', true)")
        done = {f"done{number}" for number in range(CLIENTS)}
        await patches[0].until(lambda: done <= patches[0].value.keys(), 60)
        print(f"{EDITS} edits, {patches[0].version} versions in {time.monotonic() - began:.1f} s")
        await _compare(server, patches, yjs)
        for client in patches:
            await client.close()


async def _gather(
    server: RunningServer, peers: YjsPeers
) -> tuple[list[PatchClient], list[YjsPeer]]:
    tokens = [await server.mint(f"user{number}") for number in range(2 * CLIENTS)]
    patches = [
        await PatchClient.connect(
            server.ws, "page", token, create=PAGE, accept=["splice"] if number % 2 else []
        )
        for number, token in enumerate(tokens[:CLIENTS])
    ]
    yjs = [await peers.peer() for _ in range(CLIENTS)]
    for peer, token in zip(yjs, tokens[CLIENTS:], strict=True):
        await peer.connect(server.ws, "page", token)
        await peer.synced()
    return patches, yjs


async def _set_schema(server: RunningServer, schema: dict[str, Any]) -> None:
    url, token = f"{server.http}/v1/docs/page/schema", await server.mint("root", Role.ADMIN)
    assert (await asyncio.to_thread(call, "PUT", url, schema, token=token)).status < 300


async def _compare(server: RunningServer, patches: list[PatchClient], yjs: list[YjsPeer]) -> None:
    url, token = f"{server.http}/v1/docs/page", await server.mint("ada")
    reply = await asyncio.to_thread(call, "GET", url, token=token)
    head = reply.position[1]
    for client in patches:
        await client.until_version(head)
        assert client.value == reply.body
    for peer in yjs:
        await peer.until_equals("", reply.body)
    entries = await read_log(server.database, "page")
    assert [entry.version for entry in entries] == list(range(1, head + 1))
    assert replayed(entries) == reply.body
    server.kill()
    await asyncio.to_thread(server.start)
    again = await asyncio.to_thread(call, "GET", url, token=token)
    assert (again.body, again.headers["etag"]) == (reply.body, reply.headers["etag"])
