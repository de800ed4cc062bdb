"""The names of versions, and the titles of documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, delete, func, select

from collab.ids import DocKey
from collab.ports.store import Corrupt, NamedVersion
from storage.database import Database
from storage.sql.checksum import is_sound, name_crc, sound_and_damaged, title_crc
from storage.sql.documents import lock_document
from storage.sql.schema import by_key, named, titles


def _name(connection: Connection, key: DocKey, one: NamedVersion, most: int) -> bool:
    # The lock prevents a compaction from dropping the version at the same time.
    if lock_document(connection, key) is None:
        return True
    others = (by_key(named, key), named.c.version != one.version)
    count = connection.scalar(select(func.count()).select_from(named).where(*others))
    if most and count and count >= most:
        return False
    connection.execute(delete(named).where(by_key(named, key), named.c.version == one.version))
    connection.execute(
        named.insert().values(
            tenant=key.tenant,
            doc=key.doc,
            version=one.version,
            name=one.name,
            by=one.by,
            at=one.at,
            crc=name_crc(key, one),
        )
    )
    return True


def read_names(connection: Connection, key: DocKey) -> tuple[list[NamedVersion], list[int]]:
    """Return the sound names, and the versions of the damaged rows."""
    columns = (named.c.version, named.c.name, named.c.by, named.c.at, named.c.crc)
    rows = connection.execute(select(*columns).where(by_key(named, key)).order_by(named.c.version))
    names = ((NamedVersion(*row), crc) for *row, crc in rows)
    return sound_and_damaged(
        (one, one.version, crc, partial(name_crc, key, one)) for one, crc in names
    )


def check_names(connection: Connection, key: DocKey) -> list[NamedVersion]:
    """Return the names. Raise `Corrupt` when a row is damaged: its version may be wrong."""
    sound, damaged = read_names(connection, key)
    if damaged:
        raise Corrupt(f"the row of a version name of {key.tenant}/{key.doc} is damaged")
    return sound


def _titles(connection: Connection, tenant: str, names: Sequence[str]) -> dict[str, str]:
    """Return the sound titles. They are read as one range, because lists are sorted by name."""
    if not names:
        return {}
    within = (titles.c.doc >= min(names), titles.c.doc <= max(names))
    rows = connection.execute(select(titles).where(titles.c.tenant == tenant, *within))
    wanted = set(names)
    return {
        row.doc: row.title
        for row in rows
        if row.doc in wanted
        and row.title
        and is_sound(row.crc, partial(title_crc, DocKey(tenant, row.doc), row.title))
    }


class SqlNames:
    """The names of versions, and the titles of documents.

    A version has at most one name; a new name replaces the old one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def name_version(self, key: DocKey, named: NamedVersion, most: int = 0) -> bool:
        return await self._database.write(lambda c: _name(c, key, named, most))

    async def named_versions(self, key: DocKey) -> list[NamedVersion]:
        return await self._database.read(lambda c: check_names(c, key))

    async def titles(self, tenant: str, docs: Sequence[str]) -> dict[str, str]:
        return await self._database.read(lambda c: _titles(c, tenant, docs))
