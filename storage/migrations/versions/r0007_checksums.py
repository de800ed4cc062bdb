"""Adds checksums to more tables. A row gets its checksum when it is written next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("docs", "crc"),
    ("docs", "head_crc"),
    ("docs", "schema_crc"),
    ("accepted", "crc"),
    ("named", "crc"),
    ("publications", "crc"),
    ("locks", "crc"),
    ("signing_keys", "crc"),
)


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
