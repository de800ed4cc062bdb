"""The rows of the documents: checks their checksums, reads, lists, changes and deletes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, select, tuple_, update

from collab.entry import Entry
from collab.ids import DocKey, is_doc_name
from collab.ports.store import Corrupt, DocRow
from storage.database import Database
from storage.dialect import insert
from storage.sql.checksum import crc_of, is_sound, unpack_without_ops
from storage.sql.entries import ENTRY_COLUMNS
from storage.sql.schema import (
    accepted,
    by_key,
    docs,
    entries,
    epochs,
    is_count,
    locks,
    named,
    padded_batches,
    publications,
    schemas,
    share_links,
    snapshots,
    steps,
    titles,
)

# The tables whose rows are deleted with a document. Its row in `docs` stays, because the epoch and
# the head continue from there when the name is used again.
_CONTENT: tuple[Table, ...] = (
    entries,
    accepted,
    snapshots,
    steps,
    named,
    publications,
    locks,
    schemas,
    share_links,
    titles,
)


# --- checksums ------------------------------------------------------------------------------------


def control_crc(key: DocKey, epoch: int, deleted_at: int, created_at: int, published: int) -> int:
    """Return the checksum of the columns that change rarely.

    The checksum does not cover `revision`, which changes often and is only compared.
    """
    return crc_of("docs", key, epoch, deleted_at, created_at, published)


def head_crc(key: DocKey, head: int, at: int, by: str) -> int:
    """Return the checksum of the columns that every commit changes."""
    return crc_of("head", key, head, at, by)


def schema_crc(key: DocKey, schema: bytes) -> int:
    """Return the checksum of a schema. An empty schema has one too, which detects a lost schema."""
    return crc_of("schemas", key, schema)


def is_control_sound(row: Row[Any]) -> bool:
    """Whether epoch, deletion, creation and publication match their checksum."""
    control = (row.epoch, row.deleted_at, row.created_at, row.published)
    return is_sound(row.crc, lambda: control_crc(_key(row), *control))


def is_head_sound(row: Row[Any]) -> bool:
    """Whether the head, its author and its time match their checksum."""
    head = (row.head, row.updated_at, row.updated_by)
    return is_sound(row.head_crc, lambda: head_crc(_key(row), *head))


def are_counts(row: Row[Any]) -> bool:
    """Whether epoch, head and revision are valid numbers."""
    return all(map(is_count, (row.epoch, row.head, row.revision)))


def is_document_sound(row: Row[Any]) -> bool:
    """Whether the whole row matches its checksums."""
    return is_control_sound(row) and is_head_sound(row) and are_counts(row)


def is_gone(row: Row[Any]) -> bool:
    """Whether the document was deleted. A document with a damaged row counts as existing."""
    return bool(row.deleted_at) and is_control_sound(row)


def check_document(row: Row[Any]) -> None:
    """Raise `Corrupt` when the document cannot be opened with this row.

    This does not need the head's checksum: the log proves the head, and the next commit writes a
    new checksum.
    """
    if not (is_control_sound(row) and are_counts(row)):
        raise Corrupt(f"the row of {row.tenant}/{row.doc} in `docs` is damaged")


# --- reading and changing -------------------------------------------------------------------------


def find_document(connection: Connection, key: DocKey) -> Row[Any] | None:
    """Return the document's row; None when the document does not exist."""
    row = connection.execute(select(docs).where(by_key(docs, key))).one_or_none()
    return None if row is None or is_gone(row) else row


def lock_document(connection: Connection, key: DocKey) -> Row[Any] | None:
    """Return the document's row, and lock it until the transaction ends.

    Return None when the document does not exist.
    """
    found = select(docs).where(by_key(docs, key)).with_for_update()
    row = connection.execute(found).one_or_none()
    return None if row is None or is_gone(row) else row


def with_checksum(row: Row[Any], **changed: int) -> dict[str, int | None]:
    """Return the changed columns with the new checksum. A damaged row stays damaged."""
    if not is_control_sound(row):
        return {**changed, "crc": row.crc}
    new = {**row._mapping, **changed}
    control = (new["epoch"], new["deleted_at"], new["created_at"], new["published"])
    return {**changed, "crc": control_crc(_key(row), *control)}


def change_document(connection: Connection, row: Row[Any], **changed: int) -> None:
    """Change columns that `control_crc` covers."""
    this = by_key(docs, _key(row))
    connection.execute(update(docs).where(this).values(**with_checksum(row, **changed)))


def _key(row: Row[Any]) -> DocKey:
    return DocKey(row.tenant, row.doc)


