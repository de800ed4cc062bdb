"""Checksums of rows that are written column by column, over their columns and their own place.

A row of before these checksums has none, and is taken as it is until it is written again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from collab.entry import Accepted
from collab.ids import DocKey
from collab.ports.publications import Publication
from collab.ports.store import NamedVersion, SigningKey

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode


def crc_of(table: str, place: Iterable[str], *columns: object) -> int:
    """Covers the place too, so that a row that turns up under another document is found."""
    return zlib.crc32(_encode((table, *place, *columns)))


def is_sound(crc: int | None, now: Callable[[], int]) -> bool:
    """Whether a row is as it was written; `now` is its checksum as it is read."""
    if crc is None:
        return True
    try:
        return now() == crc
    except (TypeError, OverflowError, UnicodeError):
        return False  # no longer of its type: SQLite stores whatever the bytes say


def parted(
    rows: Iterable[tuple[T, int, int | None, Callable[[], int]]],
) -> tuple[list[T], list[int]]:
    """The values of sound rows, and the numbers of the others.

    Each row comes as its value, its number, its checksum as stored and its checksum as read.
    """
    sound: list[T] = []
    rotten: list[int] = []
    for value, number, crc, now in rows:
        if is_sound(crc, now):
            sound.append(value)
        else:
            rotten.append(number)
    return sound, rotten


def name_crc(key: DocKey, one: NamedVersion) -> int:
    return crc_of("named", key, one.version, one.name, one.by, one.at)


def publication_crc(key: DocKey, number: int, step: Publication) -> int:
    by = step.by
    return crc_of("publications", key, number, step.version, by.user, by.name, step.at, step.what)


def lock_crc(key: DocKey, id: str, body: bytes) -> int:
    return crc_of("locks", key, id, body)


def accepted_crc(key: DocKey, one: Accepted, at: int, answer: bytes) -> int:
    # The checksum of a row of before revision 0008 covers no digest, and the row has none.
    digest = (one.digest,) if one.digest else ()
    return crc_of("accepted", key, one.user, one.id, one.version, at, answer, *digest)


def signing_key_crc(tenant: str, key: SigningKey) -> int:
    columns = (key.secret, key.created_at, key.retired_at)
    return crc_of("signing_keys", (tenant, key.kid), *columns)
