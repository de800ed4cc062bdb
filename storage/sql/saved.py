"""The tables of packed bodies, each of a version of a document: snapshots, and steps to undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, update

from collab.ids import DocKey
from storage.sql.checksum import Packed
from storage.sql.rows import is_count, of


def saved_versions(connection: Connection, table: Table, key: DocKey) -> list[int]:
    """Every version of which a body is there, sound or not, newest first."""
    found = connection.scalars(
        select(table.c.version).where(of(table, key)).order_by(table.c.version.desc())
    )
    return [version for version in found if is_count(version)]


def saved_row(
    connection: Connection, table: Table, key: DocKey, version: int
) -> Sequence[Any] | None:
    """Version, packing, body and crc of what was saved at exactly this version."""
    return connection.execute(
        select(table.c.version, table.c.packing, table.c.body, table.c.crc).where(
            of(table, key), table.c.version == version
        )
    ).one_or_none()


def save_packed(
    connection: Connection, table: Table, key: DocKey, version: int, packed: Packed
) -> None:
    """Save a body in the place of one that was saved at the same version."""
    at, row = (of(table, key), table.c.version == version), packed._asdict()
    if connection.execute(update(table).where(*at).values(**row)).rowcount == 0:
        place = {"tenant": key.tenant, "doc": key.doc, "version": version}
        connection.execute(table.insert().values(**place, **row))
