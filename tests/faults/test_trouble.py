"""A database fault as clients see it: refusals, a notice, and recovery without help."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from collab.ids import DocKey
from tests.faults.editor import Editor
from tests.faults.log_check import check_log, read_log
from tests.faults.serving import Fault, FaultyStore, Serving, serving
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.yjs_peer import YjsPeers, has_node


@pytest.fixture
async def store(tmp_path: Path) -> FaultyStore:
    return FaultyStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")


@pytest.fixture
async def served(tmp_path: Path, store: FaultyStore) -> AsyncIterator[Serving]:
    async with serving(tmp_path, store) as running:
        yield running


async def get(served: Serving, doc: str = "page") -> Reply:
    token = await served.token("ada")
    return await asyncio.to_thread(call, "GET", f"{served.http}/v1/docs/{doc}", token=token)


def notices(client: PatchClient) -> list[str]:
    return [message["code"] for message in client.others if message["type"] == "notice"]


@pytest.mark.parametrize(("fault", "version"), [("before", 2), ("after", 2)])
async def test_an_edit_with_an_unknown_commit_is_applied_once_when_resent(
    served: Serving, store: FaultyStore, fault: Fault, version: int
) -> None:
    one = await PatchClient.connect(served.ws, "page", await served.token("ada"), create={"n": 0})
    two = await PatchClient.connect(served.ws, "page", await served.token("bo"))
    store.faults.append(fault)
    refused = await one.set("/n", 1, id="a.1")
    assert (refused["code"], refused["retryable"]) == ("storage_unavailable", True)
    await one.until(lambda: notices(one) == ["read_only", "writable"])
    one.rejects.clear()
    ack = await one.set("/n", 1, id="a.1")
    assert ack["version"] == version, ack
    assert ack.get("duplicate", False) == (fault == "after")
    await two.until_version(version)
    assert two.value == {"n": 1}
    assert [change["version"] for change in two.changes] == [2], "once, to everybody"
    await one.set("/n", 2)
    await two.until_version(3)
    assert notices(two) == ["read_only", "writable"]
    await one.close()
    await two.close()
    assert (await get(served)).body == {"n": 2}


async def test_documents_are_read_while_the_database_cannot_write(
    served: Serving, store: FaultyStore
) -> None:
    client = await PatchClient.connect(
        served.ws, "page", await served.token("ada"), create={"n": 0}
    )
    store.down = True
    assert (await client.set("/n", 1))["code"] == "storage_unavailable"
    assert (await client.set("/n", 2))["code"] == "storage_unavailable"
    reply = await get(served)
    assert (reply.status, reply.body) == (200, {"n": 0})
    closed = await get(served, "unopened")
    assert (closed.status, closed.body["code"]) == (503, "storage_unavailable")
    store.down = False
    await client.until(lambda: notices(client) == ["read_only", "writable"])
    assert (await client.set("/n", 3))["version"] == 2
    await client.close()


async def test_faults_under_load_lose_nothing_and_double_nothing(
    served: Serving, store: FaultyStore
) -> None:
    editors = [
        Editor(served.ws, "page", user, await served.token(user)) for user in ("ada", "bo", "cy")
    ]
    for editor in editors:
        await editor.connect({"ada": {}, "bo": {}, "cy": {}, "dee": 0})
    dee = await PatchClient.connect(served.ws, "page", await served.token("dee"))
    faults: tuple[Fault, ...] = ("", "", "after", "", "before", "")
    for _ in range(5):
        store.faults.extend(faults)
        await asyncio.gather(*(editor.edit(40) for editor in editors))
    for editor in editors:
        await editor.close()
        # The document is read-only when the editors reconnect.
        while (await dee.set("/dee", dee.version))["type"] == "ack":
            store.faults.append("before")
        await editor.come_back()
    value = (await get(served)).body
    for editor in editors:
        await editor.close()
    await dee.close()
    assert sum(editor.refused for editor in editors) > 0
    check_log(await read_log(store.url, "page"), editors, value)


async def test_a_refused_yjs_update_is_synced_again_without_help(
    served: Serving, store: FaultyStore
) -> None:
    if not has_node():
        pytest.skip("Node or its modules are missing: install Node and run `npm ci` in tests/node")
    patch = await PatchClient.connect(
        served.ws, "page", await served.token("ada"), create={"text": ""}
    )
    peers = await YjsPeers.start()
    yjs = await peers.peer()
    await yjs.connect(served.ws, "page", await served.token("bo"))
    await yjs.synced()
    for fault in ("before", "after"):
        store.faults.append(fault)
        await yjs.run(f"at('/text').insert(0, '<{fault}>')")
        await patch.until(lambda: f"<{fault}>" in patch.value["text"])  # noqa: B023 - waits here
        await patch.until(lambda: notices(patch)[-1:] == ["writable"])
    assert patch.value == {"text": "<after><before>"}
    assert await yjs.read() == patch.value
    assert [entry.version for entry in await read_log(store.url, "page")] == [1, 2, 3]
    await peers.close()
    await patch.close()


async def test_a_commit_waits_for_a_file_that_another_process_locks(
    served: Serving, store: FaultyStore, tmp_path: Path
) -> None:
    client = await PatchClient.connect(
        served.ws, "page", await served.token("ada"), create={"n": 0}
    )
    with closing(sqlite3.connect(tmp_path / "weft.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        waiting = await client.patch({"op": "replace", "path": "/n", "value": 1})
        assert (await get(served)).body == {"n": 0}
        answer = asyncio.create_task(client.answer(waiting))
        answered, _ = await asyncio.wait({answer}, timeout=1)
        assert not answered
        other.execute("ROLLBACK")
    assert (await answer)["version"] == 2
    assert notices(client) == []
    await client.close()


async def test_a_file_that_stays_locked_makes_its_documents_read_only(
    served: Serving, store: FaultyStore, tmp_path: Path
) -> None:
    client = await PatchClient.connect(
        served.ws, "page", await served.token("ada"), create={"n": 0}
    )
    with closing(sqlite3.connect(tmp_path / "weft.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert (await client.set("/n", 1))["code"] == "storage_unavailable"
        assert notices(client) == ["read_only"]
        other.execute("ROLLBACK")
    await client.until(lambda: notices(client) == ["read_only", "writable"])
    assert (await client.set("/n", 2))["version"] == 2
    await client.close()
    assert [entry.version for entry in await store.entries(DocKey("demo", "page"), 0, 9, 9)] == [
        1,
        2,
    ]
