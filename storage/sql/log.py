"""Reads the log: a document to open, its entries, and the outcome of a commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_

from collab.entry import Accepted, Entry, Summary
from collab.ids import DocKey
from collab.ports.positions import MOST_NEWER, Control, Newer, Position
from collab.ports.store import PAGE_BYTES, Absent, Corrupt, Stored
from storage.database import Database
from storage.retention import is_complete
from storage.sql.checksum import is_sound
from storage.sql.documents import check_document, find_document, least_epoch, schema_crc
from storage.sql.entries import (
    check_no_gaps,
    every_entry_without_ops,
    last_upto,
    log_bytes,
    read_entries,
    read_summaries,
)
from storage.sql.locks import read_locks
from storage.sql.requests import find_requests
from storage.sql.schema import ANY_VERSION, by_key, docs, entries, is_count, padded_batches, schemas
from storage.sql.snapshots import newest_sound_snapshot, newest_sound_steps


def load_document(connection: Connection, key: DocKey) -> Stored | Absent:
    """Return the rows that open a document, or the epoch and version of a new one of its name."""
    row = connection.execute(select(docs).where(by_key(docs, key))).one_or_none()
    if row is None:
        if last_upto(connection, key, ANY_VERSION):
            raise Corrupt(f"{key.tenant}/{key.doc} has entries, but its row in `docs` is missing")
        return Absent(max(1, least_epoch(connection)))
    check_document(row)
    if row.deleted_at:
        epoch = max(row.epoch + 1, least_epoch(connection))
        return Absent(epoch, row.head, row.revision + 1)
    snapshot = newest_sound_snapshot(connection, key, row.head)
    since = snapshot.version if snapshot else 0
    # Read beyond the head too: a head that differs from the log's last entry is damaged.
    found = list(every_entry_without_ops(connection, key, since, ANY_VERSION))
    if not is_complete(since, found, row.head):
        raise Corrupt(
            f"{key.tenant}/{key.doc} has no complete log from a sound snapshot to its head"
        )
    saved = newest_sound_steps(connection, key, snapshot.version) if snapshot else None
    return Stored(row.epoch, row.head, read_control(connection, key, row), snapshot, found, saved)


def read_control(connection: Connection, key: DocKey, row: Row[Any]) -> Control:
    """Return the schema and the publication of a document with this row."""
    schema = connection.scalar(select(schemas.c.body).where(by_key(schemas, key))) or b""
    if not is_sound(row.schema_crc, lambda: schema_crc(key, schema)):
        raise Corrupt(f"the schema of {key.tenant}/{key.doc} does not match its checksum")
    return Control(row.revision, schema, row.published)


def _find_commit(connection: Connection, key: DocKey, commit: str) -> int | None:
    # The commit may still be running. It holds this row from the moment when it advances the head.
    # So a transaction that gets the row sees whether the commit succeeded. This uses `nowait`,
    # because a wait would occupy a connection that other documents need. The caller tries again.
    connection.execute(select(docs.c.head).where(by_key(docs, key)).with_for_update(nowait=True))
    found: int | None = connection.scalar(
        select(entries.c.version)
        .where(by_key(entries, key), entries.c.commit_id == commit)
        .order_by(entries.c.version.desc())
        .limit(1)
    )
    return found


def _position(connection: Connection, key: DocKey) -> Position | None:
    columns = select(docs.c.epoch, docs.c.head, docs.c.revision)
    row = connection.execute(columns.where(by_key(docs, key), docs.c.deleted_at == 0)).one_or_none()
    return None if row is None else Position(*row)


def _last_before(connection: Connection, key: DocKey, at: int) -> int:
    found: int | None = connection.scalar(
        select(entries.c.version)
        .where(by_key(entries, key), entries.c.at < at)
        .order_by(entries.c.version.desc())
        .limit(1)
    )
    if found is None or not is_count(found):
        return 0
    # This raises `Corrupt` when the entry is damaged: a damaged time must not decide which entries
    # a compaction drops.
    next(every_entry_without_ops(connection, key, found - 1, found))
    return found


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


class SqlLog:
    """Reads committed rows. Invariant: it never returns a row with a wrong checksum."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, key: DocKey) -> Stored | Absent:
        return await self._database.read_long(lambda c: load_document(c, key))

    async def entries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Entry]:
        def job(connection: Connection) -> list[Entry]:
            found = read_entries(connection, key, after, upto, limit, most)
            check_no_gaps(connection, key, after, upto, [one.version for one in found])
            return found

        return await self._database.read_long(job)

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        def job(connection: Connection) -> list[Summary]:
            found = read_summaries(connection, key, after, upto, limit, most)
            check_no_gaps(connection, key, after, upto, [one.version for one in found])
            return found

        return await self._database.read_long(job)

    async def log_bytes(self, key: DocKey, after: int, upto: int) -> int:
        return await self._database.read(lambda c: log_bytes(c, key, after, upto))

    async def find_commit(self, key: DocKey, commit: str) -> int | None:
        # This is a write. So on SQLite it runs after a commit that is still running.
        return await self._database.write_first(lambda c: _find_commit(c, key, commit))

    async def position(self, key: DocKey) -> Position | None:
        return await self._database.read_first(lambda c: _position(c, key))

    async def find_accepted(self, key: DocKey, user: str, ids: Sequence[str]) -> list[Accepted]:
        asked = {(user, one) for one in ids}
        return await self._database.read_first(lambda c: find_requests(c, key, asked))

    async def last_before(self, key: DocKey, at: int) -> int:
        return await self._database.read(lambda c: _last_before(c, key, at))

    async def newer(self, key: DocKey, since: Position) -> Newer | None:
        return await self._database.read_long(lambda c: read_newer(c, key, since))

    async def positions(self, keys: Sequence[DocKey]) -> dict[DocKey, Position]:
        return await self._database.read_first(lambda c: _positions(c, keys))
