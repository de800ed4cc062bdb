"""The documents' rows: listing, control state, deletion, epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, select, tuple_, update

from collab.ids import DocKey, is_doc_name
from collab.ports import DocRow
from storage.database import Database
from storage.dialect import insert
from storage.rows import lock_document, of, parts
from storage.schema import (
    accepted,
    docs,
    entries,
    epochs,
    locks,
    named,
    publications,
    schemas,
    snapshots,
    steps,
)
from storage.sql_log import least_epoch

# What a deleted document leaves behind is its row alone: epoch and head go on counting there.
_CONTENT: tuple[Table, ...] = (
    entries,
    accepted,
    snapshots,
    steps,
    named,
    publications,
    locks,
    schemas,
)


def move_revision(
    connection: Connection,
    key: DocKey,
    revision: int,
    head: int = 0,
    steps: int = 1,
    **control: int,
) -> bool:
    """Go on from this revision; False when the document's, or its head, is another."""
    judged = [of(docs, key), docs.c.deleted_at == 0, docs.c.revision == revision]
    if head:
        judged.append(docs.c.head == head)
    moved = connection.execute(
        update(docs).where(*judged).values(revision=revision + steps, **control)
    )
    return moved.rowcount == 1


def _delete(connection: Connection, key: DocKey, at: int) -> bool:
    row = lock_document(connection, key)
    if row is None:
        return False
    for table in _CONTENT:
        connection.execute(delete(table).where(of(table, key)))
    # Never 0: that says that the document exists.
    gone = update(docs).where(of(docs, key)).values(deleted_at=max(at, 1), published=0)
    connection.execute(gone)
    return True


def _set_schema(connection: Connection, key: DocKey, schema: bytes, revision: int) -> bool:
    if not move_revision(connection, key, revision):
        return False
    connection.execute(delete(schemas).where(of(schemas, key)))
    if schema:
        row = insert(connection, schemas).values(tenant=key.tenant, doc=key.doc, body=schema)
        connection.execute(row)
    return True


def _doc_row(row: Row[Any]) -> DocRow:
    return DocRow(
        doc=row.doc,
        epoch=row.epoch,
        version=row.head,
        created_at=row.created_at,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        published=row.published,
    )


def _row(connection: Connection, key: DocKey) -> DocRow | None:
    found = select(docs).where(of(docs, key), docs.c.deleted_at == 0)
    row = connection.execute(found).one_or_none()
    return None if row is None else _doc_row(row)


def _rows(connection: Connection, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]:
    found: dict[DocKey, DocRow] = {}
    for part in parts(tuple(key) for key in keys):
        named = tuple_(docs.c.tenant, docs.c.doc).in_(part)
        for row in connection.execute(select(docs).where(named, docs.c.deleted_at == 0)):
            found[DocKey(row.tenant, row.doc)] = _doc_row(row)
    return found


def _list(connection: Connection, tenant: str, after: str, limit: int) -> list[DocRow]:
    if after and not is_doc_name(after):
        return []
    rows = connection.execute(
        select(docs)
        .where(docs.c.tenant == tenant, docs.c.doc > after, docs.c.deleted_at == 0)
        .order_by(docs.c.doc)
        .limit(limit)
    )
    return [_doc_row(row) for row in rows]


class SqlDocuments:
    """A row a document, kept when the document is deleted so that its numbers never come again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, key: DocKey, at: int) -> bool:
        return await self._database.write(lambda c: _delete(c, key, at))

    async def new_epoch(self, key: DocKey, epoch: int) -> None:
        def job(connection: Connection) -> None:
            # The revision moves too: what was judged before the restored backup is stale.
            moved = (
                update(docs).where(of(docs, key)).values(epoch=epoch, revision=docs.c.revision + 1)
            )
            connection.execute(moved)

        await self._database.write(job)

    async def raise_epochs(self, least: int) -> None:
        def job(connection: Connection) -> None:
            if least > least_epoch(connection):
                connection.execute(delete(epochs))
                connection.execute(insert(connection, epochs).values(id=1, least=least))

        await self._database.write(job)

    async def list_docs(self, tenant: str, after: str, limit: int) -> list[DocRow]:
        return await self._database.read(lambda c: _list(c, tenant, after, limit))

    async def row(self, key: DocKey) -> DocRow | None:
        return await self._database.read(lambda c: _row(c, key))

    async def find_rows(self, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]:
        return await self._database.read(lambda c: _rows(c, keys))

    async def set_schema(self, key: DocKey, schema: bytes, revision: int) -> bool:
        return await self._database.write(lambda c: _set_schema(c, key, schema, revision))
