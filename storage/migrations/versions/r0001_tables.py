"""Creates the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Not imported from the schema: a revision must not change when the schema changes later.
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORDS = sa.LargeBinary()
_BYTES = sa.LargeBinary()
_LONG = sa.BigInteger()


def upgrade() -> None:
    _make_log()
    _make_what_refers_to_documents()
    _make_the_rest()


def _make_log() -> None:
    op.create_table(
        "docs",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("epoch", _LONG, nullable=False),
        sa.Column("head", _LONG, nullable=False),
        sa.Column("revision", _LONG, nullable=False),
        sa.Column("deleted_at", _LONG, nullable=False),
        sa.Column("created_at", _LONG, nullable=False),
        sa.Column("updated_at", _LONG, nullable=False),
        sa.Column("updated_by", _WORDS, nullable=False),
        sa.Column("published", _LONG, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "doc"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "schemas",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("body", _BYTES, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("tenant", "doc"),
    )
    op.create_table(
        "entries",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("version", _LONG, nullable=False),
        sa.Column("author", _WORDS, nullable=False),
        sa.Column("request", _WORDS, nullable=False),
        sa.Column("commit_id", _WORDS, nullable=False),
        sa.Column("at", _LONG, nullable=False),
        sa.Column("payload", _BYTES, nullable=False),
        sa.Column("crc", _LONG, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "doc", "version"),
    )
    op.create_index(
        "entries_request",
        "entries",
        ["tenant", "doc", "author", "request"],
        unique=True,
        sqlite_where=sa.text("length(request) > 0"),
        postgresql_where=sa.text("length(request) > 0"),
    )
    op.create_table(
        "accepted",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("author", _WORDS, nullable=False),
        sa.Column("request", _WORDS, nullable=False),
        sa.Column("version", _LONG, nullable=False),
        sa.Column("at", _LONG, nullable=False),
        sa.Column("answer", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "doc", "author", "request"),
        sqlite_with_rowid=False,
    )


def _make_what_refers_to_documents() -> None:
    op.create_table(
        "snapshots",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("version", _LONG, nullable=False),
        sa.Column("packing", sa.Integer(), nullable=False),
        sa.Column("body", _BYTES, nullable=False),
        sa.Column("crc", _LONG, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("tenant", "doc", "version"),
    )
    op.create_table(
        "named",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("version", _LONG, nullable=False),
        sa.Column("name", _WORDS, nullable=False),
        sa.Column("by", _WORDS, nullable=False),
        sa.Column("at", _LONG, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("tenant", "doc", "version"),
    )
    op.create_table(
        "locks",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("body", _BYTES, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("tenant", "doc", "id"),
    )


def _make_the_rest() -> None:
    op.create_table(
        "audit",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("at", _LONG, nullable=False),
        sa.Column("actor", _WORDS, nullable=False),
        sa.Column("action", _WORDS, nullable=False),
        sa.Column("origin", _WORDS, nullable=False),
        sa.Column("outcome", _WORDS, nullable=False),
        sa.Column("version", _LONG, nullable=False),
        sa.Column("detail", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_document", "audit", ["tenant", "doc", "number"], unique=False)
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", _LONG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("created_at", _LONG, nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", _WORDS, nullable=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.Column("created_at", _LONG, nullable=False),
        sa.Column("retired_at", _LONG, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_index("ix_signing_keys_tenant", "signing_keys", ["tenant"], unique=False)
