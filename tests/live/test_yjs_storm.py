"""Five y-websocket clients and five patch clients edit one document at the same time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collab.patch.pointer import lookup, parse
from collab.patch.text_changes import as_splices, difference
from collab.rights.user_rights import Role
from tests.faults.log_check import read_log, replayed
from tests.live.http_client import call
from tests.live.page import PAGE
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeer, YjsPeers

UNLIMITED = {"WEFT_IN_MESSAGES_PER_SECOND": "0", "WEFT_IN_BYTES_PER_SECOND": "0"}
WORDS = ["hero ", "é", "日本", "Buy now ", "🚀", "x", " ", "teal"]
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
            *(_edit(client, Random(seed * 100 + n), share) for n, client in enumerate(patches)),
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


# --- a patch client's random edits -----------------------------------------------------------


async def _edit(client: PatchClient, rng: Random, count: int) -> None:
    for number in range(count):
        ops = _ops(client.value, rng, f"{client.opened['session']}-{number}")
        if client.opened["accept"] and isinstance(old := _text(client.value, ops[0]), str):
            ops = as_splices(ops[0]["path"], difference(old, ops[0]["value"]))
        answer = await client.answer(await client.patch(*ops))
        if answer["type"] == "reject":
            assert answer["code"] in ("conflict", "invalid_document"), answer


def _ops(value: Any, rng: Random, name: str) -> list[dict[str, Any]]:
    sections = value["sections"]
    at = rng.randrange(len(sections)) if sections else 0
    roll = rng.random()
    texts = ["/title"]
    if sections and isinstance(sections[at].get("headline"), str):
        texts += [f"/sections/{at}/headline"] * 3
    if roll < 0.5 or not sections:
        return [_typed(value, rng.choice(texts), rng)]
    if roll < 0.6:
        card = {"id": name, "type": "card", "headline": rng.choice(WORDS), "tags": [1]}
        return [{"op": "add", "path": f"/sections/{rng.randint(0, len(sections))}", "value": card}]
    if roll < 0.75:
        to = rng.randrange(len(sections))
        return [{"op": "move", "from": f"/sections/{at}", "path": f"/sections/{to}"}]
    if roll < 0.82 and len(sections) > 3:
        return [{"op": "remove", "path": f"/sections/{at}"}]
    if roll < 0.9:
        return [{"op": "add", "path": f"/sections/{at}/color", "value": rng.choice(WORDS)}]
    return [
        {"op": "add", "path": "/width", "value": rng.randrange(2000)},
        {"op": "add", "path": f"/{rng.choice('ab')}", "value": {"list": [rng.random(), "x"]}},
    ]


def _typed(value: Any, path: str, rng: Random) -> dict[str, Any]:
    text = lookup(value, parse(path))
    start = rng.randint(0, len(text))
    end = min(len(text), start + rng.choice([0, 0, 0, 2]))
    return {"op": "replace", "path": path, "value": text[:start] + rng.choice(WORDS) + text[end:]}


def _text(value: Any, op: dict[str, Any]) -> Any:
    return lookup(value, parse(op["path"])) if op["op"] == "replace" else None
