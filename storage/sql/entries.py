"""Reading entries: by pages that are bounded in bytes, however large each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Row, and_, case, func, null, select
from sqlalchemy import type_coerce as as_type

from collab.entry import Entry, Summary
from collab.ids import DocKey
from collab.ports.store import PAGE_BYTES
from storage.sql.checksum import unpack_bare, unpack_entry, unpack_summary
from storage.sql.requests import ENTRY_COLUMNS
from storage.sql.rows import is_count, of
from storage.sql.schema import entries

_ROWS = 1000
_SIZE = func.length(entries.c.payload)
_IS_TOLD = func.length(entries.c.summary) > 0
_TOLD_SIZE = case((_IS_TOLD, func.length(entries.c.summary)), else_=_SIZE)
# The columns of an entry, with its payload only where nothing shorter tells of it.
_TOLD_COLUMNS = (
    *ENTRY_COLUMNS[:5],
    case((_IS_TOLD, null()), else_=as_type(entries.c.payload, LargeBinary)).label("payload"),
    ENTRY_COLUMNS[6],
    case((_IS_TOLD, entries.c.summary), else_=null()).label("summary"),
)


def read_entries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, most: int
) -> list[Entry]:
    """The first entries of a range, as `ChangeLog.entries` says."""
    last = _end(connection, _range(key, after, upto), limit, most) if limit > 1 else upto
    if last is None:
        return []
    return [unpack_entry(key, row) for row in _rows(connection, key, after, last, limit)]


def every_bare_entry(connection: Connection, key: DocKey, after: int, upto: int) -> Iterator[Entry]:
    """All of a range without their ops; they are read a page at a time."""
    while last := _end(connection, _range(key, after, upto), _ROWS, PAGE_BYTES):
        for row in _rows(connection, key, after, last, _ROWS):
            yield unpack_bare(key, row)
        after = last


def read_summaries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int, most: int
) -> list[Summary]:
    """The last entries of a range, as `ChangeLog.summaries` says."""
    first = _end(connection, _range(key, after, upto), limit, most, newest_first=True)
    if first is None:
        return []
    rows = connection.execute(
        select(*_TOLD_COLUMNS)
        .where(_range(key, first - 1, upto))
        .order_by(entries.c.version.desc())
        .limit(limit)
    )
    return [unpack_summary(key, row, row.summary) for row in rows][::-1]


def weigh(connection: Connection, key: DocKey, after: int, upto: int) -> int:
    total = select(func.coalesce(func.sum(_SIZE), 0)).where(_range(key, after, upto))
    return int(connection.scalar(total) or 0)


def _rows(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int
) -> Sequence[Row[Any]]:
    found = select(*ENTRY_COLUMNS).where(_range(key, after, upto))
    return connection.execute(found.order_by(entries.c.version).limit(limit)).all()


def _range(key: DocKey, after: int, upto: int) -> ColumnElement[bool]:
    return and_(of(entries, key), entries.c.version > after, entries.c.version <= upto)


def _end(
    connection: Connection,
    where: ColumnElement[bool],
    limit: int,
    most: int,
    *,
    newest_first: bool = False,
) -> int | None:
    """The version that a page ends at. Neither database reads a payload to tell its length."""
    version = entries.c.version
    sizes = select(version, _SIZE).order_by(version)
    if newest_first:
        sizes = select(version, _TOLD_SIZE).order_by(version.desc())
    rows = connection.execute(sizes.where(where).limit(limit))
    end: int | None = None
    held = 0
    for at, length in rows:
        held += length if is_count(length) else 0
        if end is not None and held > most:
            break
        end = at
    return end
