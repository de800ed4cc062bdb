"""The statements of a commit as SQL text. A statement runs faster than SQLAlchemy compiles it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain, count
from typing import Any, NamedTuple

from storage.dialect import POSTGRES, SQLITE

# Each `?` is one value, in order. For PostgreSQL they become $1, $2, ...
_ADVANCE = """
UPDATE docs SET head = ?, updated_at = ?, updated_by = ?, head_crc = ?
WHERE tenant = ? AND doc = ? AND epoch = ? AND head = ? AND revision = ? AND deleted_at = 0"""

# PostgreSQL only. Skips a row that another transaction holds, so that one held row does not delay
# the other documents of the batch. In SQLite, a writer holds the whole file.
_IF_FREE = """
UPDATE docs SET {set} FROM (SELECT tenant, doc FROM docs
    WHERE tenant = ? AND doc = ? AND epoch = ? AND head = ? AND revision = ? AND deleted_at = 0
    FOR UPDATE SKIP LOCKED) AS free
WHERE docs.tenant = free.tenant AND docs.doc = free.doc"""
_ADVANCE_IF_FREE = _IF_FREE.format(set="head = ?, updated_at = ?, updated_by = ?, head_crc = ?")
_LOCK_ROW_IF_FREE = _IF_FREE.format(set="head = docs.head")

# PostgreSQL only, before `_CREATE`. Without it, `_CREATE` would wait for another transaction that
# creates the same document, or that holds the row of a deleted document with this name.
_MAY_CREATE = """
SELECT 1 WHERE pg_try_advisory_xact_lock(hashtextextended(?::text || '/' || ?::text, 0))
AND (NOT EXISTS (SELECT 1 FROM docs WHERE tenant = ? AND doc = ?)
    OR EXISTS (SELECT 1 FROM docs WHERE tenant = ? AND doc = ? FOR UPDATE SKIP LOCKED))"""

# Finds the tenant's row when the tenant has at least a number of documents. For SQLite it is an
# UPDATE, because the driver counts only written rows. For PostgreSQL it is a SELECT, because an
# UPDATE would wait for a row that another transaction holds.
_MANY_DOCUMENTS = """
WHERE tenant = ? AND (SELECT count(*) FROM docs WHERE tenant = ? AND deleted_at = 0) >= ?"""
_IS_FULL = "UPDATE tenants SET created_at = created_at" + _MANY_DOCUMENTS
_IS_FULL_UNHELD = "SELECT 1 FROM tenants" + _MANY_DOCUMENTS

_NAME = """
INSERT INTO named (tenant, doc, version, name, "by", at, crc) VALUES (?, ?, ?, ?, ?, ?, ?)"""
_TITLE = """
INSERT INTO titles (tenant, doc, title, crc) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, doc) DO UPDATE SET title = excluded.title, crc = excluded.crc"""
_SCHEMA = "INSERT INTO schemas (tenant, doc, body) VALUES (?, ?, ?)"

# For requests without a new version: lock and compare the row, and leave it unchanged.
_LOCK_ROW = """
UPDATE docs SET head = head
WHERE tenant = ? AND doc = ? AND epoch = ? AND head = ? AND revision = ? AND deleted_at = 0"""

_CREATE = """
INSERT INTO docs (tenant, doc, epoch, head, revision, deleted_at, created_at, updated_at,
    updated_by, published, crc, head_crc, schema_crc)
VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, 0, ?, ?, ?)
ON CONFLICT (tenant, doc) DO UPDATE SET epoch = excluded.epoch, head = excluded.head,
    revision = excluded.revision, deleted_at = 0, created_at = excluded.created_at,
    updated_at = excluded.updated_at, updated_by = excluded.updated_by, published = 0,
    crc = excluded.crc, head_crc = excluded.head_crc, schema_crc = excluded.schema_crc
WHERE docs.deleted_at > 0 AND docs.epoch < excluded.epoch AND docs.head = ?"""

# Only after `_ADVANCE`, which has compared and locked the row.
_BUMP_REVISION = "UPDATE docs SET revision = revision + 1 WHERE tenant = ? AND doc = ?"
_DROP_LOCK = "DELETE FROM locks WHERE tenant = ? AND doc = ? AND id = ?"
_PUT_LOCK = "INSERT INTO locks (tenant, doc, id, body, crc) VALUES (?, ?, ?, ?, ?)"


class Table(NamedTuple):
    """A statement that writes many rows, and the PostgreSQL types of its columns.

    In the template, `rows` stands for the rows.
    """

    template: str
    types: tuple[str, ...]


# `accepted` holds the ids without an entry. The unique index refuses ids that have an entry.
_INSERT_ENTRIES = """
INSERT INTO entries (tenant, doc, version, author, request, commit_id, at, payload, crc, summary)
SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9,
    column10
