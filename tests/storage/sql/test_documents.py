"""Rows of documents: damaged ones, deleted ones, and pages of a list."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collab.ids import DocKey
from collab.ports.store import Absent, Corrupt, Snapshot
from storage.store import SqlStore
from tests.storage.contract import HOME, made


def spoil(url: str, sql: str) -> None:
    with closing(sqlite3.connect(Path(url.partition(":///")[2]))) as file, file:
        file.execute(sql)


@pytest.mark.parametrize("column", ["epoch", "created_at", "published"])
async def test_a_changed_column_is_damage(
    sqlite_store: SqlStore, sqlite_url: str, column: str
) -> None:
    await sqlite_store.commit([made(HOME)])
    spoil(sqlite_url, f"UPDATE docs SET {column} = {column} + 1")
    with pytest.raises(Corrupt):
        await sqlite_store.load(HOME)
    row = await sqlite_store.row(HOME)
    assert row is not None
    assert row.damaged


async def test_a_damaged_author_of_the_head_is_read_from_the_newest_entry(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 2)])
    sound = await sqlite_store.find_rows([HOME])
    spoil(sqlite_url, "UPDATE docs SET updated_by = x'01', updated_at = 9")
    assert await sqlite_store.find_rows([HOME]) == sound


async def test_a_deleted_document_with_a_damaged_row_continues_with_a_later_epoch(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 3)])
    spoil(sqlite_url, "UPDATE docs SET published = 9")
    assert await sqlite_store.delete(HOME, 9_000)
    assert await sqlite_store.row(HOME) is None
    assert await sqlite_store.load(HOME) == Absent(epoch=9_001, last=3, revision=1)


async def test_a_page_of_a_list_has_at_most_the_asked_rows(sqlite_store: SqlStore) -> None:
    await sqlite_store.commit([made(DocKey("demo", name)) for name in "abc"])
    rows = await sqlite_store.list_docs("demo", "", 2)
    assert [row.doc for row in rows] == ["a", "b"]


async def test_only_the_last_two_undo_steps_are_kept(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 4)])
    for version in (1, 2, 3, 4):
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, b"body", b"steps"))
    with closing(sqlite3.connect(Path(sqlite_url.partition(":///")[2]))) as file:
        assert file.execute("SELECT version FROM steps ORDER BY 1").fetchall() == [(3,), (4,)]
