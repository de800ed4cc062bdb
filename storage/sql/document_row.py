"""The documents' rows: whether they are as they were written, and how they are changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from collab.ids import DocKey
from collab.ports.store import Corrupt
from storage.sql.row_checksum import crc_of, is_sound
from storage.sql.rows import is_count, of
from storage.sql.schema import docs


def control_crc(key: DocKey, epoch: int, deleted_at: int, created_at: int, published: int) -> int:
    """Of what few writes change. `revision` has none: it is only compared while it is held."""
    return crc_of("docs", key, epoch, deleted_at, created_at, published)


def head_crc(key: DocKey, head: int, at: int, by: str) -> int:
    """Of what every commit changes."""
    return crc_of("head", key, head, at, by)


def schema_crc(key: DocKey, schema: bytes) -> int:
    """Of a schema, or of none: so one that is lost is missed."""
    return crc_of("schemas", key, schema)


def is_control_sound(row: Row[Any]) -> bool:
    """Whether epoch, deletion, creation and publishing are as they were written."""
    control = (row.epoch, row.deleted_at, row.created_at, row.published)
    return is_sound(row.crc, lambda: control_crc(_key(row), *control))


def is_head_sound(row: Row[Any]) -> bool:
    """Whether the head, and who wrote it and when, are as they were written."""
    head = (row.head, row.updated_at, row.updated_by)
    return is_sound(row.head_crc, lambda: head_crc(_key(row), *head))


def are_counts(row: Row[Any]) -> bool:
    """Whether epoch, head and revision are numbers that can be gone on from."""
    return all(map(is_count, (row.epoch, row.head, row.revision)))


def is_document_sound(row: Row[Any]) -> bool:
    """Whether all that has a checksum in the row is as it was written."""
    return is_control_sound(row) and is_head_sound(row) and are_counts(row)


def is_gone(row: Row[Any]) -> bool:
    """Whether the document was deleted; one whose row is damaged counts as there."""
    return bool(row.deleted_at) and is_control_sound(row)


def check_document(row: Row[Any]) -> None:
    """Raise `Corrupt` for a row that a document cannot be opened by.

    The head is not judged here: the log bears it out, and the next commit writes it.
    """
    if not (is_control_sound(row) and are_counts(row)):
        raise Corrupt(f"{row.tenant}/{row.doc} has a row in `docs` that is damaged")


def find_document(connection: Connection, key: DocKey) -> Row[Any] | None:
    """The document's row; None when it does not exist."""
    row = connection.execute(select(docs).where(of(docs, key))).one_or_none()
    return None if row is None or is_gone(row) else row


def lock_document(connection: Connection, key: DocKey) -> Row[Any] | None:
    """The document's row, held until the transaction ends; None when it does not exist."""
    found = select(docs).where(of(docs, key)).with_for_update()
    row = connection.execute(found).one_or_none()
    return None if row is None or is_gone(row) else row


def resealed(row: Row[Any], **changed: int) -> dict[str, int | None]:
    """The changed columns with their checksum. A row that is damaged stays so."""
    if not is_control_sound(row):
        return {**changed, "crc": row.crc}
    new = {**row._mapping, **changed}
    control = (new["epoch"], new["deleted_at"], new["created_at"], new["published"])
    return {**changed, "crc": control_crc(_key(row), *control)}


def change_document(connection: Connection, row: Row[Any], **changed: int) -> None:
    """Change columns that `control_crc` is of."""
    this = of(docs, _key(row))
    connection.execute(update(docs).where(this).values(**resealed(row, **changed)))


def _key(row: Row[Any]) -> DocKey:
    return DocKey(row.tenant, row.doc)
