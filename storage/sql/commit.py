"""The commit: advances each head from the version that its batch was computed on, and adds entries.

The first try assumes the usual case: each head is unchanged, and no request id was accepted before.

- When a head has changed, the try leaves out that document (`Clash`).
- When an id was accepted before, the INSERT skips one row. Then the whole transaction is rolled
  back. A second try locks the rows, reads the ids, and writes the other documents.

No try waits for a row that another transaction holds. It leaves out that document (`Held`).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from collab.entry import Accepted
from collab.ids import DocKey
from collab.ports.positions import Newer, Position
from collab.ports.store import Append, Clash, Committed, Compute, Duplicate, Full, Held, Outcome
from storage.database import CoreRunner, Database, Runner
from storage.dialect import POSTGRES, is_constraint_violation
from storage.sql import statements
from storage.sql.checksum import (
    EntryRow,
    accepted_crc,
    name_crc,
    pack_answer,
    pack_entries,
    title_crc,
)
from storage.sql.documents import control_crc, head_crc, schema_crc
from storage.sql.locks import pack_lock
from storage.sql.log import read_newer
from storage.sql.requests import find_requests
from storage.sql.schema import by_key, docs

_COMMITTED = Committed()


class _KnownIdError(Exception):
    """A row was not inserted, because its request id was accepted before."""


class _Packed:
    """One append with its rows. The rows are packed before the transaction, to keep it short."""

    __slots__ = ("accepted", "append", "entries", "locks")

    def __init__(self, append: Append) -> None:
        key = append.key
        self.append = append
        self.entries = pack_entries(key, append.entries)
        self.accepted: list[tuple[Any, ...]] = []
        if append.accepted:
            at = time.time_ns() // 1_000_000
            self.accepted = [_accepted_row(key, one, at) for one in append.accepted]
        self.locks = [pack_lock(key, lock) for lock in append.put] if append.put else []


def _accepted_row(key: DocKey, one: Accepted, at: int) -> tuple[Any, ...]:
    answer = pack_answer(one.answer)
    crc = accepted_crc(key, one, at, answer)
    user, request = one.user.encode(), one.id.encode()
    return (*key, user, request, one.version, answer, at, crc, one.digest or None)


def _may_create(runner: Runner, key: DocKey) -> bool:
    """Whether no other transaction creates this document or holds the row of its name."""
    if runner.dialect != POSTGRES:
        return True
    return runner.run(statements.MAY_CREATE[runner.dialect], (*key, *key, *key)) == 1


def _expected(append: Append) -> tuple[Any, ...]:
    return (*append.key, append.epoch, append.after, append.revision)


def _new_head(append: Append) -> tuple[int, int, bytes, int]:
    """Return the head after the append: its version, its time, its author, and their checksum."""
    last = append.entries[-1]
    head, at, user = last.version, last.at, last.author.user
    return head, at, user.encode(), head_crc(append.key, head, at, user)


def _move_heads(runner: Runner, batch: Sequence[_Packed]) -> dict[_Packed, bool]:
    """Do what `_move_head` does for many documents, in one statement. Return whether each moved.

    The result lacks appends that need more than this statement. It is empty on SQLite, and when a
    document has two appends, because their order matters.
    """
    if runner.dialect != POSTGRES or len({one.append.key for one in batch}) < len(batch):
        return {}
    plain = [one for one in batch if one.append.entries and not one.append.create]
    if len(plain) < 2:
        return {}
    rows = [(*_new_head(one.append), *_expected(one.append)) for one in plain]
    [(statement, _)] = statements.write(POSTGRES, statements.ADVANCE_MANY, rows)
    moved = runner.names(*statement)
    return {one: one.append.key in moved for one in plain}


def _move_head(runner: Runner, append: Append) -> bool:
    """Lock the row and advance its head.

    Return False when the head differs, or when another transaction holds the row.
    """
    key, dialect = append.key, runner.dialect
    if not append.entries:
        return runner.run(statements.LOCK_ROW[dialect], _expected(append)) == 1
    head, at, by, crc = _new_head(append)
    if append.create:
        if not _may_create(runner, key):
            return False
        epoch, made = append.epoch, append.entries[0].at
        crcs = (control_crc(key, epoch, 0, made, 0), crc, schema_crc(key, append.schema))
        values = (*key, epoch, head, append.revision, made, at, by, *crcs, append.after)
        return runner.run(statements.CREATE[dialect], values) == 1
    values = (head, at, by, crc, *_expected(append))
    return runner.run(statements.ADVANCE[dialect], values) == 1


def _insert(runner: Runner, moved: Sequence[_Packed]) -> None:
    dialect = runner.dialect
    entry_rows, accepted_rows = list[EntryRow](), list[tuple[Any, ...]]()
    for packed in moved:
        entry_rows += packed.entries
        accepted_rows += packed.accepted
    for (sql, values), size in statements.write(dialect, statements.ENTRIES, entry_rows):
        if runner.run(sql, values) != size:
            raise _KnownIdError
    if not accepted_rows:
        return
    for (sql, values), size in statements.write(dialect, statements.ACCEPTED, accepted_rows):
        if runner.run(sql, values) != size:
            raise _KnownIdError


def _move_locks(runner: Runner, packed: _Packed) -> None:
    """Write the edit locks that the entries moved or ended, and increase the revision."""
    key, dialect = packed.append.key, runner.dialect
    runner.run(statements.BUMP_REVISION[dialect], key)
    for gone in [*packed.append.drop, *(lock.id for lock in packed.append.put)]:
        runner.run(statements.DROP_LOCK[dialect], (*key, gone))
    for row in packed.locks:
        runner.run(statements.PUT_LOCK[dialect], row)


def _is_full(runner: Runner, append: Append) -> bool:
    """Whether the tenant has reached its limit, so that it may not create this document."""
    tenant = append.key.tenant
    return runner.run(statements.IS_FULL[runner.dialect], (tenant, tenant, append.quota)) == 1


def _put_details(runner: Runner, append: Append) -> None:
    """Write a new title, and the named versions and the schema of an imported document."""
    key, dialect = append.key, runner.dialect
    if append.title is not None:
        row = (*key, append.title.encode(), title_crc(key, append.title))
        runner.run(statements.PUT_TITLE[dialect], row)
    for one in append.names:
        crc = name_crc(key, one)
        named = (*key, one.version, one.name.encode(), one.by.encode(), one.at, crc)
        runner.run(statements.PUT_NAME[dialect], named)
    if append.schema:
        runner.run(statements.PUT_SCHEMA[dialect], (*key, append.schema))


def _write(runner: Runner, batch: Sequence[_Packed]) -> dict[_Packed, Full | None]:
    """Write the appends; return the appends that were left out.

    Their outcome is `Full`, or None when the head differs or another transaction holds the row.
    """
    left: dict[_Packed, Full | None] = {}
    # Sorted, so that two writers lock the same documents in the same order.
    in_order = sorted(batch, key=lambda packed: packed.append.key) if len(batch) > 1 else batch
    moved: list[_Packed] = []
    has_moved = _move_heads(runner, in_order) if len(in_order) > 1 else {}
    for packed in in_order:
        append = packed.append
        if append.create and append.quota and _is_full(runner, append):
            left[packed] = Full()
        elif has_moved[packed] if packed in has_moved else _move_head(runner, append):
            moved.append(packed)
        else:
            left[packed] = None
    _insert(runner, moved)
    for packed in moved:
        append = packed.append
        if packed.locks or append.drop:
            _move_locks(runner, packed)
        if append.title is not None or append.names or append.schema:
            _put_details(runner, append)
    return left


def _known_ids(connection: Connection, append: Append) -> list[Accepted]:
    asked = {(entry.author.user, entry.id) for entry in append.entries if entry.id}
    asked |= {(one.user, one.id) for one in append.accepted}
    return find_requests(connection, append.key, asked)


def _classify(connection: Connection, append: Append) -> Outcome:
    # Read the head first, and then the ids. The transaction that advances the head also writes the
    # ids, and may commit between the two reads.
    left = Held() if _is_unchanged(connection, append) else Clash()
    known = _known_ids(connection, append)
    return Duplicate(known) if known else left


def _is_unchanged(connection: Connection, append: Append) -> bool:
    """Whether the document still is as the append expects. Then a held row stopped the append."""
    row = connection.execute(select(docs).where(by_key(docs, append.key))).one_or_none()
    if append.create:
        left = row is None or (row.deleted_at > 0 and row.epoch < append.epoch)
        return left and (row is None or row.head == append.after)
    if row is None or row.deleted_at:
        return False
    expected = (append.epoch, append.after, append.revision)
    return (row.epoch, row.head, row.revision) == expected


def _lock_free(connection: Connection, keys: Iterable[DocKey]) -> set[DocKey]:
    """Lock the free rows; return the documents whose rows another transaction holds."""
    held: set[DocKey] = set()
    for key in sorted(set(keys)):
        row = select(docs.c.head).where(by_key(docs, key))
        free = connection.execute(row.with_for_update(skip_locked=True)).one_or_none()
        if free is None and connection.execute(row).one_or_none() is not None:
            held.add(key)
    return held


def _write_carefully(
    connection: Connection, batch: Sequence[_Packed], held: Collection[DocKey] = ()
) -> list[Outcome]:
    outcomes: dict[_Packed, Outcome] = {}
    for packed in batch:
        if packed.append.key in held:
            outcomes[packed] = Held()
        elif known := _known_ids(connection, packed.append):
            outcomes[packed] = Duplicate(known)
    left = _write(CoreRunner(connection), [one for one in batch if one not in outcomes])
    for one, outcome in left.items():
        outcomes[one] = outcome or _classify(connection, one.append)
    return [outcomes.get(packed, _COMMITTED) for packed in batch]


class SqlCommit:
    """Commits batches.

    Invariant: of two writers on the same head, one wins. The entries of the winner are durable when
    `commit` returns.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        packed = list(map(_Packed, batch))
        try:
            left = await self._database.commit(partial(_write, batch=packed))
        except Exception as error:
            if not (isinstance(error, _KnownIdError) or is_constraint_violation(error)):
                raise
            return await self._commit_carefully(packed)
        if not left:
            return [_COMMITTED] * len(batch)
        return await self._classify_left_out(packed, left)

    async def commit_locked(self, key: DocKey, since: Position, compute: Compute) -> Outcome | None:
        def load(connection: Connection) -> Newer | None:
            connection.execute(select(docs.c.head).where(by_key(docs, key)).with_for_update())
            return read_newer(connection, key, since)

        def write(connection: Connection, append: Append | None) -> Outcome | None:
            if append is None:
                return None
            [outcome] = _write_carefully(connection, [_Packed(append)])
            return outcome

        return await self._database.write_in_two_steps(load, compute, write)

    async def _commit_carefully(self, packed: Sequence[_Packed]) -> list[Outcome]:
        def job(connection: Connection) -> list[Outcome]:
            held = _lock_free(connection, [one.append.key for one in packed])
            return _write_carefully(connection, packed, held)

        return await self._database.write_first(job)

    async def _classify_left_out(
        self, batch: Sequence[_Packed], left: dict[_Packed, Full | None]
    ) -> list[Outcome]:
        def job(connection: Connection) -> list[Outcome]:
            return [
                left[one] or _classify(connection, one.append) if one in left else _COMMITTED
                for one in batch
            ]

        return await self._database.read_first(job)
