"""Finds accepted request ids: in the log, and in `accepted` for requests without an entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from collab.entry import Accepted
from collab.ids import DocKey
from collab.ports.store import Corrupt
from storage.sql.checksum import accepted_crc, is_sound, unpack_answer, unpack_entry
from storage.sql.entries import ENTRY_COLUMNS
from storage.sql.schema import accepted, by_key, entries

# Ids in one statement. SQLite before 3.32 allows only 999 values. On PostgreSQL, more ids in one
# statement are not faster.
_AT_ONCE = 500

_ACCEPTED_COLUMNS = (
    accepted.c.author,
    accepted.c.request,
    accepted.c.version,
    accepted.c.at,
    accepted.c.answer,
    accepted.c.digest,
    accepted.c.crc,
)


def find_requests(
    connection: Connection, key: DocKey, asked: Iterable[tuple[str, str]]
) -> list[Accepted]:
    """Return the requests among these (user, id) pairs that were accepted."""
    found: list[Accepted] = []
    for user, pairs in groupby(sorted(asked), key=lambda pair: pair[0]):
        ids = [pair[1] for pair in pairs if pair[1]]
        for start in range(0, len(ids), _AT_ONCE):
            found += _find(connection, key, user, ids[start : start + _AT_ONCE])
    return found


def _find(connection: Connection, key: DocKey, user: str, ids: Sequence[str]) -> list[Accepted]:
    in_log = select(entries.c.version).where(
        entries.c.tenant == key.tenant,
        entries.c.doc == key.doc,
        entries.c.author == user,
        entries.c.request.in_(ids),
    )
    beside = select(*_ACCEPTED_COLUMNS).where(
        by_key(accepted, key),
        accepted.c.author == user,
        accepted.c.request.in_(ids),
    )
    found = []
    for version in connection.scalars(in_log).all():
        # Read one entry at a time: all of them may not fit into memory.
        one = select(*ENTRY_COLUMNS).where(by_key(entries, key), entries.c.version == version)
        entry = unpack_entry(key, connection.execute(one).one())
        found.append(Accepted.of(entry))
    found += [_accepted(key, row) for row in connection.execute(beside)]
    return found


def _accepted(key: DocKey, row: Sequence[Any]) -> Accepted:
    """Return the request in a row, or raise `Corrupt` when the row is damaged."""
    user, request, version, at, answer, digest, crc = row
    try:
        one = Accepted(user, request, version, digest=b"" if digest is None else digest)
        if is_sound(crc, lambda: accepted_crc(key, one, at, answer)):
            return replace(one, answer=unpack_answer(answer))
    except (TypeError, ValueError, msgspec.MsgspecError):
        pass  # a damaged column may have another type
    raise Corrupt(f"the row of a request id of {key.tenant}/{key.doc} is damaged")


def damaged_ids(connection: Connection, key: DocKey) -> list[tuple[str, str]]:
    """Return the user and the id of each damaged row, as they were read."""
    damaged = []
    for row in connection.execute(select(*_ACCEPTED_COLUMNS).where(by_key(accepted, key))):
        try:
            _accepted(key, row)
        except Corrupt:
            damaged.append((row.author, row.request))
    return damaged
