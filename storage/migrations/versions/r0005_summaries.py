"""Adds a summary to large entries, so that history need not read them whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("summary", sa.LargeBinary(), nullable=True))
