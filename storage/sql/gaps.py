"""Gaps in the log: a compaction or a repair leaves some, all others are damage.

A gap that a compaction leaves ends at a snapshot, at any moment, and the snapshot says where it
begins. A repair takes out rows that have rotted, and nothing before it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, update

from collab.entry import REPAIR, Entry
from collab.ids import DocKey
from collab.ports.store import Corrupt
from storage.sql.entries import every_bare_entry
from storage.sql.rows import ANY_VERSION, is_count, of
from storage.sql.schema import docs, entries, snapshots


def check_density(
    connection: Connection, key: DocKey, after: int, upto: int, found: Sequence[int]
) -> None:
    """Raise `Corrupt` where versions in (after, upto] are lost.

    `found` are those that were read of them, in order and without leaving any out in between.
    """
    at = after
    for version in found:
        if version != at + 1:
            _check_before(connection, key, version)
        at = version
    if at < upto:
        _check_after(connection, key, at, upto)


def _check_after(connection: Connection, key: DocKey, at: int, upto: int) -> None:
    """Judge what follows a version, up to another or to the head."""
    following = select(func.min(entries.c.version)).where(of(entries, key), entries.c.version > at)
    version = connection.scalar(following)
    if version is not None:
        if version != at + 1:
            _check_before(connection, key, version)
        return
    head = connection.scalar(select(docs.c.head).where(of(docs, key), docs.c.deleted_at == 0))
    if head is not None and (not is_count(head) or at < min(head, upto)):
        raise Corrupt(f"{key.tenant}/{key.doc} has no entries after version {at}")


def _check_before(connection: Connection, key: DocKey, version: int) -> None:
    """Judge the gap, if there is one, that ends before an entry."""
    before = last_upto(connection, key, version - 1)
    if before == version - 1 or _was_dropped(connection, key, before, version - 1):
        return
    since = every_bare_entry(connection, key, version - 1, ANY_VERSION)
    if next(since).kind in ("create", REPAIR) or any(one.kind == REPAIR for one in since):
        return
    raise Corrupt(f"{key.tenant}/{key.doc} has no entries from version {before + 1} to {version}")


def _was_dropped(connection: Connection, key: DocKey, after: int, upto: int) -> bool:
    """Whether a compaction has dropped all entries between these versions."""
    said = select(snapshots.c.dropped_after).where(of(snapshots, key), snapshots.c.version == upto)
    dropped_after = connection.scalar(said)
    return dropped_after is not None and dropped_after <= after


def lost_runs(
    connection: Connection, key: DocKey, versions: Sequence[int], sound: Sequence[Entry]
) -> list[tuple[int, int]]:
    """The first and the last of each run of lost versions; `versions` are those of all rows."""
    repaired = max((one.version for one in sound if one.kind == REPAIR), default=0)
    begins = {one.version for one in sound if one.kind == "create"}
    found, before = [], 0
    for version in versions:
        is_gap = version > before + 1 and version > repaired and version not in begins
        if is_gap and not _was_dropped(connection, key, before, version - 1):
            found.append((before + 1, version - 1))
        before = max(before, version)
    return found


def last_upto(connection: Connection, key: DocKey, version: int) -> int:
    """The newest version up to this one that has an entry; 0 where none has."""
    upto = (of(entries, key), entries.c.version <= version)
    return connection.scalar(select(func.max(entries.c.version)).where(*upto)) or 0


def note_dropped(connection: Connection, key: DocKey, upto: int) -> None:
    """Have a snapshot say which entries before it are dropped."""
    after = last_upto(connection, key, upto)
    if after < upto:
        at = (of(snapshots, key), snapshots.c.version == upto)
        connection.execute(update(snapshots).where(*at).values(dropped_after=after))
