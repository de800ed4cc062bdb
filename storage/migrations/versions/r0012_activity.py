"""Adds an index of the changes in the audit trail, for the activity of a tenant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ACTIONS = (
    b"create",
    b"edit",
    b"undo",
    b"redo",
    b"restore",
    b"import",
    b"publish",
    b"take down",
    b"delete",
)


def _is_change(literal: str) -> sa.TextClause:
    actions = ", ".join(literal.format(action.hex()) for action in _ACTIONS)
    return sa.text(f"outcome = {literal.format(b'ok'.hex())} AND action IN ({actions})")


def upgrade() -> None:
    op.create_index(
        "audit_changes",
        "audit",
        ["tenant", "number"],
        unique=False,
        sqlite_where=_is_change("X'{}'"),
        postgresql_where=_is_change("'\\x{}'::bytea"),
    )
