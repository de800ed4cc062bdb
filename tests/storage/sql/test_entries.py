"""Reading entries: the memory that it takes, and which missing entries are damage."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from collab.entry import Entry, Kind
from collab.ports.repairs import Rebuilt
from collab.ports.store import PAGE_BYTES, Append, Committed, Corrupt, NamedVersion, Snapshot
from storage.sql import compaction
from storage.store import SqlStore
from tests.storage.conftest import opened
from tests.storage.contract import HOME, entry, made
from tests.storage.older import make_older

VERSIONS = 60
TEXT = "x" * 1_000_000


async def peak_of(read: Awaitable[object]) -> int:
    tracemalloc.start()
    try:
        await read
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.thorough
async def test_long_texts_are_opened_and_listed_in_little_memory(
    sqlite_store: SqlStore,
) -> None:
    entries = [
        msgspec.structs.replace(
            entry(version), ops=[{"op": "replace", "path": "/t", "value": f"{version} {TEXT}"}]
        )
        for version in range(1, VERSIONS + 1)
    ]
    assert await sqlite_store.commit([Append(HOME, 1, 0, 0, entries, create=True)]) == [Committed()]
    assert VERSIONS * len(TEXT) > 10 * PAGE_BYTES
    assert await peak_of(sqlite_store.load(HOME)) < 4 * PAGE_BYTES
    assert await peak_of(sqlite_store.entries(HOME, 0, VERSIONS, 1000)) < 4 * PAGE_BYTES
    assert await peak_of(sqlite_store.summaries(HOME, 0, VERSIONS, 1000)) < PAGE_BYTES
    assert await peak_of(sqlite_store.log_bytes(HOME, 0, VERSIONS)) < PAGE_BYTES


# --- gaps -----------------------------------------------------------------------------------

HEAD = 30


@pytest.fixture
async def store(sqlite_store: SqlStore) -> SqlStore:
    """Yield a store with a document of 30 versions, with snapshots at 10, 20 and 30."""
    await sqlite_store.commit([made(HOME, HEAD)])
    for version in (10, 20, 30):
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, b"%d" % version))
    return sqlite_store


def move(url: str, version: int, to: int) -> None:
    with closing(sqlite3.connect(Path(url.partition(":///")[2]))) as file, file:
        file.execute("UPDATE entries SET version = ? WHERE version = ?", (to, version))


async def versions_of(store: SqlStore, after: int = 0, upto: int = HEAD) -> list[int]:
    return [one.version for one in await store.entries(HOME, after, upto, 1000)]


PLACES = (0, -8, 2**40, 2**62 + 8, 2**63 - 1)
MOVED = [(version, to) for version in (1, 2, 8, 10, 11, 19, 20, 29, 30) for to in PLACES]


# `make check` tries each version once, and each place. `make test` tries all of them.
@pytest.mark.parametrize(
    ("version", "to"),
    [
        pytest.param(*move, marks=() if index % (len(PLACES) + 1) == 0 else pytest.mark.thorough)
        for index, move in enumerate(MOVED)
    ],
)
async def test_a_moved_entry_is_missed_by_every_read(
    store: SqlStore, sqlite_url: str, version: int, to: int
) -> None:
    move(sqlite_url, version, to)
    pages = [(0, HEAD, 1000), (0, version, 1000), (version - 1, version, 1)]
    pages += [(version - 1, version + 1, 9), (max(0, version - 2), version + 2, 9)]
    for read in (store.entries, store.summaries):
        for page in pages:
            with pytest.raises(Corrupt):
                await read(HOME, *page)


async def test_entries_beside_a_lost_one_can_be_read(store: SqlStore, sqlite_url: str) -> None:
    move(sqlite_url, 8, 0)
    assert await versions_of(store, 0, 7) == list(range(1, 8))
    assert await versions_of(store, 8, HEAD) == list(range(9, HEAD + 1))
    assert [one.version for one in await store.summaries(HOME, 0, HEAD, 5)] == [*range(26, 31)]


async def test_the_gap_of_a_compaction_is_no_damage(store: SqlStore) -> None:
    await store.name_version(HOME, NamedVersion(13, "launch", "ada", 5))
    await store.compact(HOME, before=12, keep=[3])
    await store.compact(HOME, before=HEAD, keep=[3])
    expected = [1, 2, 3, 11, 12, 13, *range(21, 31)]
    assert await versions_of(store) == expected
    assert [one.version for one in await store.summaries(HOME, 0, HEAD, 99)] == expected
    assert await versions_of(store, 13, 20) == await versions_of(store, 4, 9) == []


@pytest.mark.parametrize("version", [3, 11, 13, 21])
async def test_a_lost_entry_beside_a_gap_is_missed(
    store: SqlStore, sqlite_url: str, version: int
) -> None:
    await store.name_version(HOME, NamedVersion(13, "launch", "ada", 5))
    await store.compact(HOME, before=HEAD, keep=[3])
    move(sqlite_url, version, 0)
    with pytest.raises(Corrupt):
        await versions_of(store)


async def test_a_snapshot_saved_again_keeps_its_gap(store: SqlStore) -> None:
    await store.compact(HOME, before=HEAD, keep=[])
    await store.save_snapshot(HOME, 1, Snapshot(20, b"again"))
    assert await versions_of(store) == list(range(21, 31))


async def test_gaps_of_older_databases_count_as_compactions(
    store: SqlStore, sqlite_url: str
) -> None:
    await store.compact(HOME, before=HEAD, keep=[3])
    before = await versions_of(store)
    await store.close()
    make_older(sqlite_url)
    async with opened(sqlite_url) as upgraded:
        assert await versions_of(upgraded) == before == [1, 2, 3, *range(21, 31)]


async def test_an_interrupted_compaction_leaves_no_damage(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_SLICE", 3)
    one_slice = compaction._slice
    sound = [10, 20, 30]
    await store._database.write(lambda c: one_slice(c, HOME, sound, HEAD, (), 0))
    assert await versions_of(store) == [*range(1, 18), *range(21, 31)]


async def test_lost_entries_differ_from_dropped_ones(store: SqlStore, sqlite_url: str) -> None:
    await store.compact(HOME, before=HEAD, keep=[3])
    for version in (2, 24, 25, 28):
        move(sqlite_url, version, -version)
    remains = await store.remains(HOME)
    assert remains is not None
    assert remains.lost_entries == [(2, 2), (24, 25), (28, 28)]


async def test_entries_before_a_repair_are_not_missed(store: SqlStore, sqlite_url: str) -> None:
    move(sqlite_url, 8, 0)
    repair = msgspec.structs.replace(entry(33), kind="repair")
    rebuilt = Rebuilt(1, HEAD, 0, 2, repair, b"33", drop_entries=[0])
    assert await store.rebuild(HOME, rebuilt)
    expected = [version for version in range(1, 31) if version != 8]
    assert getattr(await store.remains(HOME), "lost_entries", None) == []
    assert await versions_of(store, 0, 99) == [*expected, 33]
    assert await versions_of(store, 7, 8) == []


async def test_a_recreated_document_continues_its_numbers(store: SqlStore) -> None:
    assert await store.delete(HOME, 9_000)
    assert await versions_of(store) == []
    kind: Kind = "create"
    first: Entry = msgspec.structs.replace(entry(31), kind=kind)
    await store.commit([Append(HOME, 2, HEAD, 1, [first], create=True)])
    assert await versions_of(store, 0, 31) == [31]
