"""What one write did to the tree, recorded so that undo can take it back.

A record finds what it is about by identity. It names characters and list items by their Yjs ids.
It names values, elements and containers by the keys that lead there, and the document keeps with
each record which incarnation of them it means (`collab/identity/incarnations.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from collab.ids import Json
from collab.types.layout import DELETED, ORDER, VALUE, Step
from collab.yjs.spans import Id, Run, merged

Path: TypeAlias = tuple[Step, ...]
# Characters of a removed text that a step names: the first one's offset, and their first ids.
Label: TypeAlias = tuple[int, int, int, int]  # offset, client, clock, length
# The ids on the left and on the right of a place.
Sides: TypeAlias = tuple[Id | None, Id | None]
# Characters that were inserted again: their first ids, and the ones that they have now.
Reinsertion: TypeAlias = tuple[int, int, int, int, int]  # client, clock, length, client, clock


class Hunk(Struct, frozen=True, array_like=True, gc=False):
    """One replacement in a text, or in a Y.Array.

    `inserted` are the characters that came. `sides` are the pairs of characters that the place lay
    between, None at an end, oldest first.
    """

    deleted: str
    labels: tuple[Label, ...] = ()
    inserted: tuple[Run, ...] = ()
    sides: tuple[Sides, ...] = ()


class RemovedText(Struct, frozen=True, array_like=True, gc=False):
    """A text that went with what held it: its path below that, its id, what steps name in it."""

    path: Path
    text: Id
    labels: tuple[Label, ...]


class Absent(Struct, frozen=True, array_like=True, tag="a", gc=False):
    """There was nothing under the key."""


class Exactly(Struct, frozen=True, array_like=True, tag="x", gc=False):
    """There was this, in the layout's JSON form."""

    raw: Any


class SameDigest(Struct, frozen=True, array_like=True, tag="l", gc=False):
    """There was a container, or a long string, whose JSON has this digest."""

    digest: bytes


class SetRecord(Struct, frozen=True, array_like=True, tag="s", gc=False):
    """A map's key went from `before` to `after`.

    `token` is the incarnation that stands there since; None says that it is a new one. `items` are
    the first ids of the items of Y.Arrays that the path leads through: an index may be another's.
    """

    path: Path
    key: str
    before: Absent | Exactly
    after: Absent | Exactly | SameDigest
    texts: tuple[RemovedText, ...] = ()
    token: int | None = None
    items: tuple[Id, ...] = ()


class TextRecord(Struct, frozen=True, array_like=True, tag="t", gc=False):
    """The text with this id was edited."""

    path: Path
    text: Id
    hunks: tuple[Hunk, ...]


class ShownRecord(Struct, frozen=True, array_like=True, tag="e", gc=False):
    """An element was brought back (`shown`) or hidden; one that is `born` was added."""

    path: Path
    key: str
    shown: bool
    born: bool = False
    token: int | None = None
    items: tuple[Id, ...] = ()


class MovedRecord(Struct, frozen=True, array_like=True, tag="m", gc=False):
    """An element's order key went from `before` to `after`."""

    path: Path
    key: str
    before: str
    after: str
    token: int | None = None
    items: tuple[Id, ...] = ()


class ItemsHunk(Struct, frozen=True, array_like=True, gc=False):
    """One replacement in a Y.Array: items with the ids `gone`, items with the ids `inserted`."""

    removed: tuple[Any, ...]
    gone: tuple[Run, ...] = ()
    inserted: tuple[Run, ...] = ()
    values: tuple[Exactly | SameDigest, ...] = ()
    left: Id | None = None
    right: Id | None = None


class ListRecord(Struct, frozen=True, array_like=True, tag="l", gc=False):
    """Items of the Y.Array with this id were replaced."""

    path: Path
    array: Id
    hunk: ItemsHunk


class TransferRecord(Struct, frozen=True, array_like=True, tag="v", gc=False):
    """An element or a member was moved to another container: out of one, into the other."""

    source: SetRecord | ShownRecord
    target: SetRecord | ShownRecord


SingleRecord: TypeAlias = SetRecord | TextRecord | ShownRecord | MovedRecord | ListRecord
Record: TypeAlias = SingleRecord | TransferRecord

_LONGEST = 100  # characters of a string that is kept as it is, to know it by

_canonical = msgspec.json.Encoder(order="sorted")


def fingerprint(value: Json) -> Exactly | SameDigest:
    """What a value is compared with later: the value itself, or a digest of a large one."""
    if isinstance(value, dict | list) or (type(value) is str and len(value) > _LONGEST):
        return SameDigest(hashlib.blake2b(_canonical.encode(value), digest_size=8).digest())
    return Exactly(value)


def joined_hunks(before: tuple[Hunk, ...], after: tuple[Hunk, ...]) -> tuple[Hunk, ...]:
    """The hunks of two edits of one text; what was typed on is one hunk."""
    if len(after) == 1 and before:
        last, typed = before[-1], after[0]
        if last.inserted and not typed.deleted and last.sides and typed.sides:
            client, clock, length = last.inserted[-1]
            (left, _), (_, right) = last.sides[0], typed.sides[0]
            if typed.sides[0][0] == (client, clock + length - 1):
                runs = tuple(merged((*last.inserted, *typed.inserted)))
                joined = Hunk(last.deleted, last.labels, runs, ((left, right),))
                return (*before[:-1], joined)
    return (*before, *after)


def single_records(record: Record) -> tuple[SingleRecord, ...]:
    """The changes of single places that a record is made of."""
    return (record.source, record.target) if isinstance(record, TransferRecord) else (record,)


def place_of(record: Record) -> Path:
    """The path of what a record is about."""
    if isinstance(record, TransferRecord):
        record = record.target
    if isinstance(record, TextRecord | ListRecord):
        return record.path
    # The value of an element that is no object stands where the element does.
    return record.path if record.key == VALUE else (*record.path, record.key)


def slot_of(record: SingleRecord) -> Path | None:
    """The one Yjs map entry that a record changed; None for edits within a text or a list."""
    match record:
        case SetRecord():
            return place_of(record)
        case ShownRecord():
            return (
                (*record.path, record.key) if record.born else (*record.path, record.key, DELETED)
            )
        case MovedRecord():
            return (*record.path, record.key, ORDER)
        case _:
            return None


def holder_of(record: SingleRecord) -> Path:
    """The path of the container that has to be the same one for a record to be taken back."""
    match record:
        case ShownRecord(born=False) | MovedRecord():
            return (*record.path, record.key)  # another element may have the same key
        case _:
            return place_of(record)[:-1]


def hidden_elements(record: Record) -> Iterator[tuple[Path, str]]:
    """The elements that a record needs to be there, if only hidden: their arrays and keys."""
    for single in single_records(record):
        if isinstance(single, ShownRecord):
            yield single.path, single.key
