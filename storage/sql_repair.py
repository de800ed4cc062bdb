"""Reading what is left of a damaged document, and writing it again from there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import Connection, Table, delete, select, update

from collab.entry import Entry
from collab.ids import DocKey
from collab.ports import Corrupt, Snapshot
from collab.repairs import Rebuilt, Remains
from storage import sql_text
from storage.checksum import pack_entries, pack_snapshot, unpack_entry
from storage.database import CoreRunner, Database
from storage.rows import of
from storage.schema import docs, entries, locks, schemas, snapshots
from storage.sql_requests import ENTRY_COLUMNS
from storage.sql_snapshots import read_snapshot, snapshot_versions

# SQLite before 3.32 takes 999 values in a statement.
_AT_ONCE = 500


def _remains(connection: Connection, key: DocKey) -> Remains | None:
    found = select(docs).where(of(docs, key), docs.c.deleted_at == 0)
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    sound, rotten = _entries(connection, key)
    bodies: dict[int, bytes] = {}
    lost: list[int] = []
    for version in reversed(snapshot_versions(connection, key)):
        snapshot = read_snapshot(connection, key, version)
        if snapshot is None:
            lost.append(version)
        else:
            bodies[version] = snapshot.body
    schema = connection.scalar(select(schemas.c.body).where(of(schemas, key))) or b""
    return Remains(row.epoch, row.head, row.revision, schema, bodies, sound, lost, rotten)


def _entries(connection: Connection, key: DocKey) -> tuple[list[Entry], list[int]]:
    rows = connection.execute(
        select(*ENTRY_COLUMNS).where(of(entries, key)).order_by(entries.c.version)
    ).all()
    sound: list[Entry] = []
    for row in rows:
        with suppress(Corrupt):
            sound.append(unpack_entry(key, row))
    read = {entry.version for entry in sound}
    return sound, [row.version for row in rows if row.version not in read]


def _rebuild(connection: Connection, key: DocKey, rebuilt: Rebuilt) -> bool:
    entry = rebuilt.entry
    moved = connection.execute(
        update(docs)
        .where(
            of(docs, key),
            docs.c.deleted_at == 0,
            docs.c.epoch == rebuilt.seen,
            docs.c.head == rebuilt.head,
            docs.c.revision == rebuilt.revision,
        )
        .values(
            epoch=rebuilt.epoch,
            head=entry.version,
            revision=rebuilt.revision + 1,
            updated_at=entry.at,
            updated_by=entry.author.user,
        )
    )
    if moved.rowcount != 1:
        return False
    _drop(connection, entries, key, rebuilt.drop_entries)
    _drop(connection, snapshots, key, rebuilt.drop_snapshots)
    connection.execute(delete(locks).where(of(locks, key)))
    if rebuilt.drop_schema:
        connection.execute(delete(schemas).where(of(schemas, key)))
    runner = CoreRunner(connection)
    for (sql, values), _ in sql_text.entries(runner.dialect, pack_entries(key, [entry])):
        runner.run(sql, values)
    packing, body, crc = pack_snapshot(key, Snapshot(entry.version, rebuilt.body))
    row = {"version": entry.version, "packing": packing, "body": body, "crc": crc}
    connection.execute(snapshots.insert().values(tenant=key.tenant, doc=key.doc, **row))
    return True


def _drop(connection: Connection, table: Table, key: DocKey, versions: Iterable[int]) -> None:
    gone = list(versions)
    for start in range(0, len(gone), _AT_ONCE):
        some = table.c.version.in_(gone[start : start + _AT_ONCE])
        connection.execute(delete(table).where(of(table, key), some))


class SqlRepair:
    """A damaged document is read row by row, and written in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remains(self, key: DocKey) -> Remains | None:
        return await self._database.read(lambda c: _remains(c, key))

    async def rebuild(self, key: DocKey, rebuilt: Rebuilt) -> bool:
        return await self._database.write(lambda c: _rebuild(c, key, rebuilt))
