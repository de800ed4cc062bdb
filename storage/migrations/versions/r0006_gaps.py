"""Adds a column to snapshots: the version after which a compaction has dropped the entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Assume that compactions have made all gaps that exist now.
_SAY = """
UPDATE snapshots SET dropped_after = (
    SELECT coalesce(max(e.version), 0) FROM entries AS e WHERE e.tenant = snapshots.tenant
    AND e.doc = snapshots.doc AND e.version <= snapshots.version)
WHERE NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.tenant = snapshots.tenant
    AND e.doc = snapshots.doc AND e.version = snapshots.version)"""


def upgrade() -> None:
    op.add_column("snapshots", sa.Column("dropped_after", sa.BigInteger(), nullable=True))
    op.execute(_SAY)
