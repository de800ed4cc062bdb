"""Names of versions."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from collab.ids import DocKey
from collab.ports import NamedVersion
from storage.database import Database
from storage.rows import lock_document, of
from storage.schema import named


def _name(connection: Connection, key: DocKey, one: NamedVersion, most: int) -> bool:
    # The lock keeps a compaction from taking the version away in the same moment.
    if lock_document(connection, key) is None:
        return True
    others = (of(named, key), named.c.version != one.version)
    count = connection.scalar(select(func.count()).select_from(named).where(*others))
    if most and count and count >= most:
        return False
    connection.execute(delete(named).where(of(named, key), named.c.version == one.version))
    connection.execute(
        named.insert().values(
            tenant=key.tenant,
            doc=key.doc,
            version=one.version,
            name=one.name,
            by=one.by,
            at=one.at,
        )
    )
    return True


def _names(connection: Connection, key: DocKey) -> list[NamedVersion]:
    rows = connection.execute(
        select(named.c.version, named.c.name, named.c.by, named.c.at)
        .where(of(named, key))
        .order_by(named.c.version)
    )
    return [NamedVersion(*row) for row in rows]


class SqlNames:
    """At most one name a version; naming it again renames it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def name_version(self, key: DocKey, named: NamedVersion, most: int = 0) -> bool:
        return await self._database.write(lambda c: _name(c, key, named, most))

    async def named_versions(self, key: DocKey) -> list[NamedVersion]:
        return await self._database.read(lambda c: _names(c, key))
