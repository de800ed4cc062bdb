"""Whether the database would take an edit: it answers, and has the tables, columns and rights."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable, Table, false, select, update

from storage.dialect import insert, now_ms
from storage.sql.schema import accepted, audit, docs, entries, locks, metadata, pulse

# What every edit writes. The others are only read here, so that a lock on one of them, which a
# backup or a cleaning takes, stops no edit.
_WRITTEN = (docs, entries, accepted, locks)
# Edits go on without these: the rows of the audit trail wait.
_APART = (audit, pulse)


def _touch(table: Table) -> Executable:
    """A statement that changes nothing, and fails where a real one would."""
    nothing = select(*table.c).where(false())
    if table not in _WRITTEN:
        return nothing
    return table.insert().from_select([column.name for column in table.c], nothing)


_STATEMENTS: list[Executable] = [
    *(_touch(table) for table in metadata.sorted_tables if table not in _APART),
    update(docs).where(false()).values(head=docs.c.head),
]


def probe(connection: Connection) -> None:
    """Raise what an edit would raise."""
    for statement in _STATEMENTS:
        connection.execute(statement)
    row: Any = insert(connection, pulse).values(id=1, at=now_ms())
    connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"at": now_ms()}))
