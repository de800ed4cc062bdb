"""Flips a bit in every column of every table.

With a flipped bit, the store must answer as before, or answer less, or report the damage. The list
below names the columns whose damage stays undetected, and why that is harmless.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from alembic.util import CommandError

from collab.entry import Accepted, Author
from collab.ports.assets import Asset, AssetUse
from collab.ports.audit import AuditRow
from collab.ports.directory import ShareLink, SigningKey
from collab.ports.locks import StoredLock
from collab.ports.repairs import Rebuilt
from collab.ports.store import (
    Append,
    Corrupt,
    DocRow,
    NamedVersion,
    Snapshot,
    StorageUnavailable,
    Stored,
)
from storage.migration import SchemaOutdatedError
from storage.sql.schema import metadata
from storage.store import SqlStore
from tests.storage.assets_contract import FIRST, asset, bodies
from tests.storage.conftest import opened
from tests.storage.contract import AWAY, HOME, entry, further, large, made, public
from tests.storage.damaged_rows import (
    PostgresRows,
    Row,
    Rows,
    SqliteRows,
    bits_of,
    names_of,
    turned,
)

pytestmark = pytest.mark.thorough

HEAD = 40
PICTURE = asset()
LOCK = StoredLock("l1", "/headline", Author("ada"), 1, 5, 10**13, b"hash")

# Columns whose damage no check finds, or no client sees, and the reason.
_LOST_ID = "the id is unknown, as if its retention had ended; a repair finds its row"
_LOST_NAME = "the version has lost its name"
_LOST_STEP = "an older publication is missing; a newer one decides what is public"
_LOST_LOCK = "the lock has ended, as if it had expired; its holder gets a refusal at the next renew"
_TRAIL = "the audit trail decides nothing; the log has the authors of all edits"
_NOT_READ = "nothing reads it"
_LOST_USE = "the version is read again, or a use is lost; an upload brings a lost asset back"
HARMLESS: dict[str, str] = {
    "docs.revision": "it is only compared during a commit, so any value works",
    "docs.updated_at": "the newest entry is used instead",
    "docs.updated_by": "the newest entry is used instead",
    "docs.head_crc": "the newest entry is used instead",
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
    "snapshots.dropped_after": "a higher value reports the gap; a lower value hides no other gap",
    **{f"audit.{column.name}": _TRAIL for column in metadata.tables["audit"].columns},
    "tenants.tenant": "no document is read by it; its keys are not listed",
    "tenants.created_at": _NOT_READ,
    **{f"asset_uses.{column.name}": _LOST_USE for column in metadata.tables["asset_uses"].columns},
    "assets.used_at": "an asset without a use is purged earlier or later",
    "epochs.id": _NOT_READ,
    "epochs.least": "a new document gets another epoch; only a restored backup needs it",
    "compatibility.id": _NOT_READ,
    "compatibility.revision": "an older version does not start, as on tables that it does not know",
    "compatibility.oldest": "an older version does not start, or finds that something is missing",
    "pulse.id": _NOT_READ,
    "pulse.at": _NOT_READ,
}
DAMAGED = "damaged"
Choose: TypeAlias = Callable[[list[Row], int, str], Iterator[tuple[Row, int]]]


async def fill(store: SqlStore) -> None:
    """Create two documents with everything that a document can have."""
    await store.raise_epochs(7)
    await store.add_tenant("demo", 1)
    await store.add_key("demo", SigningKey("k-1", b"secret " * 4, 1, 9))
    link = ShareLink("share-1", b"secret " * 4, "viewer", "ada", 5, 10**13)
    entries = [entry(n, id=f"p-{n}", commit=f"c-{n}") for n in range(1, HEAD + 1)]
    entries[31] = msgspec.structs.replace(large(32), id="p-32", commit="c-32")
    answered = [Accepted("bo", "none", HEAD, {"skipped": [1]}, b"0123456789abcdef")]
    await store.commit([Append(HOME, 7, 0, 0, entries, create=True, title="Home")])
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
    await store.add_share(HOME, link)
    await store.add_asset("demo", PICTURE, bodies())
    await store.save_uses(HOME, HEAD, [PICTURE.id], 5)
    await store.ping()


async def opens(store: SqlStore) -> Any:
    """Return what a document is opened with, without the choice of snapshot and undo steps."""
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


async def titles(store: SqlStore) -> list[tuple[str, str]]:
    return list((await store.titles("demo", ["home"])).items())


async def share_link_key(store: SqlStore) -> tuple[str, SigningKey] | None:
    return (await store.find_keys(["share-1"])).get("share-1")


async def listed(store: SqlStore) -> list[DocRow | str]:
    rows = await store.list_docs("demo", "", 9)
    return [DAMAGED if one.damaged else one for one in rows]


async def found_asset(store: SqlStore) -> list[Asset]:
    return list((await store.find_assets([("demo", PICTURE.id)])).values())


async def asset_uses(store: SqlStore) -> list[AssetUse]:
    return (await store.asset_uses("demo", [PICTURE.id]))[PICTURE.id]


async def locks(store: SqlStore) -> list[StoredLock]:
    return (await store.locks(HOME))[1]


async def accepted(store: SqlStore) -> list[Accepted]:
    """Return the accepted requests, sorted, because the database's order may differ."""
    found = await store.find_accepted(HOME, "ada", [f"p-{n}" for n in range(HEAD + 1)])
    return sorted(found, key=lambda one: one.id)


