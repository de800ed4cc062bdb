"""Reading entries: by pages that are bounded in bytes, and none of them lost.

A compaction or a repair leaves gaps in the log, all others are damage. A gap that a compaction
leaves ends at a snapshot, at any moment, and the snapshot says where it begins. A repair takes out
damaged rows, and nothing before it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    and_,
    case,
    func,
    null,
    select,
    update,
)
from sqlalchemy import type_coerce as as_type

from collab.entry import REPAIR, Entry, Summary
from collab.ids import DocKey
from collab.ports.store import PAGE_BYTES, Corrupt
from storage.sql.checksum import unpack_entry, unpack_summary, unpack_without_ops
from storage.sql.schema import ANY_VERSION, by_key, docs, entries, is_count, snapshots

# As bytes, which is what the checksum was made over.
ENTRY_COLUMNS = (
    entries.c.version,
    as_type(entries.c.author, LargeBinary),
    as_type(entries.c.request, LargeBinary),
    as_type(entries.c.commit_id, LargeBinary),
    entries.c.at,
    entries.c.payload,
    entries.c.crc,
)

_ROWS = 1000
_SIZE = func.length(entries.c.payload)
_HAS_SUMMARY = func.length(entries.c.summary) > 0
_SUMMARY_SIZE = case((_HAS_SUMMARY, func.length(entries.c.summary)), else_=_SIZE)
# The columns of an entry, with its payload only where it has no summary.
_SUMMARY_COLUMNS = (
    *ENTRY_COLUMNS[:5],
    case((_HAS_SUMMARY, null()), else_=as_type(entries.c.payload, LargeBinary)).label("payload"),
    ENTRY_COLUMNS[6],
    case((_HAS_SUMMARY, entries.c.summary), else_=null()).label("summary"),
)


def read_entries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, most: int
) -> list[Entry]:
    """The first entries of a range, as `ChangeLog.entries` says."""
    last = _end(connection, _range(key, after, upto), limit, most) if limit > 1 else upto
    if last is None:
        return []
    return [unpack_entry(key, row) for row in _rows(connection, key, after, last, limit)]


def every_entry_without_ops(
    connection: Connection, key: DocKey, after: int, upto: int
) -> Iterator[Entry]:
    """All of a range without their ops; they are read a page at a time."""
    while last := _end(connection, _range(key, after, upto), _ROWS, PAGE_BYTES):
        for row in _rows(connection, key, after, last, _ROWS):
            yield unpack_without_ops(key, row)
        after = last


def read_summaries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, most: int
) -> list[Summary]:
    """The last entries of a range, as `ChangeLog.summaries` says."""
    first = _end(connection, _range(key, after, upto), limit, most, newest_first=True)
    if first is None:
        return []
    rows = connection.execute(
        select(*_SUMMARY_COLUMNS)
        .where(_range(key, first - 1, upto))
        .order_by(entries.c.version.desc())
        .limit(limit)
    )
    return [unpack_summary(key, row, row.summary) for row in rows][::-1]


def log_bytes(connection: Connection, key: DocKey, after: int, upto: int) -> int:
    total = select(func.coalesce(func.sum(_SIZE), 0)).where(_range(key, after, upto))
    return int(connection.scalar(total) or 0)


def _rows(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int
) -> Sequence[Row[Any]]:
    found = select(*ENTRY_COLUMNS).where(_range(key, after, upto))
    return connection.execute(found.order_by(entries.c.version).limit(limit)).all()


def _range(key: DocKey, after: int, upto: int) -> ColumnElement[bool]:
    return and_(by_key(entries, key), entries.c.version > after, entries.c.version <= upto)


def _end(
    connection: Connection,
    where: ColumnElement[bool],
    limit: int,
    most: int,
    *,
    newest_first: bool = False,
) -> int | None:
    """The version that a page ends at. Neither database reads a payload to find its length."""
    version = entries.c.version
    sizes = select(version, _SIZE).order_by(version)
    if newest_first:
        sizes = select(version, _SUMMARY_SIZE).order_by(version.desc())
    rows = connection.execute(sizes.where(where).limit(limit))
    end: int | None = None
    held = 0
    for at, length in rows:
        held += length if is_count(length) else 0
        if end is not None and held > most:
            break
        end = at
    return end


# --- gaps -----------------------------------------------------------------------------------------


def check_no_gaps(
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
    """Check what follows a version, up to another or to the head."""
    following = select(func.min(entries.c.version)).where(
        by_key(entries, key), entries.c.version > at
    )
    version = connection.scalar(following)
    if version is not None:
        if version != at + 1:
            _check_before(connection, key, version)
        return
    head = connection.scalar(select(docs.c.head).where(by_key(docs, key), docs.c.deleted_at == 0))
    if head is not None and (not is_count(head) or at < min(head, upto)):
        raise Corrupt(f"{key.tenant}/{key.doc} has no entries after version {at}")


def _check_before(connection: Connection, key: DocKey, version: int) -> None:
    """Check the gap, if there is one, that ends before an entry."""
    before = last_upto(connection, key, version - 1)
    if before == version - 1 or _was_dropped(connection, key, before, version - 1):
        return
    since = every_entry_without_ops(connection, key, version - 1, ANY_VERSION)
    if next(since).kind in ("create", REPAIR) or any(one.kind == REPAIR for one in since):
        return
    raise Corrupt(f"{key.tenant}/{key.doc} has no entries from version {before + 1} to {version}")


def _was_dropped(connection: Connection, key: DocKey, after: int, upto: int) -> bool:
    """Whether a compaction has dropped all entries between these versions."""
    said = select(snapshots.c.dropped_after).where(
        by_key(snapshots, key), snapshots.c.version == upto
    )
    dropped_after = connection.scalar(said)
    return dropped_after is not None and dropped_after <= after


def missing_ranges(
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
    upto = (by_key(entries, key), entries.c.version <= version)
    return connection.scalar(select(func.max(entries.c.version)).where(*upto)) or 0


def record_dropped(connection: Connection, key: DocKey, upto: int) -> None:
    """Have a snapshot say which entries before it are dropped."""
    after = last_upto(connection, key, upto)
    if after < upto:
        at = (by_key(snapshots, key), snapshots.c.version == upto)
        connection.execute(update(snapshots).where(*at).values(dropped_after=after))
