"""Damaged documents of a real server are exported, deleted or repaired, and edited again."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collab.document.document import Document
from collab.document.snapshot_format import decode_body, encode
from collab.entry import Author, Entry
from collab.ids import DocKey
from collab.ports.store import Append, Committed, Snapshot
from collab.rights.user_rights import Role
from collab.types.build import Layouts
from collab.types.layout import escape
from collab.writing import write
from storage.store import SqlStore
from tests.faults import deadly_weft
from tests.faults.test_corrupt_rows import flip
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import WEFT, RunningServer
from tests.yjs_peer import YjsPeers

PAGE = {"text": "Hello", "n": 0, "list": [{"id": "a", "t": "one"}]}


def weft(home: Path, *argv: str) -> tuple[int, str, str]:
    env = {**os.environ, "WEFT_DATABASE": f"sqlite+aiosqlite:///{home}/weft.db"}
    ended = subprocess.run([WEFT, *argv], env=env, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def ask(server: RunningServer, method: str, doc: str, token: str, rest: str = "") -> Reply:
    return call(method, f"{server.http}/v1/docs/{doc}{rest}", token=token)


async def make(server: RunningServer, doc: str, edits: int) -> None:
    client = await PatchClient.connect(server.ws, doc, await server.mint(), create=PAGE)
    for number in range(1, edits + 1):
        await client.set("/n", number)
    await client.close()


def doubles(value: Any) -> Any:
    """Return the numbers as a browser has them, which writes 2^60 as a double."""
    if isinstance(value, dict):
        return {key: doubles(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [doubles(inner) for inner in value]
    return float(value) if type(value) is int else value


async def edit_on_both_lanes(server: RunningServer, peers: YjsPeers, doc: str, value: Any) -> None:
    """A patch client and a y-websocket client edit, and see each other's edit."""
    token = await server.mint()
    patch = await PatchClient.connect(server.ws, doc, token)
    assert patch.value == value
    yjs = await peers.peer()
    await yjs.connect(server.ws, doc, token)
    await yjs.synced()
    assert doubles(await yjs.read()) == doubles(value)
    await yjs.run("at('/text').insert(0, 'Yjs: ')")
    await patch.until_version(patch.version + 1)
    await patch.set("/n", 99)
    await yjs.until_equals("", {**value, "text": "Yjs: " + value["text"], "n": 99})
    await patch.close()
    await yjs.destroy()


async def test_all_kinds_of_numbers_and_ids_are_editable_on_both_lanes(
    tmp_path: Path, peers: YjsPeers
) -> None:
    ids = ["__proto__", "constructor", "prototype", "@order", "@@array", "é" * 128, "x" * 500]
    value = {
        **PAGE,
        "list": [{"id": each, "n": number} for number, each in enumerate(ids)],
        "numbers": [2.0**53, -1e16, 2.0**60, 2.0**63, 1e19, 1e300, 2**53 - 1, 0.1],
    }
    with RunningServer(tmp_path, env={"WEFT_SNAPSHOT_ENTRIES": "2"}) as server:
        token = await server.mint("root", Role.ADMIN)
        made = call("PUT", f"{server.http}/v1/docs/page", value, token=token)
        assert made.status == 201
        await edit_on_both_lanes(server, peers, "page", value)
        archive = ask(server, "GET", "page", token, "/export")
        assert archive.status == 200
        copy = call("POST", f"{server.http}/v1/docs/copy/import", raw=archive.raw, token=token)
        assert copy.status == 201
        server.kill()
        server.start()
        value = ask(server, "GET", "page", token).body
        assert value["n"] == 99
        await edit_on_both_lanes(server, peers, "page", value)


async def test_a_yjs_client_can_write_back_the_large_numbers_it_reads(
    tmp_path: Path, peers: YjsPeers
) -> None:
    with RunningServer(tmp_path) as server:
        await make(server, "page", 0)
        token = await server.mint()
        yjs = await peers.peer()
        await yjs.connect(server.ws, "page", token)
        await yjs.synced()
        await yjs.run("content.set('big', [1e16, 2 ** 53, -(2 ** 60), 1e300])")
        patch = await PatchClient.connect(server.ws, "page", token)
        await patch.until_version(2)
        assert patch.value["big"] == [1e16, 2.0**53, -(2.0**60), 1e300]
        await patch.patch({"op": "add", "path": "/copy", "value": patch.value["big"]})
        await yjs.until_equals("/copy", [1e16, 2.0**53, -(2.0**60), 1e300])
        await patch.close()


