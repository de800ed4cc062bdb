"""The audit trail: its rows are added and later dropped, but never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, select

from collab.ids import DocKey
from collab.ports.audit import AuditRow
from storage.database import Database
from storage.sql.schema import audit, by_key, docs


def _values(key: DocKey, row: AuditRow) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row) | {"detail": msgspec.json.encode(row.detail)}
    return {"tenant": key.tenant, "doc": key.doc, **fields}


def _write(connection: Connection, values: list[dict[str, Any]], again: bool) -> None:
    if not (again and _are_written(connection, values)):
        connection.execute(audit.insert(), values)


def _are_written(connection: Connection, values: list[dict[str, Any]]) -> bool:
    """Whether the table has each row, at least as often as `values` has it."""
    for one in values:
        same = and_(*(audit.c[name] == value for name, value in one.items()))
        there = select(func.count()).select_from(audit).where(same)
        if connection.execute(there).scalar_one() < values.count(one):
            return False
    return True


def _read(
    connection: Connection, key: DocKey, before: int, limit: int
) -> list[tuple[int, AuditRow]]:
    found = select(
        audit.c.number,
        audit.c.at,
        audit.c.actor,
        audit.c.action,
        audit.c.origin,
        audit.c.outcome,
        audit.c.version,
        audit.c.detail,
    ).where(by_key(audit, key))
    if before:
        found = found.where(audit.c.number < before)
    rows = connection.execute(found.order_by(audit.c.number.desc()).limit(limit))
    return [(row.number, _audit_row(row)) for row in rows]


def _audit_row(row: Any) -> AuditRow:
    return AuditRow(
        at=row.at,
        actor=row.actor,
        action=row.action,
        origin=row.origin,
        outcome=row.outcome,
        version=row.version,
        detail=msgspec.json.decode(row.detail),
    )


class SqlAudit:
    """Audit rows. Invariant: their numbers increase in the order of writing, and never repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        values = [_values(key, row) for key, row in rows]
        if values:
            await self._database.write(lambda c: _write(c, values, again))

    async def audit(self, key: DocKey, before: int, limit: int) -> list[tuple[int, AuditRow]]:
        return await self._database.read(lambda c: _read(c, key, before, limit))

    async def ever_existed(self, key: DocKey) -> bool:
        # A deleted document keeps its row in `docs`.
        named = select(docs.c.head).where(by_key(docs, key))
        return await self._database.read(lambda c: c.scalar(named) is not None)

    async def drop_audit(self, older_than: int, most: int) -> int:
        old = select(audit.c.number).where(audit.c.at < older_than).order_by(audit.c.at)
        gone = delete(audit).where(audit.c.number.in_(old.limit(most)))
        return await self._database.write(lambda c: c.execute(gone).rowcount)
