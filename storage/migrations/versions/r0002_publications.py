"""Adds the publications: who published which version, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("doc", _NAME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.LargeBinary(), nullable=False),
        sa.Column("by_name", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "doc"], ["docs.tenant", "docs.doc"]),
        sa.PrimaryKeyConstraint("number"),
    )
    columns = ["tenant", "doc", "version"]
    op.create_index("publications_document", "publications", columns, unique=False)
