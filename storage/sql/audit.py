"""The audit trail: its rows are added and later dropped, but never changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    delete,
    func,
    select,
    text,
)

from collab.ids import DocKey
from collab.ports.audit import MOST_DETAIL, ActivityRow, AuditRow
from storage.database import CoreRunner, Database
from storage.dialect import is_change
from storage.sql import statements
from storage.sql.checksum import is_sound, title_crc
from storage.sql.schema import audit, by_key, docs, titles


def _same_document(table: Table) -> ColumnElement[bool]:
    return and_(table.c.tenant == audit.c.tenant, table.c.doc == audit.c.doc)


def _pack(key: DocKey, row: AuditRow) -> tuple[Any, ...]:
    """Return the values of a row, as `statements.AUDIT` inserts them."""
    who, what = row.actor.encode(), row.action.encode()
    where, outcome = row.origin.encode(), row.outcome.encode()
    return (*key, row.at, who, what, where, outcome, row.version, msgspec.json.encode(row.detail))


def _write(connection: Connection, rows: Sequence[tuple[DocKey, AuditRow]], again: bool) -> None:
    if again and _are_written(connection, rows):
        return
    runner, packed = CoreRunner(connection), [_pack(*row) for row in rows]
    for (sql, values), _ in statements.write(runner.dialect, statements.AUDIT, packed):
        runner.run(sql, values)


def _are_written(connection: Connection, rows: Sequence[tuple[DocKey, AuditRow]]) -> bool:
    """Whether the table has each row, at least as often as `rows` has it."""
    for key, row in rows:
        fields = msgspec.structs.asdict(row) | {"detail": msgspec.json.encode(row.detail)}
        same = and_(by_key(audit, key), *(audit.c[name] == one for name, one in fields.items()))
        there = select(func.count()).select_from(audit).where(same)
        if connection.execute(there).scalar_one() < rows.count((key, row)):
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


_CHANGED = select(
    audit.c.number,
    audit.c.doc,
    audit.c.at,
    audit.c.actor,
    audit.c.action,
    audit.c.version,
    case((func.length(audit.c.detail) <= MOST_DETAIL, audit.c.detail), else_=b"{}").label("detail"),
    docs.c.deleted_at,
    titles.c.title,
    titles.c.crc,
).select_from(audit.outerjoin(docs, _same_document(docs)).outerjoin(titles, _same_document(titles)))


def _activity(connection: Connection, tenant: str, before: int, limit: int) -> list[ActivityRow]:
    found = _CHANGED.where(audit.c.tenant == tenant, text(is_change(connection.dialect.name)))
    if before:
        found = found.where(audit.c.number < before)
    rows = connection.execute(found.order_by(audit.c.number.desc()).limit(limit))
    return [_activity_row(tenant, row) for row in rows]


def _activity_row(tenant: str, row: Any) -> ActivityRow:
    is_titled = row.title and is_sound(
        row.crc, partial(title_crc, DocKey(tenant, row.doc), row.title)
    )
    detail = msgspec.json.decode(row.detail)
    return ActivityRow(
        number=row.number,
        doc=row.doc,
        title=row.title if is_titled else "",
        is_deleted=row.deleted_at != 0,
        row=AuditRow(row.at, row.actor, row.action, version=row.version, detail=detail),
    )


class SqlAudit:
    """Audit rows. Invariant: their numbers increase in the order of writing, and never repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        if rows:
            await self._database.write(lambda c: _write(c, rows, again))

    async def audit(self, key: DocKey, before: int, limit: int) -> list[tuple[int, AuditRow]]:
        return await self._database.read(lambda c: _read(c, key, before, limit))

    async def activity(self, tenant: str, before: int, limit: int) -> list[ActivityRow]:
        return await self._database.read(lambda c: _activity(c, tenant, before, limit))

    async def ever_existed(self, key: DocKey) -> bool:
        # A deleted document keeps its row in `docs`.
        named = select(docs.c.head).where(by_key(docs, key))
        return await self._database.read(lambda c: c.scalar(named) is not None)

    async def drop_audit(self, older_than: int, most: int) -> int:
        old = select(audit.c.number).where(audit.c.at < older_than).order_by(audit.c.at)
        gone = delete(audit).where(audit.c.number.in_(old.limit(most)))
        return await self._database.write(lambda c: c.execute(gone).rowcount)
