"""Adds digests to accepted requests without an entry. Older rows have no digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accepted", sa.Column("digest", sa.LargeBinary(), nullable=True))
