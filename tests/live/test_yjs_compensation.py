"""A Yjs update that violates the schema is applied and reverted in one version, unseen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import call
from tests.live.page import PAGE
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["title", "sections"],
    "properties": {
        "title": {"type": "string", "maxLength": 12},
        "width": {"type": "integer", "minimum": 0},
        "sections": {
            "type": "array",
            "minItems": 3,
            "maxItems": 4,
            "items": {"type": "object", "required": ["id", "type"]},
        },
    },
}
BREAKING = {
    "a field set wrong": "content.set('width', -5)",
    "a field of another type": "content.set('width', new Y.Text('wide'))",
    "a field removed": "content.delete('title')",
    "text typed too long": "at('/title').insert(3, 'and much more')",
    "a text set anew": "content.set('title', new Y.Text('far too long a title'))",
    "a section too many": "for (const id of ['x', 'y']) "
    "layout.insertElement(at('/sections'), 1, id, {id, type: 'card'})",
    "a section without a type": "layout.insertElement(at('/sections'), 0, 'x', {id: 'x'})",
    "a section hidden": "layout.removeElement(at('/sections'), 1)",
    "a section deleted": "at('/sections').delete('cards')",
    "all sections at once": "content.set('sections', Y.Array.from(['nothing']))",
    "what a section needs": "at('/sections/0').delete('type')",
    "good and bad together": "content.set('width', 7); content.delete('sections')",
}


async def _set_schema(server: RunningServer, doc: str) -> str:
    admin = await server.mint("root", Role.ADMIN)
    url = f"{server.http}/v1/docs/{doc}/schema"
    assert (await asyncio.to_thread(call, "PUT", url, SCHEMA, token=admin)).status < 300
    return admin


@pytest.mark.parametrize("what", BREAKING)
async def test_an_update_that_violates_the_schema_is_reverted_unseen(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str, what: str
) -> None:
    patch = await join(doc, ada, create=PAGE)
    admin = await _set_schema(server, doc)
    sender, watcher = await join_yjs(doc, bo), await join_yjs(doc, ada)
    await watcher.run("peer.watching = true")
    await sender.run(BREAKING[what])
    await patch.until_version(2)
    assert patch.changes[-1]["ops"] == []
    await sender.until_equals("", PAGE)
    # Later edits on both lanes build on it.
    await sender.run("at('/title').insert(7, '!')")
    await patch.until_version(3)
    await patch.set("/sections/1/cards/0/title", "Uno")
    await watcher.until_equals("", patch.value)
    await sender.until_equals("", patch.value)
    assert (patch.value["title"], patch.version) == ("Landing!", 4)
    seen = await watcher.run("return peer.seen")
    assert all(value in (PAGE, {**PAGE, "title": "Landing!"}, patch.value) for value in seen)
    assert await sender.run("return [peer.closed, peer.provider.synced]") == [None, True]
    for version, value in ((1, PAGE), (2, PAGE), (3, {**PAGE, "title": "Landing!"})):
        url = f"{server.http}/v1/docs/{doc}?at={version}"
        assert (await asyncio.to_thread(call, "GET", url, token=admin)).body == value


async def test_an_update_beyond_the_size_limit_is_reverted(tmp_path: Path, peers: YjsPeers) -> None:
    with RunningServer(tmp_path, env={"WEFT_MAX_DOCUMENT": "20000"}) as server:
        token = await server.mint("ada")
        patch = await PatchClient.connect(server.ws, "page", token, create={"title": "Hello"})
        yjs = await peers.peer()
        await yjs.connect(server.ws, "page", token)
        await yjs.synced()
        grow = "content.set('k' + content.size, new Y.Text('x'.repeat(9000)))"
        for version in (2, 3):
            await yjs.run(grow)
            await patch.until_version(version)
        held = patch.value
        await yjs.run(grow)
        await patch.until_version(4)
        assert patch.changes[-1]["ops"] == []
        await yjs.until_equals("", held)
        await patch.close()
