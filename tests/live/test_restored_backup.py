"""The runbook for a restored backup, with real clients that were connected before."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.house import ROOT
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import WEFT, RunningServer
from tests.yjs_peer import YjsPeer, YjsPeers

WIRE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")


class Restorable(RunningServer):
    """A server whose database is restored as docs/operations.md says."""

    @property
    def file(self) -> Path:
        return self.home / "weft.db"

    def back_up(self) -> None:
        self.stop()
        shutil.copy(self.file, self.home / "backup.db")
        self.start()

    def restore(self) -> None:
        self.stop()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copy(self.home / "backup.db", self.file)
        command = [str(WEFT), "doc", "new-epoch", "--all", "--database", self.database]
        subprocess.run(command, check=True, capture_output=True)
        self.start()

    def put(self, doc: str, value: Any, token: str) -> None:
        assert call("PUT", f"{self.http}/v1/docs/{doc}", value, token=token).status == 201

    def patch(self, doc: str, pointer: str, value: Any, token: str) -> None:
        ops = [{"op": "add", "path": pointer, "value": value}]
        assert call("PATCH", f"{self.http}/v1/docs/{doc}", ops, token=token).status == 200

    def get(self, doc: str, token: str) -> Any:
        return call("GET", f"{self.http}/v1/docs/{doc}", token=token).body


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Restorable]:
    running = Restorable(tmp_path)
    with running:
        yield running


class Tabs:
    """Several y-websocket clients of one document."""

    def __init__(self, server: Restorable, peers: YjsPeers) -> None:
        self._server = server
        self._peers = peers

    async def open(self, token: str, *, client_id: int = 0, doc: str = "page") -> YjsPeer:
        tab = await self._peers.peer(client_id=client_id)
        await tab.connect(self._server.ws, doc, token)
        await tab.synced()
        return tab

    async def is_closed(self, tab: YjsPeer) -> None:
        """Whether a tab reconnects and is closed with the code for a stale document."""
        await tab.run("peer.closed = null")
        await tab.ask("reconnect")
        assert await tab.closed() == 4410
        assert await tab.run("return peer.closed.reason.startsWith('load the document again')")


@pytest.fixture
def tabs(server: Restorable, peers: YjsPeers) -> Tabs:
    return Tabs(server, peers)


async def test_only_tabs_that_saw_lost_versions_must_reload(server: Restorable, tabs: Tabs) -> None:
    ada, bo = await server.mint("ada"), await server.mint("bo")
    eve = await server.mint("eve", Role.VIEWER)
    server.put("page", {"title": "first"}, ada)
    server.back_up()
    behind, ahead, viewer = await tabs.open(ada), await tabs.open(ada), await tabs.open(eve)
    old = await PatchClient.connect(server.ws, "page", bo)
    await behind.disconnect()
    server.patch("page", "/lost", "made after the backup", bo)
    for tab in (ahead, viewer):
        await tab.until_equals("/lost", "made after the backup")
        await tab.disconnect()
    since = {"epoch": old.opened["epoch"], "version": old.version}
    await old.close()
    await asyncio.to_thread(server.restore)

    await tabs.is_closed(ahead)
    await tabs.is_closed(viewer)
    await behind.reconnect()
    await behind.run("at('/title').insert(0, 'typed after it: ')")
    wanted = {"title": "typed after it: first"}
    fresh = await tabs.open(ada)
    await fresh.until_equals("", wanted)
    patch = await PatchClient.connect(server.ws, "page", bo, since=since)
    assert patch.opened["resync"]
    assert patch.value == wanted
    server.patch("page", "/title", "patched", bo)
    for tab in (behind, fresh):
        await tab.until_equals("", {"title": "patched"})
    await fresh.run("at('/title').insert(7, ' and typed')")
    await behind.until_equals("", {"title": "patched and typed"})
    await patch.close()


async def test_the_documented_page_makes_a_new_y_doc_at_4410(
    server: Restorable, tabs: Tabs
) -> None:
    ada = await server.mint("ada")
    server.put("page", {"title": "first"}, ada)
    server.back_up()
    server.patch("page", "/lost", True, ada)
    tab = await tabs.open(ada)
    await tab.disconnect()
    await asyncio.to_thread(server.restore)
    [code] = re.findall(r"```js\n(provider\.on\('connection-close', async .*?)```", WIRE, re.DOTALL)
    page = f"new Function('provider', 'persistence', 'ydoc', 'open', {json.dumps(code)})"
    await tab.run("peer.events = []; doc.on('destroy', () => peer.events.push('destroyed'))")
    await tab.run(
        "const disk = { clearData: async () => peer.events.push('cleared') };"
        f"{page}(peer.provider, disk, doc, () => {{ peer.events.push('opened'); peer.changed() }})"
    )
    await tab.ask("reconnect")
    await tab.until("peer.events.includes('opened')")
    assert await tab.run("return peer.events") == ["cleared", "destroyed", "opened"]
    assert await tab.run("return peer.provider.shouldConnect") is False


async def test_any_client_id_may_write_after_the_restore(server: Restorable, tabs: Tabs) -> None:
    ada = await server.mint("ada")
    server.put("page", {"title": "first"}, ada)
    server.back_up()
    await asyncio.to_thread(server.restore)
    server.patch("page", "/n", 1, ada)
    ids = [2, 3, 1_000, 1_795_877_807, 2**31, 2**32 - 1, 2**52 + 7]
    for client_id in ids:
        tab = await tabs.open(ada, client_id=client_id)
        await tab.run(f"content.set('from {client_id}', 1)")
    late = await tabs.open(ada)
    mine = {f"from {client_id}": 1 for client_id in ids}
    await late.until_equals("", {"title": "first", "n": 1, **mine})


async def test_a_users_tab_brings_its_own_lost_edits_back(server: Restorable, tabs: Tabs) -> None:
    ada = await server.mint("ada")
    server.put("page", {"title": "first"}, ada)
    server.back_up()
    tab = await tabs.open(ada)
    await tab.run("at('/title').insert(5, ', and lost')")
    witness = await tabs.open(ada)
    await witness.until_equals("/title", "first, and lost")
    await tab.disconnect()
    await asyncio.to_thread(server.restore)
    assert server.get("page", ada) == {"title": "first"}
    await tab.reconnect()
    fresh = await tabs.open(ada)
    await fresh.until_equals("", {"title": "first, and lost"})


async def test_a_tab_with_another_users_lost_edits_must_reload(
    server: Restorable, tabs: Tabs
) -> None:
    ada, bo = await server.mint("ada"), await server.mint("bo")
    server.put("page", {"title": "first"}, ada)
    writer = await tabs.open(bo)
    await writer.run("at('/title').insert(0, 'kept ')")
    reader = await tabs.open(ada)
    await reader.until_equals("/title", "kept first")
    server.back_up()
    await asyncio.gather(writer.synced(), reader.synced())
    await writer.run("at('/title').insert(0, 'lost ')")
    await reader.until_equals("/title", "lost kept first")
    await writer.disconnect()
    await reader.disconnect()
    await asyncio.to_thread(server.restore)
    await tabs.is_closed(reader)
    await writer.reconnect()
    fresh = await tabs.open(ada)
    await fresh.until_equals("/title", "lost kept first")


async def test_a_tab_of_an_epoch_lost_by_a_second_restore_must_reload(
    server: Restorable, tabs: Tabs
) -> None:
    ada = await server.mint("ada")
    server.put("page", {"title": "first"}, ada)
    server.back_up()
    await asyncio.to_thread(server.restore)
    server.patch("page", "/lost", True, ada)
    tab = await tabs.open(ada)
    await tab.disconnect()
    await asyncio.to_thread(server.restore)
    await tabs.is_closed(tab)
    assert server.get("page", ada) == {"title": "first"}


async def test_a_tab_of_a_recreated_and_lost_document_must_reload(
    server: Restorable, tabs: Tabs
) -> None:
    admin = await server.mint("ada", Role.ADMIN)
    server.put("page", {"title": "first"}, admin)
    server.back_up()
    url = f"{server.http}/v1/docs/page"
    assert call("DELETE", url, token=admin).status == 204
    server.put("page", {"title": "second"}, admin)
    tab = await tabs.open(admin)
    await tab.disconnect()
    await asyncio.to_thread(server.restore)
    await tabs.is_closed(tab)
    assert server.get("page", admin) == {"title": "first"}


async def test_a_name_that_the_backup_lacks_starts_in_a_new_epoch(
    server: Restorable, tabs: Tabs
) -> None:
    ada = await server.mint("ada")
    server.back_up()
    server.put("page", {"title": "lost"}, ada)
    tab = await tabs.open(ada)
    await tab.disconnect()
    old = await PatchClient.connect(server.ws, "page", ada)
    since = {"epoch": old.opened["epoch"], "version": old.version}
    await old.close()
    await asyncio.to_thread(server.restore)
    server.put("page", {"title": "another"}, ada)
    patch = await PatchClient.connect(server.ws, "page", ada, since=since)
    assert patch.opened["resync"]
    assert patch.value == {"title": "another"}
    await patch.close()
    await tabs.is_closed(tab)


async def test_a_tab_of_the_exported_document_must_reload_after_its_import(
    server: Restorable, tabs: Tabs
) -> None:
    admin = await server.mint("ada", Role.ADMIN)
    server.put("page", {"title": "first"}, admin)
    archive = call("GET", f"{server.http}/v1/docs/page/export", token=admin).body
    server.patch("page", "/lost", True, admin)
    tab = await tabs.open(admin)
    await tab.disconnect()
    (server.home / "new").mkdir()
    with RunningServer(server.home / "new") as other:
        token = await other.mint("ada", Role.ADMIN)
        url = f"{other.http}/v1/docs/page/import"
        assert call("POST", url, archive, token=token).status == 201
        ops = [{"op": "add", "path": "/other", "value": True}]
        assert call("PATCH", f"{other.http}/v1/docs/page", ops, token=token).status == 200
        kept = await tabs._peers.peer(state=await tab.state())
        await kept.connect(other.ws, "page", token)
        assert await kept.closed() == 4410
        fresh = await tabs._peers.peer()
        await fresh.connect(other.ws, "page", token)
        await fresh.until_equals("", {"title": "first", "other": True})


async def test_a_tab_whose_edits_depend_on_lost_ones_is_closed(
    server: Restorable, peers: YjsPeers
) -> None:
    ada = await server.mint("ada")
    server.put("page", {"title": "first"}, ada)
    tab = await peers.peer()
    await tab.run(
        "const lost = new Y.Doc(); lost.getMap('content').set('a', 1);"
        "const seen = Y.encodeStateVector(lost); lost.getMap('content').set('b', 2);"
        "Y.applyUpdate(doc, Y.encodeStateAsUpdate(lost, seen))"
    )
    await tab.connect(server.ws, "page", ada)
    assert await tab.closed() == 4410
