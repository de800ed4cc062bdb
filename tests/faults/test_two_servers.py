"""Two servers on one database edit one document: of two commits on one head, one wins."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.editor import Editor
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import UNLIMITED, RunningServer

EDITS = 150


async def test_two_servers_lose_nothing_and_double_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    (tmp_path / "two").mkdir()
    with (
        RunningServer(tmp_path, database=postgres_url, env=UNLIMITED) as one,
        RunningServer(tmp_path / "two", database=postgres_url, env=UNLIMITED) as two,
    ):
        loop = asyncio.get_running_loop()
        editors = [
            Editor(server.ws, "page", user, await server.mint(user))
            for server, user in ((one, "ada"), (two, "bo"))
        ]
        for editor in editors:
            await editor.connect({"ada": {}, "bo": {}})
        began = loop.time()
        async with asyncio.timeout(60):
            await asyncio.gather(*(editor.edit(EDITS) for editor in editors))
        seconds = loop.time() - began
        for editor in editors:
            await editor.finish()
        values = [await _value_after_an_edit(server, editors) for server in (one, two)]
        for editor in editors:
            await editor.close()
    entries = await read_log(postgres_url, "page")
    check_log(entries, editors, values[-1])
    assert len(entries) > 2 * EDITS, "both have written"
    record("two servers", acked_per_s=sum(len(one.acked) for one in editors) / seconds)


async def _value_after_an_edit(server: RunningServer, editors: list[Editor]) -> object:
    """Return the value that a server serves after it has committed on the newest head."""
    token = await server.mint("cy")
    client = await PatchClient.connect(server.ws, "page", token)
    ack = await client.answer(
        await client.patch({"op": "add", "path": f"/at{server.port}", "value": 1})
    )
    assert ack["type"] == "ack"
    reply = call("GET", f"{server.http}/v1/docs/page", token=token)
    await client.until_version(reply.position[1])
    assert client.value == reply.body
    await client.close()
    return reply.body
