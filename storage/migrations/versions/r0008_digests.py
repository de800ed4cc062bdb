"""Digests of requests that were accepted and have no entry; rows of before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accepted", sa.Column("digest", sa.LargeBinary(), nullable=True))
