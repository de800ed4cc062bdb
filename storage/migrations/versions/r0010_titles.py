"""Adds the titles of documents. A document gets its title at its next commit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "titles",
        sa.Column("tenant", name, nullable=False),
        sa.Column("doc", name, nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("crc", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("tenant", "doc"),
    )
