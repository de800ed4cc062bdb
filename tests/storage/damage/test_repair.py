"""Repair in SQL: rows whose columns have invalid values."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from collab.entry import Author, Entry
from collab.ids import DocKey
from collab.ports.repairs import Rebuilt
from collab.ports.store import Append, Committed, Corrupt, Snapshot
from storage.store import SqlStore

pytestmark = pytest.mark.thorough

KEY = DocKey("demo", "page")


def entry(version: int) -> Entry:
    return Entry(version, Author("ada"), version, "create" if version == 1 else "edit", [], b"")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    await opened.start()
    append = Append(KEY, 1, 0, 0, [entry(1), entry(2)], create=True)
    assert await opened.commit([append]) == [Committed()]
    yield opened
    await opened.close()


def spoil(home: Path, sql: str) -> None:
    with closing(sqlite3.connect(home / "weft.db")) as database, database:
        database.execute(sql)


async def is_rebuilt(store: SqlStore, lost: list[str]) -> bool:
    remains = await store.remains(KEY)
    assert remains is not None
    assert remains.lost == lost
    assert [entry.version for entry in remains.entries] == [1, 2]
    seen = (remains.epoch, remains.head, remains.revision)
    return await store.rebuild(KEY, Rebuilt(*seen, 7, entry(3), b"body"))


@pytest.mark.parametrize("column", ["epoch", "head", "revision"])
@pytest.mark.parametrize("rot", ["'words'", "x'00'", "-5", "9223372036854775807"])
async def test_an_unreadable_number_is_damage_and_is_repaired(
    store: SqlStore, tmp_path: Path, column: str, rot: str
) -> None:
    spoil(tmp_path, f"UPDATE docs SET {column} = {rot}")
    with pytest.raises(Corrupt):
        await store.load(KEY)
    assert await is_rebuilt(store, [f"the {column}: it cannot be read"])
    stored = await store.load(KEY)
    assert (stored.epoch, getattr(stored, "head", None)) == (7, 3)


async def test_an_unreadable_lock_is_damage_and_is_dropped(store: SqlStore, tmp_path: Path) -> None:
    spoil(tmp_path, "INSERT INTO locks VALUES ('demo', 'page', 'one', x'c1', NULL)")
    with pytest.raises(Corrupt):
        await store.locks(KEY)
    assert await is_rebuilt(store, ["the locks: they cannot be read"])
    assert (await store.locks(KEY))[1] == []


async def test_a_huge_head_is_damage(store: SqlStore, tmp_path: Path) -> None:
    spoil(tmp_path, f"UPDATE docs SET head = {2**50}")
    with pytest.raises(Corrupt):
        await store.load(KEY)


async def test_a_snapshot_without_a_version_is_skipped(store: SqlStore, tmp_path: Path) -> None:
    await store.save_snapshot(KEY, 1, Snapshot(2, b"body"))
    spoil(tmp_path, "UPDATE snapshots SET version = 'words'")
    assert getattr(await store.load(KEY), "snapshot", KEY) is None
    assert await is_rebuilt(store, [])


async def test_a_damaged_author_is_read_from_the_log(store: SqlStore, tmp_path: Path) -> None:
    spoil(tmp_path, "UPDATE docs SET updated_by = x'41ff'")
    row = await store.row(KEY)
    assert row is not None
    assert (row.updated_by, row.damaged) == ("ada", False)
    assert getattr(await store.load(KEY), "head", None) == 2
