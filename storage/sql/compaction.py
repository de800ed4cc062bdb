"""Compaction: drops entries that are no longer needed, a limited number in each transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from sqlalchemy import Connection, delete, func, select

from collab.entry import Accepted, Entry
from collab.ids import DocKey
from collab.ports.store import Corrupt
from storage.database import Database
from storage.dialect import insert
from storage.retention import Retained, retain
from storage.sql.checksum import accepted_crc, pack_answer, unpack_entry
from storage.sql.documents import check_document, lock_document
from storage.sql.entries import ENTRY_COLUMNS, record_dropped
from storage.sql.names import check_names
from storage.sql.publications import check_publications
from storage.sql.schema import accepted, by_key, entries, snapshots
from storage.sql.snapshots import read_snapshot, snapshot_versions, steps_versions

# The most entries that one transaction drops. So it holds the write lock for a few milliseconds
# only, and commits run between two such transactions.
_SLICE = 500


def _sound_versions(connection: Connection, key: DocKey, before: int) -> list[int]:
    """Return the sound snapshots at or below `before`, and the next one above it, if any."""
    sound = []
    for version in reversed(snapshot_versions(connection, key)):
        if read_snapshot(connection, key, version):
            sound.append(version)
            if version > before:
                break
    return sound


def _remember(connection: Connection, key: DocKey, gone: Iterable[Entry]) -> None:
    """Keep the ids of dropped entries: clients may still retry these requests."""
    for entry in gone:
        answer = pack_answer(entry.answer)
        one = Accepted.of(entry)
        row = {
            "tenant": key.tenant,
            "doc": key.doc,
            "author": one.user,
            "request": one.id,
            "version": one.version,
            "at": entry.at,
            "answer": answer,
            "crc": accepted_crc(key, one, entry.at, answer),
            "digest": one.digest or None,
        }
        connection.execute(insert(connection, accepted).on_conflict_do_nothing(), row)


class SqlCompaction:
    """Drops entries and snapshots that no kept version needs, below the floor.

    `storage.retention` defines the floor.

    Invariant: each gap that a compaction leaves ends at a snapshot, which records where the gap
    begins. This also holds when the compaction is interrupted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def compact(
        self, key: DocKey, *, before: int, keep: Sequence[int], forget: int = 0
    ) -> int:
        sound = await self._database.read_long(lambda c: _sound_versions(c, key, before))
        dropped = 0
        while True:
            went = await self._database.write(lambda c: _slice(c, key, sound, before, keep, forget))
            dropped += went
            if went < _SLICE:
                return dropped


def _slice(
    connection: Connection,
    key: DocKey,
    sound: Sequence[int],
    before: int,
    keep: Sequence[int],
    forget: int,
) -> int:
    # Check again in each transaction, with the row locked: a version may have been named meanwhile.
    row = lock_document(connection, key)
    if row is None:
        return 0
    check_document(row)  # `row.published` is a version that must be kept
    kept = {*keep, row.published}
    kept.update(one.version for one in check_names(connection, key))
    kept.update(step.version for step in check_publications(connection, key))
    # Saved undo steps need every entry after them, so keep those.
    before = min([before, *steps_versions(connection, key)])
    standing = set(snapshot_versions(connection, key)).intersection(sound)
    plan = retain(sorted(standing), before=before, needed=kept)
    room = _SLICE
    for after, upto in plan.dropped_ranges():
        room -= _drop_entries(connection, key, after, upto, room, forget)
        record_dropped(connection, key, upto)
        if not room:
            return _SLICE
    _drop_rest(connection, key, plan, forget)
    return _SLICE - room


def _drop_entries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, forget: int
) -> int:
    gone = (by_key(entries, key), entries.c.version > after, entries.c.version <= upto)
    rows = connection.execute(
        select(entries.c.version, entries.c.at, func.length(entries.c.request).label("id_size"))
        .where(*gone)
        .order_by(entries.c.version.desc())  # so that an unfinished gap still ends at its snapshot
        .limit(limit)
    ).all()
    if rows:
        kept = [row.version for row in rows if row.id_size and row.at >= forget]
        _remember(connection, key, _sound_entries(connection, key, kept))
        first = rows[-1].version
        connection.execute(delete(entries).where(*gone, entries.c.version >= first))
    return len(rows)


def _sound_entries(connection: Connection, key: DocKey, versions: Sequence[int]) -> Iterator[Entry]:
    """Yield the sound entries. Read one at a time: all of them may not fit into memory."""
    for version in versions:
        one = select(*ENTRY_COLUMNS).where(by_key(entries, key), entries.c.version == version)
        # A damaged entry is dropped too: it is not needed, and must not stop the compaction.
        with suppress(Corrupt):
            yield unpack_entry(key, connection.execute(one).one())


def _drop_rest(connection: Connection, key: DocKey, plan: Retained, forget: int) -> None:
    for version in snapshot_versions(connection, key):
        if version < plan.floor and version not in plan.snapshots:
            connection.execute(
                delete(snapshots).where(by_key(snapshots, key), snapshots.c.version == version)
            )
    connection.execute(delete(accepted).where(by_key(accepted, key), accepted.c.at < forget))
