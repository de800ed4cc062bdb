"""Reads what is newer than a position: for an instance that has the document open."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, tuple_

from collab.entry import Entry
from collab.ids import DocKey
from collab.ports.store import MOST_NEWER, PAGE_BYTES, Newer, Position
from storage.database import Database
from storage.sql.documents import check_document, find_document
from storage.sql.entries import check_no_gaps, log_bytes, read_entries
from storage.sql.locks import read_locks
from storage.sql.log import read_control
from storage.sql.schema import docs, padded_batches


def read_newer(connection: Connection, key: DocKey, since: Position) -> Newer | None:
    """Return what is newer than a position, as `ChangeLog.newer` describes."""
    row = find_document(connection, key)
    if row is None:
        return None
    check_document(row)
    position = Position(row.epoch, row.head, row.revision)
    entries = _entries(connection, key, since, position)
    if row.revision == since.revision:
        return Newer(position, entries)
    control, (_, locks) = read_control(connection, key, row), read_locks(connection, key)
    return Newer(position, entries, control, locks)


def _entries(
    connection: Connection, key: DocKey, since: Position, to: Position
) -> list[Entry] | None:
    """Return the entries between two positions; None when they are more than one page."""
    if since.epoch != to.epoch or not 0 <= to.version - since.version <= MOST_NEWER:
        return None
    if since.version == to.version:
        return []
    if log_bytes(connection, key, since.version, to.version) > PAGE_BYTES:
        return None
    found = read_entries(connection, key, since.version, to.version, MOST_NEWER, PAGE_BYTES)
    check_no_gaps(connection, key, since.version, to.version, [one.version for one in found])
    return found if len(found) == to.version - since.version else None


def _positions(connection: Connection, keys: Sequence[DocKey]) -> dict[DocKey, Position]:
    columns = select(docs.c.tenant, docs.c.doc, docs.c.epoch, docs.c.head, docs.c.revision)
    found: dict[DocKey, Position] = {}
    for part in padded_batches(tuple(key) for key in keys):
        named = tuple_(docs.c.tenant, docs.c.doc).in_(part)
        for row in connection.execute(columns.where(named, docs.c.deleted_at == 0)):
            found[DocKey(row.tenant, row.doc)] = Position(row.epoch, row.head, row.revision)
    return found


class SqlNewer:
    """Reads positions, and what is newer than a position. Each is read at one moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newer(self, key: DocKey, since: Position) -> Newer | None:
        return await self._database.read_long(lambda c: read_newer(c, key, since))

    async def positions(self, keys: Sequence[DocKey]) -> dict[DocKey, Position]:
        return await self._database.read_first(lambda c: _positions(c, keys))