def bump_revision(
    connection: Connection,
    key: DocKey,
    revision: int,
    head: int = 0,
    steps: int = 1,
    **changed: int,
) -> bool:
    """Increase the revision by `steps`.

    Return False when the document has another revision, or another head than `head` (0: any head).
    """
    expected = [by_key(docs, key), docs.c.deleted_at == 0, docs.c.revision == revision]
    if head:
        expected.append(docs.c.head == head)
    moved = connection.execute(
        update(docs).where(*expected).values(revision=revision + steps, **changed)
    )
    return moved.rowcount == 1


def least_epoch(connection: Connection) -> int:
    """Return the lowest epoch that a new document may have."""
    return connection.scalar(select(epochs.c.least)) or 0


def _delete(connection: Connection, key: DocKey, at: int) -> bool:
    row = lock_document(connection, key)
    if row is None:
        return False
    for table in _CONTENT:
        connection.execute(delete(table).where(by_key(table, key)))
    # Never 0, which means that the document exists.
    gone = {"deleted_at": max(at, 1), "published": 0}
    if is_document_sound(row):
        change_document(connection, row, **gone)
        return True
    # The row is damaged: continue the name from an epoch that no client can know.
    epoch = max(at, row.epoch + 1 if is_count(row.epoch) else 0)
    head = row.head if is_count(row.head) else 0
    made = {"epoch": epoch, "created_at": at, "head": head, "updated_at": at, "updated_by": ""}
    crc = control_crc(key, epoch, gone["deleted_at"], at, 0)
    crcs = {"crc": crc, "head_crc": head_crc(key, head, at, "")}
    connection.execute(update(docs).where(by_key(docs, key)).values(**gone, **made, **crcs))
    return True


def _set_schema(connection: Connection, key: DocKey, schema: bytes, revision: int) -> bool:
    if not bump_revision(connection, key, revision, schema_crc=schema_crc(key, schema)):
        return False
    connection.execute(delete(schemas).where(by_key(schemas, key)))
    if schema:
        row = insert(connection, schemas).values(tenant=key.tenant, doc=key.doc, body=schema)
        connection.execute(row)
    return True


def _doc_row(connection: Connection, row: Row[Any]) -> DocRow:
    is_damaged, at, by = not (is_control_sound(row) and are_counts(row)), row.updated_at, ""
    if is_head_sound(row):
        by = row.updated_by
    elif (newest := _newest(connection, DocKey(row.tenant, row.doc))) is None:
        is_damaged = True
    else:
        at, by = newest.at, newest.author.user
        is_damaged = is_damaged or newest.version != row.head
    return DocRow(
        doc=row.doc,
        epoch=row.epoch,
        version=row.head,
        created_at=row.created_at,
        updated_at=at,
        updated_by=by,
        published=row.published,
        damaged=is_damaged,
    )


def _newest(connection: Connection, key: DocKey) -> Entry | None:
    """Return the newest entry of a document with a damaged head; None for a damaged entry too."""
    newest = select(*ENTRY_COLUMNS).where(by_key(entries, key)).order_by(entries.c.version.desc())
    row = connection.execute(newest.limit(1)).one_or_none()
    try:
        return None if row is None else unpack_without_ops(key, row)
    except Corrupt:
        return None


def _row(connection: Connection, key: DocKey) -> DocRow | None:
    row = find_document(connection, key)
    return None if row is None else _doc_row(connection, row)


def _rows(connection: Connection, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]:
    found: dict[DocKey, DocRow] = {}
    for part in padded_batches(tuple(key) for key in keys):
        named = tuple_(docs.c.tenant, docs.c.doc).in_(part)
        for row in connection.execute(select(docs).where(named)).all():
            if not is_gone(row):
                found[DocKey(row.tenant, row.doc)] = _doc_row(connection, row)
    return found


def _list(connection: Connection, tenant: str, after: str, limit: int) -> list[DocRow]:
    if after and not is_doc_name(after):
        return []
    rows = connection.execute(
        select(docs)
        .where(docs.c.tenant == tenant, docs.c.doc > after, docs.c.deleted_at == 0)
        .order_by(docs.c.doc)
        .limit(limit)
    ).all()
    return [_doc_row(connection, row) for row in rows]


class SqlDocuments:
    """The rows of the documents.

    Invariant: a deleted document keeps its row, so its epochs and versions are never used again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, key: DocKey, at: int) -> bool:
        return await self._database.write(lambda c: _delete(c, key, at))

    async def new_epoch(self, key: DocKey, epoch: int) -> None:
        def job(connection: Connection) -> None:
            row = connection.execute(
                select(docs).where(by_key(docs, key)).with_for_update()
            ).one_or_none()
            if row is not None:
                # Increase the revision too: batches from before the restored backup are stale.
                change_document(connection, row, epoch=epoch, revision=row.revision + 1)

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
