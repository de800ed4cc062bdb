"""Publications: which version is public, and who published it or took it down, and when.

Here, a step is one row of `publications`: it made a version public, or took the document down.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, select, update

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.publications import Publication, PublicState
from collab.ports.store import Corrupt
from storage.database import Database
from storage.sql.checksum import publication_crc, sound_and_damaged
from storage.sql.documents import change_document, check_document, find_document, lock_document
from storage.sql.schema import by_key, publications


def _publish(connection: Connection, key: DocKey, step: Publication, revision: int) -> bool:
    row = lock_document(connection, key)
    if row is None or row.revision != revision:
        return False
    check_document(row)
    change_document(connection, row, revision=revision + 1, published=step.pointer)
    made = connection.execute(
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
    [number] = made.inserted_primary_key or (0,)
    crc = publication_crc(key, number, step)
    this = publications.c.number == number
    connection.execute(update(publications).where(this).values(crc=crc))
    return True


def read_publications(connection: Connection, key: DocKey) -> tuple[list[Publication], list[int]]:
    """Return the sound steps, oldest first, and the numbers of the damaged rows.

    All rows are read, even for a range of versions: the version of a damaged row is unknown.
    """
    rows = connection.execute(
        select(publications).where(by_key(publications, key)).order_by(publications.c.number)
    )
    steps = (
        (row, Publication(row.version, Author(row.by, row.by_name), row.at, row.what))
        for row in rows
    )
    return sound_and_damaged(
        (step, row.number, row.crc, partial(publication_crc, key, row.number, step))
        for row, step in steps
    )


def check_publications(connection: Connection, key: DocKey) -> list[Publication]:
    """Return all steps, or raise `Corrupt` when one is damaged."""
    sound, damaged = read_publications(connection, key)
    if damaged:
        raise Corrupt(f"the row of a publication of {key.tenant}/{key.doc} is damaged")
    return sound


def _public_state(connection: Connection, key: DocKey) -> PublicState | None:
    document = find_document(connection, key)
    if document is None:
        return None
    check_document(document)
    if not document.published:
        return PublicState(document.revision, None)
    steps = check_publications(connection, key)
    if not steps or steps[-1].pointer != document.published:
        raise Corrupt(f"{key.tenant}/{key.doc}: the publication of its public version is missing")
    return PublicState(document.revision, steps[-1])


def _publications(connection: Connection, key: DocKey, after: int, upto: int) -> list[Publication]:
    return [step for step in check_publications(connection, key) if after < step.version <= upto]


class SqlPublications:
    """The publications.

    Invariant: each step increases the document's control revision. So of two concurrent steps, one
    fails and has to read the state again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, key: DocKey, publication: Publication, revision: int) -> bool:
        return await self._database.write(lambda c: _publish(c, key, publication, revision))

    async def public_state(self, key: DocKey) -> PublicState | None:
        return await self._database.read(lambda c: _public_state(c, key))

    async def public_versions(self, key: DocKey) -> list[int]:
        steps = await self._database.read(lambda c: check_publications(c, key))
        return sorted({step.version for step in steps})

    async def publications(self, key: DocKey, after: int, upto: int) -> list[Publication]:
        return await self._database.read(lambda c: _publications(c, key, after, upto))
