"""Edit locks: rows that change only together with the document's revision."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select

from collab.ids import DocKey
from collab.lock_rows import StoredLock
from collab.ports import Corrupt
from storage.database import Database
from storage.dialect import now_ms
from storage.rows import of
from storage.schema import docs, locks
from storage.sql_documents import move_revision

pack_lock = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StoredLock).decode


def read_locks(connection: Connection, key: DocKey) -> tuple[int, list[StoredLock]]:
    revision = connection.scalar(
        select(docs.c.revision).where(of(docs, key), docs.c.deleted_at == 0)
    )
    if revision is None:
        return 0, []
    bodies = connection.scalars(select(locks.c.body).where(of(locks, key)).order_by(locks.c.id))
    try:
        return revision, [_decode(body) for body in bodies]
    except (TypeError, msgspec.MsgspecError) as error:
        raise Corrupt(f"a lock of {key.tenant}/{key.doc} cannot be read") from error


def _save(
    connection: Connection,
    key: DocKey,
    revision: int,
    put: Sequence[StoredLock],
    drop: Sequence[str],
    head: int,
    steps: int,
) -> bool:
    if not move_revision(connection, key, revision, head, steps):
        return False
    gone = [*drop, *(lock.id for lock in put)]
    connection.execute(delete(locks).where(of(locks, key), locks.c.id.in_(gone)))
    rows = [
        {"tenant": key.tenant, "doc": key.doc, "id": lock.id, "body": pack_lock(lock)}
        for lock in put
    ]
    if rows:
        connection.execute(locks.insert(), rows)
    return True


class SqlLocks:
    """What stands at a revision is what every commit judged by that revision has seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def locks(self, key: DocKey) -> tuple[int, list[StoredLock]]:
        return await self._database.read(lambda c: read_locks(c, key))

    async def save_locks(
        self,
        key: DocKey,
        *,
        revision: int,
        put: Sequence[StoredLock],
        drop: Sequence[str],
        head: int = 0,
        steps: int = 1,
    ) -> bool:
        return await self._database.write(lambda c: _save(c, key, revision, put, drop, head, steps))

    async def now(self) -> int:
        return await self._database.read(lambda c: c.execute(select(now_ms())).scalar_one())
