"""The tables: one schema for SQLite and PostgreSQL. Every row of a document has its tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    and_,
)
from sqlalchemy.types import TypeDecorator

from collab.ids import MAX_SAFE_INTEGER, DocKey
from storage.dialect import is_change, where

T = TypeVar("T")

# The newest file in `migrations/versions`. A test compares the two.
REVISION = "0013"

# The largest version that fits into the column: a damaged row may have any version.
ANY_VERSION = 2**63 - 1
# The possible lengths of a list of values in a statement.
_SIZES = (1, 8, 64)


class Utf8Text(TypeDecorator[str]):
    """Text of clients, stored as UTF-8 bytes: JSON allows U+0000, PostgreSQL's text does not.

    Damaged bytes are read as U+FFFD, so that the document can still be listed and exported.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.encode()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).decode(errors="replace")


# PostgreSQL compares names by bytes, so that it sorts pages and locks in the same order as Python.
Name = String().with_variant(String(collation="C"), "postgresql")
Serial = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()


def crc_column(name: str = "crc") -> Column[int]:
    """Return a column for a checksum of `storage.sql.checksum`. Older rows have none."""
    return Column(name, BigInteger)


def key_columns() -> list[Column[str]]:
    return [Column("tenant", Name, nullable=False), Column("doc", Name, nullable=False)]


def _document_foreign_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"])


