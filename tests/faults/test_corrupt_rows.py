"""Damaged rows put their document into quarantine when it is opened; others are served."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer

DOCS = ("one", "two", "three")


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """The home of a stopped server: three documents of 25 versions, with snapshots at 8, 16, 24."""
    env = {"WEFT_SNAPSHOT_ENTRIES": "8"}
    with RunningServer(tmp_path, env=env) as server:
        for doc in DOCS:
            client = await PatchClient.connect(
                server.ws, doc, await server.mint(), create={"n": 0, "doc": doc}
            )
            for number in range(1, 25):
                await client.set("/n", number)
            await client.close()
    return tmp_path


def flip(home: Path, table: str, column: str, where: str, seed: int = 0) -> None:
    """Flip one bit of one row."""
    with closing(sqlite3.connect(home / "weft.db")) as database, database:
        sql = f"SELECT rowid, {column} FROM {table} WHERE {where}"
        row, body = database.execute(sql).fetchone()
        bit = random.Random(seed).randrange(len(body) * 8)
        rotten = bytearray(body)
        rotten[bit // 8] ^= 1 << bit % 8
        database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(rotten), row))


def get(server: RunningServer, doc: str, token: str, query: str = "") -> Reply:
    return call("GET", f"{server.http}/v1/docs/{doc}{query}", token=token)


async def test_a_damaged_entry_puts_its_document_in_quarantine_and_no_other(home: Path) -> None:
    flip(home, "entries", "payload", "doc = 'one' AND version = 25")
    with closing(sqlite3.connect(home / "weft.db")) as database, database:
        database.execute("DELETE FROM snapshots WHERE doc = 'one' AND version > 16")
    with RunningServer(home) as server:
        token = await server.mint()
        reply = get(server, "one", token)
        assert (reply.status, reply.body["code"]) == (503, "storage_unavailable")
        assert "quarantine" in reply.body["detail"]
        for doc in DOCS[1:]:
            assert get(server, doc, token).body == {"n": 24, "doc": doc}
        with pytest.raises(Exception, match="1013"):
            await PatchClient.connect(server.ws, "one", token)
        client = await PatchClient.connect(server.ws, "two", token)
        assert (await client.set("/n", 25))["version"] == 26
        await client.close()


async def test_the_trail_of_a_document_in_quarantine_is_shown(home: Path) -> None:
    flip(home, "entries", "payload", "doc = 'one' AND version = 25")
    with closing(sqlite3.connect(home / "weft.db")) as database, database:
        database.execute("DELETE FROM snapshots WHERE doc = 'one'")
    with RunningServer(home) as server:
        admin = await server.mint("root", Role.ADMIN)
        assert get(server, "one", admin).status == 503
        reply = get(server, "one", admin, "/audit")
        told = {(item["action"], item["outcome"]) for item in reply.body["items"]}
        assert told >= {("edit", "ok"), ("request", "storage_unavailable")}


async def test_an_earlier_snapshot_replaces_a_damaged_one(home: Path) -> None:
    with closing(sqlite3.connect(home / "weft.db")) as database:
        found = database.execute("SELECT version FROM snapshots WHERE doc = 'two'").fetchall()
    assert len(found) > 1
    newest = max(version for (version,) in found)
    flip(home, "snapshots", "body", f"doc = 'two' AND version = {newest}")
    with RunningServer(home) as server:
        token = await server.mint()
        reply = get(server, "two", token)
        assert (reply.body, reply.position[1]) == ({"n": 24, "doc": "two"}, 25)
        client = await PatchClient.connect(server.ws, "two", token)
        assert (await client.set("/n", 25))["version"] == 26
        await client.close()


async def test_a_head_that_differs_from_the_log_is_noticed(home: Path) -> None:
    with closing(sqlite3.connect(home / "weft.db")) as database, database:
        database.execute("UPDATE docs SET head = 20 WHERE doc = 'one'")
        database.execute("UPDATE docs SET head = 30 WHERE doc = 'two'")
    with RunningServer(home) as server:
        token = await server.mint()
        assert [get(server, doc, token).status for doc in DOCS] == [503, 503, 200]


@pytest.mark.long
async def test_no_flipped_bit_is_ever_served(home: Path) -> None:
    """Flip a bit in 20 rows of the log and of the snapshots, one after the other."""
    pristine = (home / "weft.db").read_bytes()
    with closing(sqlite3.connect(home / "weft.db")) as database:
        rows = [
            *database.execute("SELECT 'entries', 'payload', doc, version FROM entries"),
            *database.execute("SELECT 'snapshots', 'body', doc, version FROM snapshots"),
        ]
    with RunningServer(home) as server:
        token = await server.mint()
    served = 0
    for seed, (table, column, doc, version) in enumerate(random.Random(7).sample(rows, 20)):
        (home / "weft.db").write_bytes(pristine)
        flip(home, table, column, f"doc = '{doc}' AND version = {version}", seed)
        with RunningServer(home) as server:
            for name in DOCS:
                reply = get(server, name, token)
                assert reply.status == 200 or name == doc
                assert reply.status != 200 or reply.body == {"n": 24, "doc": name}
                served += reply.status == 200
            past = get(server, doc, token, f"?at={version}")
            assert past.status == 503 or past.body["n"] == version - 1
    assert served >= 40
