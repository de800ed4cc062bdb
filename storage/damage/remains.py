"""The rows of a damaged document outside its log: finds and removes the damaged rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from collab.ids import DocKey
from collab.ports.repairs import Rebuilt
from collab.ports.store import Corrupt
from storage.sql.checksum import is_sound
from storage.sql.documents import (
    control_crc,
    find_document,
    head_crc,
    is_control_sound,
    is_head_sound,
    schema_crc,
)
from storage.sql.locks import read_locks
from storage.sql.names import read_names
from storage.sql.publications import read_publications
from storage.sql.requests import damaged_ids
from storage.sql.schema import accepted, by_key, docs, is_count, locks, named, publications, schemas

_MISMATCH = "does not match its checksum"


def read_counts(connection: Connection, key: DocKey) -> tuple[list[int], list[str]] | None:
    """Return epoch, head and revision, and a sentence for each damaged part of their row.

    A number that cannot be read becomes 0. Return None when the document does not exist.
    """
    row = find_document(connection, key)
    if row is None:
        return None
    counts = {"epoch": row.epoch, "head": row.head, "revision": row.revision}
    lost = [f"the {name}: it cannot be read" for name, at in counts.items() if not is_count(at)]
    if not lost and not is_control_sound(row):
        counts["epoch"] = 0
        lost.append(f"the epoch, the creation time and the publication: their row {_MISMATCH}")
    if not lost and not is_head_sound(row):
        lost.append(f"the head, its author or its time: their row {_MISMATCH}")
    return [count if is_count(count) else 0 for count in counts.values()], lost


def read_schema(connection: Connection, key: DocKey, row: Row[Any]) -> bytes | None:
    """Return the schema; empty without a schema, None when it is damaged."""
    schema = connection.scalar(select(schemas.c.body).where(by_key(schemas, key))) or b""
    return schema if is_sound(row.schema_crc, lambda: schema_crc(key, schema)) else None


def damage_outside_log(connection: Connection, key: DocKey) -> list[str]:
    """Return sentences about the damage in the document's rows outside the log."""
    lost = []
    row = find_document(connection, key)
    if row is not None and read_schema(connection, key, row) is None:
        lost.append(f"the schema: it {_MISMATCH}")
    try:
        read_locks(connection, key)
    except Corrupt:
        lost.append("the locks: they cannot be read")
    _, names = read_names(connection, key)
    lost += [f"the name of version {version}: it {_MISMATCH}" for version in names]
    _, steps = read_publications(connection, key)
    lost += [f"a publication: it {_MISMATCH}" for _ in steps]
    if ids := damaged_ids(connection, key):
        lost.append(f"{len(ids)} ids of earlier requests: their rows do not match their checksums")
    return lost


def rewrite_document(connection: Connection, key: DocKey, row: Row[Any], rebuilt: Rebuilt) -> None:
    """Write the document's row again, and drop the damaged rows."""
    entry, schema = rebuilt.entry, read_schema(connection, key, row)
    if rebuilt.drop_schema or schema is None:
        connection.execute(delete(schemas).where(by_key(schemas, key)))
        schema = b""
    connection.execute(delete(locks).where(by_key(locks, key)))
    _drop_damaged(connection, key)
    steps, _ = read_publications(connection, key)
    published = steps[-1].pointer if steps else 0
    created_at = row.created_at if is_count(row.created_at) else entry.at
    at, by = entry.at, entry.author.user
    counts = {"epoch": rebuilt.epoch, "head": entry.version, "revision": rebuilt.revision + 1}
    control = {"deleted_at": 0, "created_at": created_at, "published": published}
    crcs = {
        "crc": control_crc(key, rebuilt.epoch, 0, created_at, published),
        "head_crc": head_crc(key, entry.version, at, by),
        "schema_crc": schema_crc(key, schema),
    }
    new = {**counts, **control, **crcs, "updated_at": at, "updated_by": by}
    connection.execute(update(docs).where(by_key(docs, key)).values(**new))


def _drop_damaged(connection: Connection, key: DocKey) -> None:
    for version in read_names(connection, key)[1]:
        connection.execute(delete(named).where(by_key(named, key), named.c.version == version))
    for number in read_publications(connection, key)[1]:
        connection.execute(delete(publications).where(publications.c.number == number))
    for user, request in damaged_ids(connection, key):
        this = (accepted.c.author == user, accepted.c.request == request)
        connection.execute(delete(accepted).where(by_key(accepted, key), *this))