FROM {rows}
WHERE NOT EXISTS (SELECT 1 FROM accepted AS a WHERE a.tenant = column1 AND a.doc = column2
    AND a.author = column4 AND a.request = column5)"""
_ENTRY_TYPES = (
    *("text", "text", "bigint", "bytea", "bytea", "bytea", "bigint", "bytea", "bigint"),
    "bytea",
)
ENTRIES = Table(_INSERT_ENTRIES, _ENTRY_TYPES)

_INSERT_ACCEPTED = """
INSERT INTO accepted (tenant, doc, author, request, version, answer, at, crc, digest)
SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9
FROM {rows}
WHERE NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.tenant = column1 AND e.doc = column2
    AND e.author = column3 AND e.request = column4 AND length(e.request) > 0)"""
_ACCEPTED_TYPES = (
    *("text", "text", "bytea", "bytea", "bigint", "bytea", "bigint", "bigint"),
    "bytea",
)
ACCEPTED = Table(_INSERT_ACCEPTED, _ACCEPTED_TYPES)

_INSERT_AUDIT = """
INSERT INTO audit (tenant, doc, at, actor, action, origin, outcome, version, detail)
SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9
FROM {rows}"""
_AUDIT_TYPES = (*("text", "text", "bigint", "bytea", "bytea", "bytea", "bytea", "bigint", "bytea"),)
AUDIT = Table(_INSERT_AUDIT, _AUDIT_TYPES)

# PostgreSQL only, where each statement is a round trip. Advances the heads of many documents like
# `_ADVANCE_IF_FREE`, and returns the names of these documents. In SQLite, one statement for 64 rows
# takes as long as 64 statements (measured).
_ADVANCE_MANY = """
UPDATE docs
SET head = free.head, updated_at = free.at, updated_by = free.author, head_crc = free.crc
FROM (SELECT d.tenant, d.doc, column1 AS head, column2 AS at, column3 AS author, column4 AS crc
    FROM docs AS d JOIN {rows} ON d.tenant = column5 AND d.doc = column6
    WHERE d.epoch = column7 AND d.head = column8 AND d.revision = column9 AND d.deleted_at = 0
    FOR UPDATE OF d SKIP LOCKED) AS free
WHERE docs.tenant = free.tenant AND docs.doc = free.doc
RETURNING docs.tenant, docs.doc"""
_HEAD_TYPES = (
    *("bigint", "bigint", "bytea", "bigint", "text", "text"),
    *("bigint", "bigint", "bigint"),
)
ADVANCE_MANY = Table(_ADVANCE_MANY, _HEAD_TYPES)

# Rows in one statement. Each call into SQLite releases and takes the interpreter's lock, so one
# statement inserts many rows. Only a few sizes, so that each statement stays prepared.
_SIZES = (64, 16, 4, 1)

Statement = tuple[str, list[Any]]


def _in_dialects(sql: str, postgres: str = "") -> dict[str, str]:
    """Return a statement in each dialect. `postgres` is its text for PostgreSQL, if it differs."""
    numbers = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", postgres or sql)
    return {SQLITE: sql, POSTGRES: numbered}


# Each statement by the dialect of its database.
ADVANCE = _in_dialects(_ADVANCE, _ADVANCE_IF_FREE)
LOCK_ROW = _in_dialects(_LOCK_ROW, _LOCK_ROW_IF_FREE)
IS_FULL = _in_dialects(_IS_FULL, _IS_FULL_UNHELD)
MAY_CREATE = _in_dialects(_MAY_CREATE)
CREATE = _in_dialects(_CREATE)
PUT_NAME = _in_dialects(_NAME)
PUT_TITLE = _in_dialects(_TITLE)
PUT_SCHEMA = _in_dialects(_SCHEMA)
BUMP_REVISION = _in_dialects(_BUMP_REVISION)
DROP_LOCK = _in_dialects(_DROP_LOCK)
PUT_LOCK = _in_dialects(_PUT_LOCK)


@cache
def _many(dialect: str, table: Table, size: int) -> str:
    template, types = table
    if dialect == POSTGRES:
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(types, 1))
        names = ", ".join(f"column{n}" for n in range(1, len(types) + 1))
        return template.format(rows=f"unnest({arrays}) AS r({names})")
    row = f"({', '.join('?' * len(types))})"
    return template.format(rows=f"(VALUES {', '.join([row] * size)}) AS r")


def write(dialect: str, table: Table, rows: Sequence[Sequence[Any]]) -> list[tuple[Statement, int]]:
    """Return statements that write these rows, each with the number of rows that it must write.

    On PostgreSQL it is one statement.
    """
    if dialect == POSTGRES and rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        return [((_many(dialect, table, 0), columns), len(rows))]
    found: list[tuple[Statement, int]] = []
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            values = list(chain.from_iterable(rows[start : start + size]))
            found.append(((_many(dialect, table, size), values), size))
            start += size
    return found