ASKED: list[Callable[[SqlStore], Awaitable[Any]]] = [
    opens,
    row,
    listed,
    lambda store: store.entries(HOME, 0, HEAD, 1000),
    lambda store: store.summaries(HOME, 0, HEAD, 1000),
    lambda store: store.summaries(HOME, 25, HEAD, 4),
    accepted,
    lambda store: store.find_accepted(HOME, "bo", ["none"]),
    lambda store: store.named_versions(HOME),
    lambda store: store.public_state(HOME),
    lambda store: store.publications(HOME, 0, HEAD),
    lambda store: store.public_versions(HOME),
    locks,
    lambda store: store.keys("demo"),
    signing_key,
    share_link_key,
    titles,
    lambda store: store.shares(HOME),
    found_asset,
    asset_uses,
    lambda store: store.list_assets("demo", FIRST, 9),
    lambda store: store.read_piece("demo", PICTURE, 0, 0),
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
    """Whether `found` contains nothing that `sound` does not contain."""
    if isinstance(found, list) and isinstance(sound, list):
        return all(one in sound or one == DAMAGED or _from(one) for one in found)
    if isinstance(found, Snapshot):
        return found.body == b"state %d" % found.version
    return found is None or found in (sound, DAMAGED)


def _from(one: Any) -> bool:
    return isinstance(one, tuple) and one[0] == "from"


# --- flipping bits --------------------------------------------------------------------------------


COLUMNS = [
    f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns
]
# Beside a SQLite file, the contents of assets are in files.
COLUMNS_OF_A_FILE = [name for name in COLUMNS if not name.startswith("asset_pieces.")]


def chosen(rows: list[Row], at: int, name: str) -> Iterator[tuple[Row, int]]:
    """Yield a few bits, the same in each run."""
    dice = random.Random(name)
    for _ in range(2):
        row = dice.choice(rows)
        yield row, dice.randrange(bits_of(row[at]))


def every(rows: list[Row], at: int, _: str) -> Iterator[tuple[Row, int]]:
    """Yield every bit of small columns, and some hundred bits of large ones, in at most five rows.

    The first and the last row are included. The other rows of a table are like their neighbours.
    """
    for row in _spread(rows, 5):
        bits = bits_of(row[at])
        yield from ((row, bit) for bit in range(0, bits, 1 + bits // 128))


def _spread(rows: list[Row], most: int) -> list[Row]:
    step = max(1.0, (len(rows) - 1) / (most - 1))
    return [rows[round(step * n)] for n in range(min(most, len(rows)))]


async def turn(store: SqlStore, rows: Rows, name: str, choose: Choose) -> int:
    """Flip bits of a column, one at a time, and check the answers. Return how many were flipped."""
    table, _, column = name.partition(".")
    sound = await answers(store)
    assert DAMAGED not in sound
    at = names_of(table).index(column)
    count = 0
    found = await rows.rows(table, column)
    assert found, f"the test has no row for {name}"
    for row, bit in choose(found, at, name):
        old, new = row[at], turned(row[at], bit)
        if not await rows.put(table, column, new, old, row):
            continue
        count += 1
        _judge(name, await answers(store), sound, f"{name}, bit {bit} of {old!r}")
        await rows.put(table, column, old, new, row)
    assert await answers(store) == sound
    return count


def _judge(name: str, found: list[Any], sound: list[Any], told: str) -> None:
    if name != "docs.revision":
        wrong = [one for one in zip(found, sound, strict=True) if not is_less(*one)]
        assert not wrong, f"{told}: {wrong}"
    assert name in HARMLESS or found != sound, f"{told} was not found"


@pytest.fixture
async def filled(sqlite_store: SqlStore) -> SqlStore:
    await fill(sqlite_store)
    return sqlite_store


@pytest.fixture
async def rows(sqlite_url: str) -> AsyncIterator[Rows]:
    file = SqliteRows(sqlite_url)
    yield file
    await file.close()


@pytest.fixture
async def filled_postgres(postgres_store: SqlStore) -> SqlStore:
    await fill(postgres_store)
    return postgres_store


@pytest.fixture
async def postgres_rows(postgres_url: str) -> AsyncIterator[Rows]:
    database = await PostgresRows.connect(postgres_url)
    yield database
    await database.close()


async def test_a_flipped_bit_in_every_column(filled: SqlStore, rows: Rows) -> None:
    for name in COLUMNS_OF_A_FILE:
        await turn(filled, rows, name, chosen)


@pytest.mark.real
async def test_a_flipped_bit_in_every_column_of_postgresql(
    filled_postgres: SqlStore, postgres_rows: Rows
) -> None:
    for name in COLUMNS:
        await turn(filled_postgres, postgres_rows, name, chosen)


@pytest.mark.long
@pytest.mark.parametrize("name", COLUMNS_OF_A_FILE)
async def test_every_flipped_bit_in_every_column(filled: SqlStore, rows: Rows, name: str) -> None:
    assert await turn(filled, rows, name, every) > 0


@pytest.mark.long
@pytest.mark.parametrize("name", COLUMNS)
async def test_every_flipped_bit_in_every_column_of_postgresql(
    filled_postgres: SqlStore, postgres_rows: Rows, name: str
) -> None:
    assert await turn(filled_postgres, postgres_rows, name, every) > 0


def test_the_list_of_harmless_columns_names_columns() -> None:
    assert set(HARMLESS) <= set(COLUMNS)


@pytest.mark.parametrize("bit", range(32))
async def test_a_flipped_bit_in_the_schema_revision_stops_the_start(
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
async def test_a_repair_reports_the_damage_and_removes_it(
    filled: SqlStore, rows: Rows, name: str
) -> None:
    table, _, column = name.partition(".")
    at = names_of(table).index(column)
    row = (await rows.rows(table, column))[-1]
    assert await rows.put(table, column, turned(row[at], 0), row[at], row)
    found = await filled.remains(HOME)
    assert found is not None
    assert found.lost or found.damaged_entries or found.lost_entries
    repair = msgspec.structs.replace(entry(HEAD + 2, user="weft"), kind="repair")
    seen = (found.epoch, found.head, found.revision)
    gone = found.damaged_entries
    assert await filled.rebuild(HOME, Rebuilt(*seen, 9, repair, b"state 42", gone))
    again = await filled.remains(HOME)
    assert again is not None
    assert (again.lost, again.damaged_entries, again.lost_entries) == ([], [], [])
    assert DAMAGED not in await answers(filled)
