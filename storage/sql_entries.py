"""Entries as they are read back, in order."""

from __future__ import annotations

from sqlalchemy import Connection, select

from collab.entry import Entry
from collab.ids import DocKey
from storage.checksum import unpack_entry
from storage.rows import of
from storage.schema import entries
from storage.sql_requests import ENTRY_COLUMNS


def read_entries(
    connection: Connection, key: DocKey, after: int, upto: int, limit: int | None = None
) -> list[Entry]:
    rows = connection.execute(
        select(*ENTRY_COLUMNS)
        .where(of(entries, key), entries.c.version > after, entries.c.version <= upto)
        .order_by(entries.c.version)
        .limit(limit)
    )
    return [unpack_entry(key, row) for row in rows]
