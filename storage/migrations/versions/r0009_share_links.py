"""Adds the share links of documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "share_links",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("crc", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_share_links_expires_at", "share_links", ["expires_at"], unique=False)
    op.create_index("share_links_document", "share_links", ["tenant", "doc"], unique=False)
