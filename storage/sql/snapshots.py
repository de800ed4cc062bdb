"""Snapshots: whole states that make opening cheap; one that has rotted is passed over."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, select

from collab.ids import DocKey
from collab.ports.store import Snapshot
from storage.database import Database
from storage.sql.checksum import Packed, pack_snapshot, pack_steps, unpack_snapshot
from storage.sql.rows import of
from storage.sql.saved import save_packed, saved_row, saved_versions
from storage.sql.schema import docs, snapshots
from storage.sql.steps import save_steps


def read_snapshot(connection: Connection, key: DocKey, version: int) -> Snapshot | None:
    """The snapshot at exactly this version, if it is there and sound."""
    row = saved_row(connection, snapshots, key, version)
    return None if row is None else unpack_snapshot(key, row)


def snapshot_versions(connection: Connection, key: DocKey) -> list[int]:
    """Every version that has a snapshot, sound or not, newest first."""
    return saved_versions(connection, snapshots, key)


def newest_sound_snapshot(connection: Connection, key: DocKey, upto: int) -> Snapshot | None:
    for version in snapshot_versions(connection, key):
        if version <= upto and (found := read_snapshot(connection, key, version)):
            return found
    return None


def _save(
    connection: Connection,
    key: DocKey,
    epoch: int,
    version: int,
    body: Packed,
    steps: Packed | None,
) -> None:
    # Made from a state that is gone, if the document was deleted or restored meanwhile.
    still = select(docs.c.head).where(
        of(docs, key),
        docs.c.epoch == epoch,
        docs.c.deleted_at == 0,
        docs.c.head >= version,
    )
    if connection.execute(still.with_for_update()).one_or_none() is None:
        return
    save_packed(connection, snapshots, key, version, body)
    if steps is not None:
        save_steps(connection, key, version, steps)


class SqlSnapshots:
    """Opaque bodies under (document, version); saving one again replaces it, but for its steps
    where it has none this time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        # Beside the writers: to compress megabytes would hold every commit up.
        body = await asyncio.to_thread(pack_snapshot, key, snapshot)
        steps = await asyncio.to_thread(pack_steps, key, snapshot) if snapshot.steps else None
        await self._database.write(lambda c: _save(c, key, epoch, snapshot.version, body, steps))

    async def snapshot_before(self, key: DocKey, version: int) -> Snapshot | None:
        return await self._database.read_long(lambda c: newest_sound_snapshot(c, key, version))