# Every commit writes this row, so it has no large column: SQLite always writes the whole row.
docs = Table(
    "docs",
    metadata,
    *key_columns(),
    Column("epoch", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("deleted_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Utf8Text, nullable=False),
    Column("published", BigInteger, nullable=False),
    crc_column(),  # covers epoch, deletion, creation and publication
    crc_column("head_crc"),  # covers the columns that every commit writes
    crc_column("schema_crc"),
    PrimaryKeyConstraint("tenant", "doc"),
    sqlite_with_rowid=False,
)

schemas = Table(
    "schemas",
    metadata,
    *key_columns(),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "doc"),
    _document_foreign_key(),
)

# No foreign key here: a commit writes these rows only after it has advanced their document's head.
# With a rowid, unlike `docs`: so SQLite appends the rows of many documents to one tree.
# Measured for 64 entries of 60 documents: insert and COMMIT take 1.4 ms, without a rowid 3.3 ms.
entries = Table(
    "entries",
    metadata,
    *key_columns(),
    Column("version", BigInteger, nullable=False),
    Column("author", Utf8Text, nullable=False),
    Column("request", Utf8Text, nullable=False),
    Column("commit_id", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("crc", BigInteger, nullable=False),
    # The part of a large entry that history shows. Small entries and older rows have no summary.
    Column("summary", LargeBinary),
    PrimaryKeyConstraint("tenant", "doc", "version"),
)
Index(
    "entries_request",
    entries.c.tenant,
    entries.c.doc,
    entries.c.author,
    entries.c.request,
    unique=True,
    **where(lambda _: "length(request) > 0"),
)

# Accepted requests without an entry: they changed nothing, or a compaction dropped their entry.
accepted = Table(
    "accepted",
    metadata,
    *key_columns(),
    Column("author", Utf8Text, nullable=False),
    Column("request", Utf8Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    crc_column(),
    Column("digest", LargeBinary),  # older rows have none
    PrimaryKeyConstraint("tenant", "doc", "author", "request"),
    sqlite_with_rowid=False,
)


def _body_table(name: str, *more: Column[int]) -> Table:
    """Return a table of packed bodies, at most one for each version of a document."""
    return Table(
        name,
        metadata,
        *key_columns(),
        Column("version", BigInteger, nullable=False),
        Column("packing", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("crc", BigInteger, nullable=False),
        *more,
        PrimaryKeyConstraint("tenant", "doc", "version"),
        _document_foreign_key(),
    )


# A compaction dropped the entries after `dropped_after` up to the snapshot's version. When
# `dropped_after` is null, no entry was dropped. So any other missing entry is a lost entry.
snapshots = _body_table("snapshots", Column("dropped_after", BigInteger))
# The undo steps of users; at most two rows for a document.
steps = _body_table("steps")

# The titles of documents for lists. They are not in `docs`, because every commit writes that row.
titles = Table(
    "titles",
    metadata,
    *key_columns(),
    Column("title", Utf8Text, nullable=False),
    crc_column(),
    PrimaryKeyConstraint("tenant", "doc"),
    _document_foreign_key(),
)

named = Table(
    "named",
    metadata,
    *key_columns(),
    Column("version", BigInteger, nullable=False),
    Column("name", Utf8Text, nullable=False),
    Column("by", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    crc_column(),
    PrimaryKeyConstraint("tenant", "doc", "version"),
    _document_foreign_key(),
)

# Each row is one step: published or taken down. While a document is public (`docs.published` is not
# 0), its newest step names the publisher.
publications = Table(
    "publications",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    *key_columns(),
    Column("version", BigInteger, nullable=False),
    Column("by", Utf8Text, nullable=False),
    Column("by_name", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", Utf8Text, nullable=False),
    crc_column(),
    _document_foreign_key(),
    Index("publications_document", "tenant", "doc", "version"),
)

locks = Table(
    "locks",
    metadata,
    *key_columns(),
    Column("id", Name, nullable=False),
    Column("body", LargeBinary, nullable=False),
    crc_column(),
    PrimaryKeyConstraint("tenant", "doc", "id"),
    _document_foreign_key(),
)

tenants = Table(
    "tenants",
    metadata,
    Column("tenant", Name, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Utf8Text, primary_key=True),
    Column("tenant", Name, ForeignKey("tenants.tenant"), nullable=False, index=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger, nullable=False),
    crc_column(),
)

# A token of a share link is valid while its row exists, because `secret` verifies the token.
share_links = Table(
    "share_links",
    metadata,
    Column("id", Utf8Text, primary_key=True),
    *key_columns(),
    Column("secret", LargeBinary, nullable=False),
    Column("role", Utf8Text, nullable=False),
    Column("by", Utf8Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    crc_column(),
    _document_foreign_key(),
    Index("share_links_document", "tenant", "doc"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    *key_columns(),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", Utf8Text, nullable=False),
    Column("action", Utf8Text, nullable=False),
    Column("origin", Utf8Text, nullable=False),
    Column("outcome", Utf8Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Index("audit_document", "tenant", "doc", "number"),
    # Most rows are of connections, locks and refusals. So activity has an index of the other rows.
    Index("audit_changes", "tenant", "number", **where(is_change)),
    sqlite_autoincrement=True,
)

# At most one row: the lowest epoch that a new document may have. A restored database may lack some
# documents. When clients use their names again, the new epochs must differ from the old epochs.
epochs = Table(
    "epochs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("least", BigInteger, nullable=False),
)

# One row, which `ping` writes. A database that cannot write it cannot write an edit either.
heartbeat = Table(
    "pulse",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)


# --- asking for rows ------------------------------------------------------------------------------


def by_key(table: Table, key: DocKey) -> ColumnElement[bool]:
    """Return the condition for the rows of one document, which always includes its tenant."""
    return and_(table.c.tenant == key.tenant, table.c.doc == key.doc)


def padded_batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the values in lists of a few fixed lengths, so that each statement stays prepared.

    The last list is filled up with its last value.
    """
    left = list(values)
    while left:
        part, left = left[: _SIZES[-1]], left[_SIZES[-1] :]
        size = next(size for size in _SIZES if size >= len(part))
        yield part + part[-1:] * (size - len(part))


def is_count(value: object) -> bool:
    """Whether a column's value is a valid version, epoch or revision, and not damaged."""
    return type(value) is int and 0 <= value < MAX_SAFE_INTEGER
