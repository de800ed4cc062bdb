"""A document is renewed under its clients: they lose nothing, and their undo goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.faults.log_check import read_log
from tests.live.page import PAGE
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

ENV = {"WEFT_MAX_VALUES": "400"}  # a document is renewed above 200 needless blocks
VALUE: dict[str, Any] = {**PAGE, "numbers": {"a": 0, "b": 0}}


async def renewals(server: RunningServer) -> list[int]:
    """Return the versions that are renewals."""
    entries = await read_log(server.database, "page")
    return [entry.version for entry in entries if entry.lane == "server"]


async def until_renewed(server: RunningServer) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await renewals(server):
            await asyncio.sleep(0)


async def edit(client: PatchClient, edits: int) -> None:
    """Replace two values in turn."""
    ops = [
        {"op": "replace", "path": f"/numbers/{'ab'[at % 2]}", "value": at} for at in range(edits)
    ]
    await client.answer(await client.patch(*ops))


async def test_both_lanes_go_on_after_a_renewal(tmp_path: Path, peers: YjsPeers) -> None:
    with RunningServer(tmp_path, env=ENV) as server:
        ada, bo = await server.mint("ada"), await server.mint("bo")
        patch = await PatchClient.connect(server.ws, "page", ada, create=VALUE)
        yjs, away = await peers.peer(client_id=4242), await peers.peer(client_id=4343)
        for peer in (yjs, away):
            await peer.connect(server.ws, "page", bo)
            await peer.synced()
        await patch.set("/title", "A new title")
        await away.until_equals("/title", "A new title")
        await edit(patch, 450)
        for peer in (yjs, away):
            await peer.disconnect()
        assert await renewals(server) == []
        await patch.close()
        await until_renewed(server)
        # Both lanes go on in the content that was written again, and so does undo.
        patch = await PatchClient.connect(server.ws, "page", ada)
        await yjs.ask("reconnect")
        await patch.set("/numbers/a", -1)
        await yjs.until_equals("/numbers/a", -1)
        await yjs.run("at('/title').insert(0, 'c')")
        await patch.until(lambda: bool(patch.value["title"] == "cA new title"))
        await patch.send({"type": "undo", "id": "u", "scope": "/title"})
        assert (await patch.answer("u"))["type"] == "ack"
        await patch.until(lambda: bool(patch.value["title"] == f"c{PAGE['title']}"))
        await yjs.until_equals("", patch.value)
        # An unsent edit in the former content is not lost silently: its client must load again.
        await away.run("at('/title').insert(0, 'd')")
        await away.ask("reconnect")
        assert await away.closed() == 4410
        value = patch.value
        await patch.close()
        server.kill()
        await asyncio.to_thread(server.start)
        after = await PatchClient.connect(server.ws, "page", ada)
        assert after.value == value
        await after.close()
