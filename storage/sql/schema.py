"""The tables, one schema for SQLite and PostgreSQL; every key starts with the tenant."""

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
    text,
)
from sqlalchemy.types import TypeDecorator

from collab.ids import MAX_SAFE_INTEGER, DocKey

T = TypeVar("T")

# The newest file in `migrations/versions`; a test holds the two together.
REVISION = "0008"

# A damaged row may hold any version that fits its column.
ANY_VERSION = 2**63 - 1
# How many values a list in a statement has.
_SIZES = (1, 8, 64)


class Utf8Text(TypeDecorator[str]):
    """Text that a client chose, as UTF-8 bytes: PostgreSQL's text refuses U+0000, JSON does not.

    Damaged bytes are read as U+FFFD, so that their document can still be listed and exported.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.encode()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).decode(errors="replace")


# Compared by bytes everywhere, so that pages and lock order agree with Python's own order.
Name = String().with_variant(String(collation="C"), "postgresql")
Serial = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()


def _crc(name: str = "crc") -> Column[int]:
    """A checksum of `checksum`; rows of before have none."""
    return Column(name, BigInteger)


def _key() -> list[Column[str]]:
    return [Column("tenant", Name, nullable=False), Column("doc", Name, nullable=False)]


def _document_foreign_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"])


# The row is written by every commit, so nothing large stands in it (SQLite rewrites it whole).
docs = Table(
    "docs",
    metadata,
    *_key(),
    Column("epoch", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("deleted_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", Utf8Text, nullable=False),
    Column("published", BigInteger, nullable=False),
    _crc(),  # of epoch, deletion, creation and publishing
    _crc("head_crc"),  # of what every commit writes
    _crc("schema_crc"),
    PrimaryKeyConstraint("tenant", "doc"),
    sqlite_with_rowid=False,
)

schemas = Table(
    "schemas",
    metadata,
    *_key(),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "doc"),
    _document_foreign_key(),
)

# No foreign key here: a commit writes these rows only after it has moved their document's head.
# With a rowid, unlike the other tables: rows of many documents then go to the end of one tree.
# Measured, 64 entries of 60 documents: insert and COMMIT 1.4 ms, without a rowid 3.3 ms.
entries = Table(
    "entries",
    metadata,
    *_key(),
    Column("version", BigInteger, nullable=False),
    Column("author", Utf8Text, nullable=False),
    Column("request", Utf8Text, nullable=False),
    Column("commit_id", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("crc", BigInteger, nullable=False),
    # Of a large entry what history shows of it; small ones, and those of before, have none.
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
    sqlite_where=text("length(request) > 0"),
    postgresql_where=text("length(request) > 0"),
)

# Requests that were answered and have no entry: nothing changed, or it was compacted since.
accepted = Table(
    "accepted",
    metadata,
    *_key(),
    Column("author", Utf8Text, nullable=False),
    Column("request", Utf8Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    _crc(),
    Column("digest", LargeBinary),  # rows of before have none
    PrimaryKeyConstraint("tenant", "doc", "author", "request"),
    sqlite_with_rowid=False,
)


def _body_table(name: str, *more: Column[int]) -> Table:
    """A table of packed bodies, each of a version of a document."""
    return Table(
        name,
        metadata,
        *_key(),
        Column("version", BigInteger, nullable=False),
        Column("packing", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("crc", BigInteger, nullable=False),
        *more,
        PrimaryKeyConstraint("tenant", "doc", "version"),
        _document_foreign_key(),
    )


# The entries after `dropped_after`, up to the snapshot's version, were dropped by a compaction;
# where it is null, none were. So a lost entry differs from one that was dropped.
snapshots = _body_table("snapshots", Column("dropped_after", BigInteger))
# What users can undo; of a document there are two at most.
steps = _body_table("steps")

named = Table(
    "named",
    metadata,
    *_key(),
    Column("version", BigInteger, nullable=False),
    Column("name", Utf8Text, nullable=False),
    Column("by", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    _crc(),
    PrimaryKeyConstraint("tenant", "doc", "version"),
    _document_foreign_key(),
)

# The newest step of a document whose `published` is not 0 says who published it.
publications = Table(
    "publications",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    *_key(),
    Column("version", BigInteger, nullable=False),
    Column("by", Utf8Text, nullable=False),
    Column("by_name", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", Utf8Text, nullable=False),
    _crc(),
    _document_foreign_key(),
    Index("publications_document", "tenant", "doc", "version"),
)

locks = Table(
    "locks",
    metadata,
    *_key(),
    Column("id", Name, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _crc(),
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
    _crc(),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
    *_key(),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", Utf8Text, nullable=False),
    Column("action", Utf8Text, nullable=False),
    Column("origin", Utf8Text, nullable=False),
    Column("outcome", Utf8Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Index("audit_document", "tenant", "doc", "number"),
    sqlite_autoincrement=True,
)

# One row, or none: the first epoch of a document that is made from now on. A database that was
# restored may have lost documents, and a name that is used again must not repeat their epochs.
epochs = Table(
    "epochs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("least", BigInteger, nullable=False),
)

# One row, written by `ping`: a database that cannot take it cannot take an edit either.
heartbeat = Table(
    "pulse",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)


# --- asking for rows ------------------------------------------------------------------------------


def by_key(table: Table, key: DocKey) -> ColumnElement[bool]:
    """The rows of this document: there is no way to them without its tenant."""
    return and_(table.c.tenant == key.tenant, table.c.doc == key.doc)


def padded_batches(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of a few sizes, so that each statement with one stays prepared.

    The last value of all may be in its list several times.
    """
    left = list(values)
    while left:
        part, left = left[: _SIZES[-1]], left[_SIZES[-1] :]
        size = next(size for size in _SIZES if size >= len(part))
        yield part + part[-1:] * (size - len(part))


def is_count(value: object) -> bool:
    """Whether a column holds a version, an epoch or a revision; damaged rows may hold anything."""
    return type(value) is int and 0 <= value < MAX_SAFE_INTEGER
