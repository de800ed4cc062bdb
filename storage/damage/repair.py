"""Reads the remains of a damaged document (`collab.ports.repairs`), and writes it repaired."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from msgspec.structs import replace
from sqlalchemy import Connection, Table, delete, select

from collab.entry import Entry
from collab.ids import DocKey
from collab.ports.repairs import Rebuilt, Remains
from collab.ports.store import Corrupt, Snapshot
from storage.damage.remains import damage_outside_log, read_counts, read_schema, rewrite_document
from storage.database import CoreRunner, Database
from storage.sql import statements
from storage.sql.checksum import pack_entries, pack_snapshot, pack_steps, unpack_entry
from storage.sql.documents import find_document, lock_document
from storage.sql.entries import ENTRY_COLUMNS, missing_ranges
from storage.sql.names import read_names
from storage.sql.schema import by_key, entries, is_count, snapshots, steps
from storage.sql.snapshots import (
    read_snapshot,
    read_steps,
    save_packed,
    save_steps,
    snapshot_versions,
    steps_versions,
)

# SQLite before 3.32 allows only 999 values in a statement.
_AT_ONCE = 500


def _remains(connection: Connection, key: DocKey) -> Remains | None:
    counts = read_counts(connection, key)
    if counts is None:
        return None
    (epoch, head, revision), lost_counts = counts
    sound, damaged = _entries(connection, key)
    bodies: dict[int, bytes] = {}
    damaged_snapshots: list[int] = []
    for version in reversed(snapshot_versions(connection, key)):
        snapshot = read_snapshot(connection, key, version)
        if snapshot is None:
            damaged_snapshots.append(version)
        else:
            bodies[version] = snapshot.body
    row = find_document(connection, key)
    schema = b"" if row is None else read_schema(connection, key, row) or b""
    steps, lost_steps = _steps(connection, key)
    lost = [*lost_counts, *damage_outside_log(connection, key), *lost_steps]
    names = [(one.version, one.name, one.by, one.at) for one in read_names(connection, key)[0]]
    rows = sorted([*(entry.version for entry in sound), *damaged])
    runs = missing_ranges(connection, key, rows, sound)
    read = Remains(epoch, head, revision, schema, bodies, sound, damaged_snapshots, damaged)
    return replace(read, lost=lost, steps=steps, lost_entries=runs, names=names)


def _steps(connection: Connection, key: DocKey) -> tuple[dict[int, bytes], list[str]]:
    """Return the saved undo steps by version, and a sentence for each row that cannot be read."""
    read: dict[int, bytes] = {}
    lost: list[str] = []
    for version in steps_versions(connection, key):
        body = read_steps(connection, key, version)
        if body is None:
            lost.append(f"the undo steps of version {version}: they cannot be read")
        else:
            read[version] = body
    return read, lost


def _entries(connection: Connection, key: DocKey) -> tuple[list[Entry], list[int]]:
    rows = connection.execute(
        select(*ENTRY_COLUMNS).where(by_key(entries, key)).order_by(entries.c.version)
    ).all()
    sound: list[Entry] = []
    rows = [row for row in rows if is_count(row.version)]
    for row in rows:
        with suppress(Corrupt):
            sound.append(unpack_entry(key, row))
    read = {entry.version for entry in sound}
    return sound, [row.version for row in rows if row.version not in read]


def _rebuild(connection: Connection, key: DocKey, rebuilt: Rebuilt) -> bool:
    entry, row = rebuilt.entry, lock_document(connection, key)
    counts = read_counts(connection, key)
    if row is None or counts is None:
        return False
    if counts[0] != [rebuilt.seen, rebuilt.head, rebuilt.revision]:
        return False
    rewrite_document(connection, key, row, rebuilt)
    _drop(connection, entries, key, rebuilt.drop_entries)
    _drop(connection, snapshots, key, rebuilt.drop_snapshots)
    connection.execute(delete(steps).where(by_key(steps, key)))
    runner = CoreRunner(connection)
    rows = pack_entries(key, [entry])
    for (sql, values), _ in statements.write(runner.dialect, statements.ENTRIES, rows):
        runner.run(sql, values)
    snapshot = Snapshot(entry.version, rebuilt.body, rebuilt.steps)
    save_packed(connection, snapshots, key, entry.version, pack_snapshot(key, snapshot))
    if snapshot.steps:
        save_steps(connection, key, entry.version, pack_steps(key, snapshot))
    return True


def _drop(connection: Connection, table: Table, key: DocKey, versions: Iterable[int]) -> None:
    gone = list(versions)
    for start in range(0, len(gone), _AT_ONCE):
        some = table.c.version.in_(gone[start : start + _AT_ONCE])
        connection.execute(delete(table).where(by_key(table, key), some))


class SqlRepair:
    """Reads a damaged document row by row. Writes the repaired document in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remains(self, key: DocKey) -> Remains | None:
        return await self._database.read_long(lambda c: _remains(c, key))

    async def rebuild(self, key: DocKey, rebuilt: Rebuilt) -> bool:
        return await self._database.write(lambda c: _rebuild(c, key, rebuilt))