async def test_a_document_with_a_damaged_entry_is_exported_and_repaired(
    tmp_path: Path, peers: YjsPeers
) -> None:
    with RunningServer(tmp_path) as server:
        await make(server, "page", 9)
    spoil(tmp_path, "page", 5)
    with RunningServer(tmp_path) as server:
        token = await server.mint("root", Role.ADMIN)
        assert ask(server, "GET", "page", token).status == 503
        rotten = "version 5: its row does not match its checksum"
        exported = ask(server, "GET", "page", token, "/export")
        assert (exported.status, exported.body["left_out"]) == (200, [rotten])
        assert exported.body["value"] == {**PAGE, "n": 9}
        assert [entry["version"] for entry in exported.body["entries"]] == [
            1,
            2,
            3,
            4,
            *range(6, 11),
        ]
        code, out, err = weft(tmp_path, "doc", "export", "page")
        assert (code, err) == (0, f"left out: {rotten}\n")
        assert json.loads(out)["value"] == {**PAGE, "n": 9}

        code, out, err = weft(tmp_path, "doc", "repair", "page")
        assert (code, err) == (0, "")
        assert out.startswith("demo/page  version 11  epoch 2\n")
        assert f"left out: {rotten}" in out
        reply = ask(server, "GET", "page", token)
        assert (reply.body, reply.headers["etag"]) == ({**PAGE, "n": 9}, '"2.11"')
        await edit_on_both_lanes(server, peers, "page", {**PAGE, "n": 9})
        # The history still has the versions before and after the gap.
        assert ask(server, "GET", "page", token, "/versions/4").body["n"] == 3
        assert ask(server, "GET", "page", token, "/versions/7").body["code"] == "unknown_version"
        assert ask(server, "GET", "page", token, "/versions/11").body["n"] == 9
        kinds = [
            each["kind"] for each in ask(server, "GET", "page", token, "/versions").body["items"]
        ]
        assert "repair" in kinds
        assert ask(server, "GET", "page", token, "/audit").status == 200
        server.kill()
        server.start()
        assert ask(server, "GET", "page", token).body["n"] == 99
        assert ask(server, "GET", "page", token, "/export").status == 200
    code, out, _ = weft(tmp_path, "doc", "repair", "page")
    assert (code, "nothing to repair" in out) == (0, True)


def spoil(home: Path, doc: str, version: int) -> None:
    """Damage an entry of a document without a snapshot."""
    flip(home, "entries", "payload", f"doc = '{doc}' AND version = {version}")
    with closing(sqlite3.connect(home / "weft.db")) as database, database:
        database.execute(f"DELETE FROM snapshots WHERE doc = '{doc}'")


