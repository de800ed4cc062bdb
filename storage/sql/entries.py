"""Reads entries in pages of limited size, and checks that none is missing.

A gap is a range of versions that the log lacks. Only a compaction or a repair may leave a gap;
every other gap is damage. The gap of a compaction always ends at a snapshot, which records where
the gap begins. A repair removes damaged rows, and no entry before the repair is needed.
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

# Texts are read as bytes, because the checksum covers the bytes.
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
# The columns of an entry. The payload is read only when there is no summary.
_SUMMARY_COLUMNS = (
    *ENTRY_COLUMNS[:5],
    case((_HAS_SUMMARY, null()), else_=as_type(entries.c.payload, LargeBinary)).label("payload"),
    ENTRY_COLUMNS[6],
    case((_HAS_SUMMARY, entries.c.summary), else_=null()).label("summary"),
)


def read_entries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, most: int
) -> list[Entry]:
    """Return the first entries of a range, as `ChangeLog.entries` describes."""
    last = _end(connection, _range(key, after, upto), limit, most) if limit > 1 else upto
    if last is None:
        return []
    return [unpack_entry(key, row) for row in _rows(connection, key, after, last, limit)]


def every_entry_without_ops(
    connection: Connection, key: DocKey, after: int, upto: int
) -> Iterator[Entry]:
    """Yield all entries of a range without their ops, reading a page at a time."""
    while last := _end(connection, _range(key, after, upto), _ROWS, PAGE_BYTES):
        for row in _rows(connection, key, after, last, _ROWS):
            yield unpack_without_ops(key, row)
        after = last


def read_summaries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, most: int
) -> list[Summary]:
    """Return the last entries of a range, as `ChangeLog.summaries` describes."""
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
    """Return how many bytes the payloads of a range have."""
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
    """Return the last version of a page. No database has to read a payload to find its length."""
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
    """Raise `Corrupt` when versions in (after, upto] are lost.

    `found` are the versions of a page that was read from this range, in order.
    """
    at = after
    for version in found:
        if version != at + 1:
            _check_before(connection, key, version)
        at = version
    if at < upto:
        _check_after(connection, key, at, upto)


def _check_after(connection: Connection, key: DocKey, at: int, upto: int) -> None:
    """Check for a gap after `at`, up to `upto` or the head."""
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
        raise Corrupt(f"{key.tenant}/{key.doc}: the log has no entries after version {at}")


def _check_before(connection: Connection, key: DocKey, version: int) -> None:
    """Check for a gap that ends right before `version`."""
    before = last_upto(connection, key, version - 1)
    if before == version - 1 or _was_dropped(connection, key, before, version - 1):
        return
    since = every_entry_without_ops(connection, key, version - 1, ANY_VERSION)
    if next(since).kind in ("create", REPAIR) or any(one.kind == REPAIR for one in since):
        return
    raise Corrupt(
        f"{key.tenant}/{key.doc}: the log lacks version {before + 1}; its next entry is {version}"
    )


def _was_dropped(connection: Connection, key: DocKey, after: int, upto: int) -> bool:
    """Whether a compaction dropped the entries of (after, upto]."""
    said = select(snapshots.c.dropped_after).where(
        by_key(snapshots, key), snapshots.c.version == upto
    )
    dropped_after = connection.scalar(said)
    return dropped_after is not None and dropped_after <= after


def missing_ranges(
    connection: Connection, key: DocKey, versions: Sequence[int], sound: Sequence[Entry]
) -> list[tuple[int, int]]:
    """Return the first and the last version of each lost range.

    `versions` are the versions of all rows, sound or not.
    """
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
    """Return the newest version up to `version` that has an entry, or 0."""
    upto = (by_key(entries, key), entries.c.version <= version)
    return connection.scalar(select(func.max(entries.c.version)).where(*upto)) or 0


def record_dropped(connection: Connection, key: DocKey, upto: int) -> None:
    """Record in the snapshot at `upto` which entries before it were dropped."""
    after = last_upto(connection, key, upto)
    if after < upto:
        at = (by_key(snapshots, key), snapshots.c.version == upto)
        connection.execute(update(snapshots).where(*at).values(dropped_after=after))
