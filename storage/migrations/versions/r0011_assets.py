"""Adds assets: the stored files of a tenant, and the versions that use them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("type", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("crc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("assets_newest", "assets", ["tenant", "at", "id"], unique=False)
    op.create_table(
        "asset_pieces",
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file", "number"),
    )
    op.create_table(
        "asset_uses",
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("asset", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "doc", "version", "asset"),
        sqlite_with_rowid=False,
    )
    named = sa.text("asset <> ''")
    op.create_index(
        "asset_uses_asset",
        "asset_uses",
        ["tenant", "asset"],
        unique=False,
        sqlite_where=named,
        postgresql_where=named,
    )
