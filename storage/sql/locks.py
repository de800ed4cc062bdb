"""Edit locks. Their rows change only together with the document's revision."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select

from collab.ids import DocKey
from collab.ports.locks import StoredLock
from collab.ports.store import Corrupt
from storage.database import Database
from storage.dialect import now_ms
from storage.sql.checksum import is_sound, lock_crc
from storage.sql.documents import bump_revision
from storage.sql.schema import by_key, docs, locks

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StoredLock).decode


def pack_lock(key: DocKey, lock: StoredLock) -> tuple[str, str, str, bytes, int]:
    """Return a lock as a row of its table."""
    body = _encode(lock)
    return (*key, lock.id, body, lock_crc(key, lock.id, body))


def _unpack(key: DocKey, id: str, body: bytes, crc: int | None) -> StoredLock:
    try:
        if is_sound(crc, lambda: lock_crc(key, id, body)):
            return _decode(body)
    except (TypeError, ValueError, msgspec.MsgspecError):
        pass  # a damaged column may have another type
    raise Corrupt(f"the row of a lock of {key.tenant}/{key.doc} is damaged")


def read_locks(connection: Connection, key: DocKey) -> tuple[int, list[StoredLock]]:
    """Return the document's revision and its locks; 0 and none without a document."""
    revision = connection.scalar(
        select(docs.c.revision).where(by_key(docs, key), docs.c.deleted_at == 0)
    )
    if revision is None:
        return 0, []
    columns = (locks.c.id, locks.c.body, locks.c.crc)
    rows = connection.execute(select(*columns).where(by_key(locks, key)).order_by(locks.c.id))
    return revision, [_unpack(key, *row) for row in rows]


def _save(
    connection: Connection,
    key: DocKey,
    revision: int,
    put: Sequence[StoredLock],
    drop: Sequence[str],
    head: int,
    steps: int,
) -> bool:
    if not bump_revision(connection, key, revision, head, steps):
        return False
    gone = [*drop, *(lock.id for lock in put)]
    connection.execute(delete(locks).where(by_key(locks, key), locks.c.id.in_(gone)))
    names = ("tenant", "doc", "id", "body", "crc")
    rows = [dict(zip(names, pack_lock(key, lock), strict=True)) for lock in put]
    if rows:
        connection.execute(locks.insert(), rows)
    return True


class SqlLocks:
    """Edit locks.

    Invariant: the locks change only when the revision changes. So all commits that were computed at
    one revision have seen the same locks.
    """

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
