"""Publications: the pointer to what is public, and who moved it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from collab.entry import Author
from collab.ids import DocKey
from collab.publication import Publication, Standing
from storage.database import Database
from storage.rows import of
from storage.schema import docs, publications
from storage.sql_documents import move_revision


def _publish(connection: Connection, key: DocKey, step: Publication, revision: int) -> bool:
    if not move_revision(connection, key, revision, published=step.pointer):
        return False
    connection.execute(
        publications.insert().values(
            tenant=key.tenant,
            doc=key.doc,
            version=step.version,
            by=step.by.user,
            by_name=step.by.name,
            at=step.at,
            what=step.what,
        )
    )
    return True


def _steps(key: DocKey) -> Select[Any]:
    return select(publications).where(of(publications, key))


def _step(row: Row[Any]) -> Publication:
    return Publication(row.version, Author(row.by, row.by_name), row.at, row.what)


def _standing(connection: Connection, key: DocKey) -> Standing | None:
    found = select(docs.c.revision, docs.c.published).where(of(docs, key), docs.c.deleted_at == 0)
    document = connection.execute(found).one_or_none()
    if document is None:
        return None
    if not document.published:
        return Standing(document.revision, None)
    last = _steps(key).order_by(publications.c.number.desc()).limit(1)
    return Standing(document.revision, _step(connection.execute(last).one()))


def _publications(connection: Connection, key: DocKey, after: int, upto: int) -> list[Publication]:
    within = (publications.c.version > after, publications.c.version <= upto)
    rows = connection.execute(_steps(key).where(*within).order_by(publications.c.number))
    return [_step(row) for row in rows]


class SqlPublications:
    """Each step moves the document's control revision, so of two at once one is told to look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, key: DocKey, publication: Publication, revision: int) -> bool:
        return await self._database.write(lambda c: _publish(c, key, publication, revision))

    async def standing(self, key: DocKey) -> Standing | None:
        return await self._database.read(lambda c: _standing(c, key))

    async def public_versions(self, key: DocKey) -> list[int]:
        found = select(publications.c.version).where(of(publications, key)).distinct()
        ordered = found.order_by(publications.c.version)
        return await self._database.read(lambda c: list(c.scalars(ordered)))

    async def publications(self, key: DocKey, after: int, upto: int) -> list[Publication]:
        return await self._database.read(lambda c: _publications(c, key, after, upto))
