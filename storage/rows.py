"""A document's rows, by its whole name, and the lock that writers of them share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, select

from collab.ids import MAX_SAFE_INTEGER, DocKey
from storage.schema import docs


def of(table: Table, key: DocKey) -> ColumnElement[bool]:
    """The rows of this document: there is no way to them without its tenant."""
    return and_(table.c.tenant == key.tenant, table.c.doc == key.doc)


def is_count(value: object) -> bool:
    """Whether a column holds a version, an epoch or a revision; damaged rows may hold anything."""
    return type(value) is int and 0 <= value < MAX_SAFE_INTEGER


def lock_document(connection: Connection, key: DocKey) -> Row[Any] | None:
    """The document's row, held until the transaction ends; None when it does not exist."""
    found = select(docs).where(of(docs, key), docs.c.deleted_at == 0)
    return connection.execute(found.with_for_update()).one_or_none()
