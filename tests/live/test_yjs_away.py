"""Yjs clients that were offline: large updates, old client ids, and a killed server."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from collab.rights.user_rights import Role
from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import call
from tests.live.page import PAGE
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers


async def test_offline_edits_are_synced_once_after_kill_9(tmp_path: Path, peers: YjsPeers) -> None:
    with RunningServer(tmp_path) as server:
        token, bo = await server.mint("ada", Role.ADMIN), await server.mint("bo")
        patch = await PatchClient.connect(server.ws, "page", token, create=PAGE)
        yjs = await peers.peer(client_id=4242)
        await yjs.connect(server.ws, "page", bo)
        await yjs.synced()
        await yjs.run("at('/title').insert(0, 'a')")
        await patch.until(lambda: bool(patch.value["title"] == "aLanding"))
        await yjs.disconnect()
        for letter in "bcdefgh":
            await yjs.run(f"at('/title').insert(0, '{letter}')")
        await yjs.run("layout.insertElement(at('/sections'), 0, 'mine', {id: 'mine', n: 1})")
        await patch.set("/width", 1)
        server.kill()
        await patch.close()
        await asyncio.to_thread(server.start)
        await yjs.reconnect()
        # The same update again, like a tab that kept its document under a new client id.
        tab = await peers.peer(state=await yjs.state())
        await tab.connect(server.ws, "page", bo)
        await tab.synced()
        await tab.run("at('/title').insert(0, 'i')")
        after = await PatchClient.connect(server.ws, "page", token)
        await after.until(lambda: bool(after.value["title"] == "ihgfedcbaLanding"))
        wanted = [{"id": "mine", "n": 1}, *PAGE["sections"]]
        assert after.value == {**PAGE, "title": "ihgfedcbaLanding", "width": 1, "sections": wanted}
        await yjs.until_equals("", after.value)
        await tab.until_equals("", after.value)
        await after.close()


async def test_a_step_2_that_adds_nothing_makes_no_version(
    join: Join,
    join_yjs: JoinYjs,
    ada: str,
    bo: str,
    peers: YjsPeers,
    server: RunningServer,
    doc: str,
) -> None:
    patch = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    await yjs.run("at('/title').delete(0, 3)")
    await patch.until_version(2)
    for _ in range(3):
        await yjs.disconnect()
        await yjs.reconnect()
    again = await peers.peer(state=await yjs.state())
    await again.connect(server.ws, doc, bo)
    await again.synced()
    assert (await patch.set("/width", 7))["version"] == 3


async def test_an_old_copy_of_a_deleted_document_is_closed_and_not_merged(
    server: RunningServer, join: Join, join_yjs: JoinYjs, doc: str
) -> None:
    admin = await server.mint("ada", Role.ADMIN)
    await join(doc, admin, create={"old": "text"})
    yjs = await join_yjs(doc, admin)
    await yjs.disconnect()
    await yjs.run("content.set('mine', 1)")
    url = f"{server.http}/v1/docs/{doc}"
    assert (await asyncio.to_thread(call, "DELETE", url, token=admin)).status == 204
    await join(doc, admin, create={"new": "text"})
    await yjs.run("peer.closed = null")
    await yjs.ask("reconnect")
    assert await yjs.closed() == 4410
    assert await yjs.run("return peer.closed.reason.startsWith('load the document again')")
    again = await join_yjs(doc, admin)
    assert await again.read() == {"new": "text"}
    assert (await asyncio.to_thread(call, "GET", url, token=admin)).body == {"new": "text"}


async def test_a_client_that_joins_during_a_database_fault_is_synced_after_it(
    server: RunningServer,
    join: Join,
    join_yjs: JoinYjs,
    peers: YjsPeers,
    ada: str,
    bo: str,
    doc: str,
) -> None:
    patch = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    other = sqlite3.connect(server.home / "weft.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await yjs.run("at('/title').insert(0, 'kept ')")
    await patch.until(lambda: {"type": "notice", "code": "read_only"} in patch.others, 30)
    late = await peers.peer()
    await late.connect(server.ws, doc, bo)
    await late.until("peer.provider.wsconnected")
    await yjs.run("at('/title').insert(0, 'typed on ')")
    other.close()
    await patch.until(lambda: bool(patch.value["title"] == "typed on kept Landing"), 30)
    await late.synced(30)
    await late.until_equals("", patch.value)
    await yjs.until_equals("", patch.value)
