"""HTTP requests at alternating instances: each answer is as of one server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.instances.several import Several
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient

pytestmark = pytest.mark.real


class Ask:
    """Sends each request to the next instance."""

    def __init__(self, several: Several, token: str) -> None:
        self.several, self.token = several, token
        self._next = 0

    async def __call__(self, method: str, path: str, body: Any = None, **headers: Any) -> Reply:
        self._next += 1
        url = f"{self.several[self._next].http}/v1/docs/page{path}"
        ask = partial(call, method, url, body, token=self.token)
        return await asyncio.to_thread(lambda: ask(**headers))


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    """Two servers on one SQLite file, joined by the local bus."""
    database = f"sqlite+aiosqlite:///{tmp_path}/weft.db"
    async with Several(tmp_path, database, count=2, WEFT_LOCAL_BUS="1") as several:
        yield Ask(several, await several.servers[0].mint("pia", Role.ADMIN))


async def test_each_instance_answers_as_if_it_were_the_only_one(ask: Ask) -> None:
    made = await ask("PUT", "", {"n": 0, "text": "x"}, If_None_Match="*")
    assert made.status == 201
    again = await ask("PUT", "", {"n": 0}, If_None_Match="*")
    assert again.status == 412
    etag = made.headers["etag"]
    assert (await ask("GET", "", If_None_Match=etag)).status == 304
    for number in range(1, 6):
        patched = await ask("PATCH", "", [_set("/n", number)], If_Match=etag)
        assert patched.status == 200, patched.raw
        stale = await ask("PATCH", "", [_set("/n", -1)], If_Match=etag)
        assert stale.status == 412
        read = await ask("GET", "")
        assert (read.body["n"], read.headers["etag"]) == (number, patched.headers["etag"])
        etag = patched.headers["etag"]
    same = [_set("/text", "once")]
    first = await ask("PATCH", "", same, Idempotency_Key="k1")
    second = await ask("PATCH", "", same, Idempotency_Key="k1")
    assert (first.status, second.status) == (200, 200)
    assert second.body["version"] == first.body["version"]
    assert (await ask("POST", "/undo", {})).status == 200
    assert (await ask("GET", "")).body["text"] == "x"
    assert (await ask("POST", "/redo", {})).status == 200
    assert (await ask("GET", "")).body["text"] == "once"


async def test_schemas_publications_locks_and_deletions_hold_everywhere(ask: Ask) -> None:
    await ask("PUT", "", {"n": 0, "text": "x"}, If_None_Match="*")
    await ask("GET", "")  # both instances have the document open
    schema = {"properties": {"n": {"type": "integer"}}}
    assert (await ask("PUT", "/schema", schema)).status == 204
    for _ in range(2):
        assert (await ask("PATCH", "", [_set("/n", "text")])).status == 422
    assert (await ask("GET", "/schema")).body == schema
    published = await ask("POST", "/publish", {})
    assert published.status == 200
    assert (await ask("GET", "/publish")).body["published"] == published.body["published"]
    lock = await ask("POST", "/locks", {"scope": "/text"})
    assert lock.status == 201, lock.raw
    for _ in range(2):
        assert "/text" in (await ask("GET", "/locks")).raw.decode()
    bo = Ask(ask.several, await ask.several.token("bo"))
    for _ in range(2):
        assert (await bo("PATCH", "", [_set("/text", "bo")])).status == 423
    readers = [
        await PatchClient.connect(ask.several[number].ws, "page", ask.token) for number in range(2)
    ]
    assert (await ask("DELETE", "")).status == 204
    for reader in readers:
        assert await reader.until_closed() == 4404
        await reader.close()
    for _ in range(2):
        assert (await ask("GET", "")).status == 404
    assert (await ask("PUT", "", {"again": True}, If_None_Match="*")).status == 201
    assert (await ask("GET", "")).body == {"again": True}


def _set(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}
