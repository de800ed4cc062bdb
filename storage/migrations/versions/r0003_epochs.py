"""Adds the lowest epoch that a new document may have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "epochs",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
