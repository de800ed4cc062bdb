"""Snapshots, and the undo steps that are saved beside them.

A snapshot is the whole state of a document at a version. So a document opens from its newest sound
snapshot and the few entries after it. Undo steps have their own rows; only the last two are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from collab.entry import REPAIR
from collab.ids import DocKey
from collab.ports.store import Corrupt, SavedSteps, Snapshot
from storage.database import Database
from storage.sql.checksum import Packed, pack_snapshot, pack_steps, unpack_snapshot, unpack_steps
from storage.sql.entries import every_entry_without_ops
from storage.sql.schema import by_key, docs, is_count, snapshots, steps

# Rows of undo steps that are kept. When the newest row is damaged, the previous row is used, with
# every entry after it.
KEPT = 2


# --- bodies of versions ---------------------------------------------------------------------------


def saved_versions(connection: Connection, table: Table, key: DocKey) -> list[int]:
    """Return every version that has a body, sound or not, newest first."""
    found = connection.scalars(
        select(table.c.version).where(by_key(table, key)).order_by(table.c.version.desc())
    )
    return [version for version in found if is_count(version)]


def saved_row(
    connection: Connection, table: Table, key: DocKey, version: int
) -> Sequence[Any] | None:
    """Return version, packing, body and crc of the row at exactly this version; None if absent."""
    return connection.execute(
        select(table.c.version, table.c.packing, table.c.body, table.c.crc).where(
            by_key(table, key), table.c.version == version
        )
    ).one_or_none()


def save_packed(
    connection: Connection, table: Table, key: DocKey, version: int, packed: Packed
) -> None:
    """Save a body. Replace a body that the version already has."""
    at, row = (by_key(table, key), table.c.version == version), packed._asdict()
    if connection.execute(update(table).where(*at).values(**row)).rowcount == 0:
        place = {"tenant": key.tenant, "doc": key.doc, "version": version}
        connection.execute(table.insert().values(**place, **row))


# --- snapshots ------------------------------------------------------------------------------------


def read_snapshot(connection: Connection, key: DocKey, version: int) -> Snapshot | None:
    """Return the snapshot at exactly this version, or None when it is missing or damaged."""
    row = saved_row(connection, snapshots, key, version)
    return None if row is None else unpack_snapshot(key, row)


def snapshot_versions(connection: Connection, key: DocKey) -> list[int]:
    """Return every version that has a snapshot, sound or not, newest first."""
    return saved_versions(connection, snapshots, key)


def newest_sound_snapshot(connection: Connection, key: DocKey, upto: int) -> Snapshot | None:
    """Return the newest sound snapshot at or below `upto`."""
    for version in snapshot_versions(connection, key):
        if version <= upto and (found := read_snapshot(connection, key, version)):
            return found
    return None


# --- steps ----------------------------------------------------------------------------------------


def save_steps(connection: Connection, key: DocKey, version: int, packed: Packed) -> None:
    """Save undo steps, and drop all but the newest `KEPT` rows."""
    save_packed(connection, steps, key, version, packed)
    for gone in steps_versions(connection, key)[KEPT:]:
        connection.execute(delete(steps).where(by_key(steps, key), steps.c.version == gone))


def steps_versions(connection: Connection, key: DocKey) -> Sequence[int]:
    """Return the versions that have undo steps, newest first."""
    return saved_versions(connection, steps, key)


def newest_sound_steps(connection: Connection, key: DocKey, upto: int) -> SavedSteps | None:
    """Return the newest sound undo steps at or below `upto`, with the entries after them.

    The entries end at `upto`. When some of them are missing, return None. Then the document opens,
    but users cannot undo older changes.
    """
    for version in steps_versions(connection, key):
        body = read_steps(connection, key, version) if version <= upto else None
        if body is not None:
            return _with_entries(connection, key, SavedSteps(version, body), upto)
    return None


def read_steps(connection: Connection, key: DocKey, version: int) -> bytes | None:
    """Return the undo steps at exactly this version, or None when missing or damaged."""
    row = saved_row(connection, steps, key, version)
    return None if row is None else unpack_steps(key, row)


def _with_entries(
    connection: Connection, key: DocKey, saved: SavedSteps, upto: int
) -> SavedSteps | None:
    try:
        since = list(every_entry_without_ops(connection, key, saved.version, upto))
    except Corrupt:
        return None
    is_dense = [entry.version for entry in since] == list(range(saved.version + 1, upto + 1))
    if not is_dense or any(entry.kind == REPAIR for entry in since):
        return None
    return SavedSteps(saved.version, saved.body, since)


# --- both -----------------------------------------------------------------------------------------


def _save(
    connection: Connection,
    key: DocKey,
    epoch: int,
    version: int,
    body: Packed,
    undo_steps: Packed | None,
) -> None:
    # Without a match, the document was deleted or restored meanwhile, and the snapshot is stale.
    still = select(docs.c.head).where(
        by_key(docs, key),
        docs.c.epoch == epoch,
        docs.c.deleted_at == 0,
        docs.c.head >= version,
    )
    if connection.execute(still.with_for_update()).one_or_none() is None:
        return
    save_packed(connection, snapshots, key, version, body)
    if undo_steps is not None:
        save_steps(connection, key, version, undo_steps)


class SqlSnapshots:
    """Snapshots and undo steps, by document and version.

    A second snapshot of a version replaces the first. When it has no undo steps, the saved undo
    steps stay.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        # In a thread, not in the writer: compressing megabytes there would delay every commit.
        body = await asyncio.to_thread(pack_snapshot, key, snapshot)
        undo = await asyncio.to_thread(pack_steps, key, snapshot) if snapshot.steps else None
        await self._database.write(lambda c: _save(c, key, epoch, snapshot.version, body, undo))

    async def snapshot_before(self, key: DocKey, version: int) -> Snapshot | None:
        return await self._database.read_long(lambda c: newest_sound_snapshot(c, key, version))