async def test_a_client_of_the_damaged_document_reloads_it(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        await make(server, "page", 4)
    spoil(tmp_path, "page", 5)
    assert weft(tmp_path, "doc", "repair", "page")[0] == 0
    with RunningServer(tmp_path) as server:
        since = {"epoch": 1, "version": 5}
        client = await PatchClient.connect(server.ws, "page", await server.mint(), since=since)
        assert client.value == {**PAGE, "n": 3}
        assert client.opened["epoch"] == 2
        await client.close()


@pytest.mark.parametrize("over_http", [True, False])
async def test_a_document_in_quarantine_can_be_deleted_and_its_name_reused(
    tmp_path: Path, over_http: bool
) -> None:
    with RunningServer(tmp_path) as server:
        await make(server, "page", 4)
    spoil(tmp_path, "page", 3)
    with RunningServer(tmp_path) as server:
        token = await server.mint("root", Role.ADMIN)
        assert ask(server, "GET", "page", token).status == 503
        if over_http:
            assert ask(server, "DELETE", "page", await server.mint()).status == 403
            stale = call("DELETE", f"{server.http}/v1/docs/page", token=token, If_Match='"1.3"')
            assert (stale.status, stale.position) == (412, (1, 5))
            assert ask(server, "DELETE", "page", token).status == 204
        else:
            assert weft(tmp_path, "doc", "delete", "page") == (0, "demo/page  deleted\n", "")
        assert ask(server, "GET", "page", token).status == 404
        again = call("PUT", f"{server.http}/v1/docs/page", PAGE, token=token)
        assert (again.status, again.body["version"]) == (201, 6)
        assert ask(server, "GET", "page", token).body == PAGE
    assert weft(tmp_path, "doc", "delete", "nowhere")[0] == 1


async def test_a_document_that_kills_the_server_is_exported_and_deleted(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        await make(server, "poison", 2)
    prefix = (sys.executable, deadly_weft.__file__)
    with RunningServer(tmp_path, prefix=prefix) as server:
        token = await server.mint("root", Role.ADMIN)
        for _ in range(2):
            with pytest.raises(OSError):  # noqa: PT011 # whatever a dead server looks like
                ask(server, "GET", "poison", token)
            assert server.process is not None
            server.process.wait(20)
            server.start()
        assert ask(server, "GET", "poison", token).status == 503
        exported = ask(server, "GET", "poison", token, "/export")
        assert (exported.status, exported.body["value"]["n"]) == (200, 2)
        assert ask(server, "DELETE", "poison", token).status == 204
        assert ask(server, "GET", "poison", token).status == 404


# --- documents of an earlier Weft -------------------------------------------------------------


def _any_id(value: Any) -> str | None:
    """Return an element's key as the first Weft chose it: its id, of any form."""
    own = value.get("id") if isinstance(value, dict) else None
    return escape(own) if isinstance(own, str) and 0 < len(own) <= 128 else None


async def plant_legacy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store a document whose entries and snapshot have element keys that clients may not write."""
    document = Document.create(1)
    entries: list[Entry] = []
    element = {"id": "constructor", "t": "two"}
    edits = [
        {"op": "replace", "path": "", "value": PAGE},
        {"op": "add", "path": "/list/-", "value": element},
        {"op": "add", "path": "/deep", "value": [[{"id": "__proto__", "t": "three"}]]},
    ]
    with monkeypatch.context() as patched:
        patched.setattr(write, "own_id", _any_id)
        patched.setattr(Layouts, "key", lambda self, value, taken: _any_id(value) or "0")
        for version, op in enumerate(edits, 1):
            change = document.patch([op], version=version, user="ada", at=0)
            assert change is not None
            kind: Any = "create" if version == 1 else "edit"
            entries.append(
                Entry(
                    version,
                    Author("ada"),
                    version,
                    kind,
                    change.ops,
                    change.update,
                    inverse=change.inverse,
                )
            )
    # As after a day of typing: a slow state is inspected before it is opened.
    body = decode_body(document.snapshot().body)
    body.opening_seconds = 60.0
    store = SqlStore(f"sqlite+aiosqlite:///{home}/weft.db")
    await store.start()
    key = DocKey("demo", "old")
    assert await store.commit([Append(key, 1, 0, 0, entries, create=True)]) == [Committed()]
    await store.save_snapshot(key, 1, Snapshot(3, encode(body)))
    await store.close()
    document.close()


async def test_a_document_with_keys_that_no_client_may_write_is_edited_and_repaired(
    tmp_path: Path, peers: YjsPeers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant_legacy(tmp_path, monkeypatch)
    value: Any = {
        **PAGE,
        "list": [*PAGE["list"], {"id": "constructor", "t": "two"}],  # type: ignore[misc]
        "deep": [[{"id": "__proto__", "t": "three"}]],
    }
    with RunningServer(tmp_path) as server:
        await edit_on_both_lanes(server, peers, "old", value)
        token = await server.mint("root", Role.ADMIN)
        assert ask(server, "GET", "old", token, "/export").status == 200
    code, out, _ = weft(tmp_path, "doc", "repair", "old")
    assert (code, "a key is `__proto__`" in out) == (0, True)
    value = {**value, "text": "Yjs: Hello", "n": 99}
    with RunningServer(tmp_path) as server:
        assert ask(server, "GET", "old", token).body == value
        await edit_on_both_lanes(server, peers, "old", value)
        archive = ask(server, "GET", "old", token, "/export")
        # After the repair no needed row has such a key, so the history can be imported elsewhere.
        made = call("POST", f"{server.http}/v1/docs/new/import", raw=archive.raw, token=token)
        assert made.status == 201, made.body
        assert ask(server, "GET", "new", token).body == ask(server, "GET", "old", token).body
    code, out, _ = weft(tmp_path, "doc", "repair", "old")
    assert (code, "nothing to repair" in out) == (0, True)
