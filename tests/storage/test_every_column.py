"""One bit turned in every column of every table: found, or harmless for the reason in a list here.

Whatever is turned, the store answers what it answered before, or less, or that it is damaged.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.util import CommandError

from collab.audit_rows import AuditRow
from collab.entry import Author
from collab.lock_rows import StoredLock
from collab.ports import (
    Accepted,
    Append,
    Corrupt,
    DocRow,
    NamedVersion,
    SigningKey,
    Snapshot,
    StorageUnavailable,
    Stored,
)
from collab.repairs import Rebuilt
from storage.migration import SchemaOutdatedError
from storage.schema import metadata
from storage.store import SqlStore
from tests.storage.conftest import opened
from tests.storage.contract import AWAY, HOME, entry, further, large, made, public

pytestmark = pytest.mark.thorough

HEAD = 40
LOCK = StoredLock("l1", "/headline", Author("ada"), 1, 5, 10**13, b"hash")

# What is turned here no check finds, or no client sees.
_LOST_ID = "the id is unknown, as if its retention had ended; its row is found by a repair"
_LOST_NAME = "the version has no name any more"
_LOST_STEP = "an older step of publishing is not told; a newer one decides what is public"
_LOST_LOCK = "the lock has ended, as if its time were over; its holder is told at the next renew"
_TRAIL = "the audit trail is told, and decides nothing; the log says who wrote what"
_NOT_READ = "nothing reads it"
HARMLESS: dict[str, str] = {
    "docs.revision": "it is only compared while a request is judged, and any value is as good",
    "docs.updated_at": "the newest entry is asked instead",
    "docs.updated_by": "the newest entry is asked instead",
    "docs.head_crc": "the newest entry is asked instead",
    "accepted.tenant": _LOST_ID,
    "accepted.doc": _LOST_ID,
    "accepted.author": _LOST_ID,
    "accepted.request": _LOST_ID,
    "named.tenant": _LOST_NAME,
    "named.doc": _LOST_NAME,
    "publications.tenant": _LOST_STEP,
    "publications.doc": _LOST_STEP,
    "locks.tenant": _LOST_LOCK,
    "locks.doc": _LOST_LOCK,
    "snapshots.dropped_after": "too high a value has the gap found; a lower one hides no other gap",
    **{f"audit.{column.name}": _TRAIL for column in metadata.tables["audit"].columns},
    "tenants.tenant": "no document is read by it; its keys find no tenant to be listed under",
    "tenants.created_at": _NOT_READ,
    "epochs.id": _NOT_READ,
    "epochs.least": "a new document's epoch is higher or lower; only a restored backup needs it",
    "pulse.id": _NOT_READ,
    "pulse.at": _NOT_READ,
}
DAMAGED = "damaged"


async def fill(store: SqlStore) -> None:
    """Two documents with everything that a document can have."""
    await store.raise_epochs(7)
    await store.add_tenant("demo", 1)
    await store.add_key("demo", SigningKey("k-1", b"secret " * 4, 1, 9))
    entries = [entry(n, id=f"p-{n}", commit=f"c-{n}") for n in range(1, HEAD + 1)]
    entries[31] = msgspec.structs.replace(large(32), id="p-32", commit="c-32")
    answered = [Accepted("bo", "none", HEAD, {"skipped": [1]})]
    await store.commit([Append(HOME, 7, 0, 0, entries, create=True)])
    await store.commit([msgspec.structs.replace(further(HOME, HEAD), epoch=7, entries=[])])
    await store.commit([Append(HOME, 7, HEAD, 0, [], answered), made(AWAY, 3)])
    for version in (10, 20, 30, 36):
        steps = b"steps %d" % version if version > 20 else b""
        await store.save_snapshot(HOME, 7, Snapshot(version, b"state %d" % version, steps))
    await store.name_version(HOME, NamedVersion(13, "launch", "ada", 5))
    await store.set_schema(HOME, b'{"type":"object"}', 0)
    await store.publish(HOME, public(22), 1)
    await store.publish(HOME, public(34), 2)
    await store.save_locks(HOME, revision=3, put=[LOCK], drop=[])
    await store.compact(HOME, before=30, keep=[])
    await store.write_audit([(HOME, AuditRow(5, "ada", "edit", "::1", "ok", 3, {"n": 1}))])
    await store.ping()


async def opens(store: SqlStore) -> Any:
    """What a document is opened with, but for which of its snapshots and steps."""
    found = await store.load(HOME)
    if not isinstance(found, Stored):
        return found
    snapshot = found.snapshot
    assert snapshot is not None
    assert snapshot.body == b"state %d" % snapshot.version
    assert [one.version for one in found.entries] == [*range(snapshot.version + 1, HEAD + 1)]
    assert found.steps is None or found.steps.body == b"steps %d" % found.steps.version
    which = (snapshot.version, found.steps and found.steps.version)
    return [found.epoch, found.head, found.control, ("from", *which)]


async def row(store: SqlStore) -> DocRow | str | None:
    found = await store.row(HOME)
    return DAMAGED if found is not None and found.damaged else found


async def signing_key(store: SqlStore) -> tuple[str, SigningKey] | None:
    return (await store.find_keys(["k-1"])).get("k-1")


async def listed(store: SqlStore) -> list[DocRow | str]:
    rows = await store.list_docs("demo", "", 9)
    return [DAMAGED if one.damaged else one for one in rows]


async def locks(store: SqlStore) -> list[StoredLock]:
    return (await store.locks(HOME))[1]


ASKED: list[Callable[[SqlStore], Awaitable[Any]]] = [
    opens,
    row,
    listed,
    lambda store: store.entries(HOME, 0, HEAD, 1000),
    lambda store: store.summaries(HOME, 0, HEAD, 1000),
    lambda store: store.summaries(HOME, 25, HEAD, 4),
    lambda store: store.find_accepted(HOME, "ada", [f"p-{n}" for n in range(HEAD + 1)]),
    lambda store: store.find_accepted(HOME, "bo", ["none"]),
    lambda store: store.named_versions(HOME),
    lambda store: store.standing(HOME),
    lambda store: store.publications(HOME, 0, HEAD),
    lambda store: store.public_versions(HOME),
    locks,
    lambda store: store.keys("demo"),
    signing_key,
    lambda store: store.load(AWAY),
    *(lambda store, at=at: store.snapshot_before(HOME, at) for at in (15, 25, 33, HEAD)),
]


async def answers(store: SqlStore) -> list[Any]:
    found = []
    for ask in ASKED:
        try:
            found.append(await ask(store))
        except Corrupt:
            found.append(DAMAGED)
    return found


def is_less(found: Any, sound: Any) -> bool:
    """Whether nothing is told that was not told before."""
    if isinstance(found, list) and isinstance(sound, list):
        return all(one in sound or one == DAMAGED or _from(one) for one in found)
    if isinstance(found, Snapshot):
        return found.body == b"state %d" % found.version
    return found is None or found in (sound, DAMAGED)


def _from(one: Any) -> bool:
    return isinstance(one, tuple) and one[0] == "from"


# --- turning bits ---------------------------------------------------------------------------------


def turned(value: Any, bit: int) -> Any:
    if isinstance(value, int):
        after = (value & (2**64 - 1)) ^ (1 << bit % 64)
        return after - 2**64 if after >= 2**63 else after
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(data)


def bits_of(value: Any) -> int:
    return 64 if isinstance(value, int) else 8 * len(value)


class File:
    """The rows of a SQLite file, each to be turned and turned back."""

    def __init__(self, url: str) -> None:
        self._file = sqlite3.connect(Path(url.partition(":///")[2]), isolation_level=None)
        self.close = self._file.close

    def rows(self, table: str, column: str) -> list[Sequence[Any]]:
        """Those that have something in this column, with all columns."""
        where = f'"{column}" IS NOT NULL AND length("{column}") > 0'
        if "doc" in metadata.tables[table].columns:
            where += " AND doc = 'home'"
        if table == "steps":
            where += " AND version = 36"  # those before it are read where these have rotted
        return self._file.execute(f"SELECT * FROM {table} WHERE {where}").fetchall()

    def put(self, table: str, column: str, new: Any, old: Any, row: Sequence[Any]) -> bool:
        """Change a column of a row; whether the file takes that."""
        names = [one.name for one in metadata.tables[table].columns]
        cast = f"CAST(? AS {'TEXT' if isinstance(row[names.index(column)], str) else 'BLOB'})"
        given = "?" if isinstance(new, int) else cast
        same, values = [], []
        for name, value in zip(names, row, strict=True):
            same.append(f'"{name}" IS {given if name == column else "?"}')
            values.append(old if name == column else value)
        sql = f'UPDATE {table} SET "{column}" = {given} WHERE {" AND ".join(same)}'
        try:
            done = self._file.execute(sql, [new, *values])
        except sqlite3.IntegrityError:
            return False  # the place is another row's
        assert done.rowcount == 1
        return True


COLUMNS = [
    f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns
]


def chosen(rows: list[Sequence[Any]], at: int, name: str) -> Iterator[tuple[Sequence[Any], int]]:
    """A few bits, the same at each run."""
    dice = random.Random(name)
    for _ in range(2):
        row = dice.choice(rows)
        yield row, dice.randrange(bits_of(row[at]))


def every(rows: list[Sequence[Any]], at: int, _: str) -> Iterator[tuple[Sequence[Any], int]]:
    """Every bit of small columns, and some hundred of each large one, in every row."""
    for row in rows:
        bits = bits_of(row[at])
        yield from ((row, bit) for bit in range(0, bits, 1 + bits // 128))


async def turn(store: SqlStore, url: str, name: str, choose: Any) -> int:
    """Turn bits of a column, one at a time, and look; how many."""
    table, _, column = name.partition(".")
    sound = await answers(store)
    assert DAMAGED not in sound
    at = [one.name for one in metadata.tables[table].columns].index(column)
    count = 0
    with closing(File(url)) as file:
        rows = file.rows(table, column)
        assert rows, f"the test has no row for {name}"
        for row, bit in choose(rows, at, name):
            old, new = row[at], turned(row[at], bit)
            if not file.put(table, column, new, old, row):
                continue
            count += 1
            found = await answers(store)
            told = f"{name}, bit {bit} of {old!r}"
            if name not in ("docs.revision",):
                wrong = [one for one in zip(found, sound, strict=True) if not is_less(*one)]
                assert not wrong, f"{told}: {wrong}"
            assert name in HARMLESS or found != sound, f"{told} was not found"
            file.put(table, column, old, new, row)
        assert await answers(store) == sound
    return count


@pytest.fixture
async def filled(sqlite_store: SqlStore) -> SqlStore:
    await fill(sqlite_store)
    return sqlite_store


async def test_a_bit_in_every_column(filled: SqlStore, sqlite_url: str) -> None:
    for name in COLUMNS:
        await turn(filled, sqlite_url, name, chosen)


@pytest.mark.long
@pytest.mark.parametrize("name", COLUMNS)
async def test_every_bit_in_every_column(filled: SqlStore, sqlite_url: str, name: str) -> None:
    assert await turn(filled, sqlite_url, name, every) > 0


def test_what_is_harmless_is_a_column() -> None:
    assert set(HARMLESS) <= set(COLUMNS)


@pytest.mark.parametrize("bit", range(32))
async def test_a_bit_in_the_revision_of_the_schema_stops_the_start(
    filled: SqlStore, sqlite_url: str, bit: int
) -> None:
    await filled.close()
    with closing(sqlite3.connect(Path(sqlite_url.partition(":///")[2]))) as file, file:
        [revision] = file.execute("SELECT version_num FROM alembic_version").fetchone()
        rotten = turned(revision, bit)
        file.execute("UPDATE alembic_version SET version_num = CAST(? AS TEXT)", [rotten])
    with pytest.raises((SchemaOutdatedError, CommandError, StorageUnavailable, Corrupt)):
        async with opened(sqlite_url):
            pass


@pytest.mark.parametrize(
    "name",
    [
        *("docs.published", "docs.epoch", "docs.deleted_at", "docs.created_at", "docs.schema_crc"),
        *("docs.updated_by", "schemas.body", "schemas.doc", "named.name", "named.version"),
        *("publications.by", "publications.number", "locks.body", "accepted.answer"),
        *("accepted.request", "entries.version", "entries.at"),
    ],
)
async def test_a_repair_says_what_is_damaged_and_ends_it(
    filled: SqlStore, sqlite_url: str, name: str
) -> None:
    table, _, column = name.partition(".")
    at = [one.name for one in metadata.tables[table].columns].index(column)
    with closing(File(sqlite_url)) as file:
        row = file.rows(table, column)[-1]
        assert file.put(table, column, turned(row[at], 0), row[at], row)
    found = await filled.remains(HOME)
    assert found is not None
    assert found.lost or found.rotten_entries or found.lost_entries
    repair = msgspec.structs.replace(entry(HEAD + 2, user="weft"), kind="repair")
    seen = (found.epoch, found.head, found.revision)
    gone = found.rotten_entries
    assert await filled.rebuild(HOME, Rebuilt(*seen, 9, repair, b"state 42", gone))
    again = await filled.remains(HOME)
    assert again is not None
    assert (again.lost, again.rotten_entries, again.lost_entries) == ([], [], [])
    assert DAMAGED not in await answers(filled)
