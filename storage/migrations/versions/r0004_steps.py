"""Adds the undo steps of users, which are saved separately from the snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "steps",
        sa.Column("tenant", name, nullable=False),
        sa.Column("doc", name, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("packing", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("crc", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("tenant", "doc", "version"),
    )
