"""The client of docs/client.md converges with a real server."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE

import httpx
import pytest

from tests.running import RunningServer
from tests.snippets import snippet
from tests.yjs_peer import NODE, has_node

WAIT = 60.0


@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
async def test_three_clients_that_lose_their_connections_converge(
    server: RunningServer, ada: str, bo: str, doc: str
) -> None:
    address = f"{server.http}/v1/docs/{doc}"
    headers = {"Authorization": f"Bearer {ada}"}
    async with httpx.AsyncClient(headers=headers) as client:
        value = {"list": [{"text": "one"}, {"text": "two"}]}
        assert (await client.put(address, json=value)).status_code == 201
        process = await asyncio.create_subprocess_exec(
            "node",
            "documented_client.mjs",
            snippet("docs/client.md", "page"),
            snippet("docs/client.md", "apply"),
            snippet("docs/client.md", "connect"),
            snippet("docs/client.md", "use"),
            snippet("docs/client.md", "react"),
            f"{server.ws}/v1/docs/{doc}/live",
            "7",
            *(ada, bo, bo),
            cwd=NODE,
            stdout=PIPE,
        )
        output, _ = await asyncio.wait_for(process.communicate(), WAIT)
        assert process.returncode == 0
        final = await client.get(address)
    for editor in json.loads(output):
        assert editor["confirmed"] == editor["shown"] == editor["seen"] == final.json()
        assert str(editor["version"]) == final.headers["Weft-Version"]
        assert editor["connections"] > 1


@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
async def test_a_client_that_lost_the_answer_is_told_of_its_conflict(
    server: RunningServer, ada: str, bo: str, doc: str
) -> None:
    headers = {"Authorization": f"Bearer {ada}"}
    async with httpx.AsyncClient(headers=headers) as client:
        address = f"{server.http}/v1/docs/{doc}"
        assert (await client.put(address, json={"n": ""})).status_code == 201
    process = await asyncio.create_subprocess_exec(
        "node",
        "documented_conflict.mjs",
        *(snippet("docs/client.md", name) for name in ("page", "apply", "connect", "use")),
        f"{server.ws}/v1/docs/{doc}/live",
        *(ada, bo),
        cwd=NODE,
        stdout=PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), WAIT)
    assert process.returncode == 0
    ((answer,), shown) = json.loads(output)
    (conflict,) = answer["conflicts"]
    assert (answer["duplicate"], shown) == (True, {"n": "yours"})
    assert (conflict["theirs"], conflict["yours"]) == ("theirs", "yours")
