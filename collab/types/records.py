"""Records: each describes one write to the Yjs types, so that undo can take the write back.

A record identifies texts, characters and list items by their *first ids*: the Yjs ids of their
first insertion. It identifies values, elements and containers by the keys that lead to them. These
keys name a place, and a place holds one value after another. Each of these values is an
*incarnation* of the place. The document keeps which incarnation each record means
(`collab/identity/incarnations.py`).

A *run* is a range of Yjs ids (`collab/yjs/spans.py`). A *step* is what one undo takes back
(`collab/document/steps.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final, TypeAlias, TypeGuard

import msgspec
from msgspec import Struct

from collab.ids import Json
from collab.types.layout import DELETED, ORDER, VALUE, Step
from collab.yjs.spans import Id, Run, merged

Path: TypeAlias = tuple[Step, ...]
# Characters in a removed text that an undo step names: their offset in the text, and the run of
# their first ids.
Label: TypeAlias = tuple[int, int, int, int]  # offset, client, clock, length
# The ids of the characters on the left and on the right of a place.
Sides: TypeAlias = tuple[Id | None, Id | None]
# Characters that were inserted again: the run of their first ids, and the first of their new ids.
Reinsertion: TypeAlias = tuple[int, int, int, int, int]  # client, clock, length, client, clock


class Hunk(Struct, frozen=True, array_like=True, gc=False):
    """One replacement in a text.

    `deleted` is the removed text. `labels` are the characters in it that steps name. `inserted`
    are the first ids of the new characters. `sides` are the neighbours of the place, in pairs,
    oldest pair first: each undo and redo adds a pair. None stands for an end of the text.
    """

    deleted: str
    labels: tuple[Label, ...] = ()
    inserted: tuple[Run, ...] = ()
    sides: tuple[Sides, ...] = ()


class RemovedText(Struct, frozen=True, array_like=True, gc=False):
    """A text that was removed together with its container.

    `path` is the text's path below the removed container. `text` is the first id of the text.
    `labels` are the characters in it that steps name.
    """

    path: Path
    text: Id
    labels: tuple[Label, ...]


class Absent(Struct, frozen=True, array_like=True, tag="a", gc=False):
    """The key was absent."""


class Exactly(Struct, frozen=True, array_like=True, tag="x", gc=False):
    """The key had exactly this value, in the layout's JSON form."""

    raw: Any


class SameDigest(Struct, frozen=True, array_like=True, tag="l", gc=False):
    """The key had a container or a long string, and its JSON has this digest."""

    digest: bytes


class SetRecord(Struct, frozen=True, array_like=True, tag="s", gc=False):
    """The value of a map's key changed from `before` to `after`.

    `texts` are the texts that the old value contained. `token` names the incarnation that the
    write left at the key: None for a new incarnation, an earlier token when undo put it back.
    `items` are the first ids of the Y.Array items on the path. Indexes alone do not identify items.
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
    """An element was brought back (`shown`) or hidden. `born` means that it was added as new."""

    path: Path
    key: str
    shown: bool
    born: bool = False
    token: int | None = None
    items: tuple[Id, ...] = ()


class MovedRecord(Struct, frozen=True, array_like=True, tag="m", gc=False):
    """An element's order key changed from `before` to `after`."""

    path: Path
    key: str
    before: str
    after: str
    token: int | None = None
    items: tuple[Id, ...] = ()


# In `ItemsHunk.gone`, stands for the client of items that no step names.
UNNAMED: Final = 0


class ItemsHunk(Struct, frozen=True, array_like=True, gc=False):
    """One replacement in a Y.Array.

    `removed` are the removed values, and `gone` are their first ids. A run of the client `UNNAMED`
    stands for values that no step names; such runs may be missing at the end. `inserted` are the
    first ids of the new items, and `values` are their fingerprints. When there are no new items,
    `left` and `right` are the neighbours of the place.
    """

    removed: tuple[Any, ...]
    gone: tuple[Run, ...] = ()
    inserted: tuple[Run, ...] = ()
    values: tuple[Exactly | SameDigest, ...] = ()
    left: Id | None = None
    right: Id | None = None


class ListRecord(Struct, frozen=True, array_like=True, tag="l", gc=False):
    """Items of the Y.Array whose id is `array` were replaced."""

    path: Path
    array: Id
    hunk: ItemsHunk


class TransferRecord(Struct, frozen=True, array_like=True, tag="v", gc=False):
    """An element or a member moved from one container to another."""

    source: SetRecord | ShownRecord
    target: SetRecord | ShownRecord


SingleRecord: TypeAlias = SetRecord | TextRecord | ShownRecord | MovedRecord | ListRecord
Record: TypeAlias = SingleRecord | TransferRecord

_LONGEST = 100  # characters of a string that is kept whole for comparison

_canonical = msgspec.json.Encoder(order="sorted")


def fingerprint(value: Json) -> Exactly | SameDigest:
    """Return a form for later comparison: the value itself, or the digest of a large value."""
    if isinstance(value, dict | list) or (type(value) is str and len(value) > _LONGEST):
        return SameDigest(hashlib.blake2b(_canonical.encode(value), digest_size=8).digest())
    return Exactly(value)


def joined_hunks(before: tuple[Hunk, ...], after: tuple[Hunk, ...]) -> tuple[Hunk, ...]:
    """Return the hunks of two edits of one text. Typing that continues a hunk is joined to it."""
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
    """Return the records of single places that make up a record."""
    return (record.source, record.target) if isinstance(record, TransferRecord) else (record,)


def place_of(record: Record) -> Path:
    """Return the path of the place that a record describes."""
    if isinstance(record, TransferRecord):
        record = record.target
    if isinstance(record, TextRecord | ListRecord):
        return record.path
    # A value that is not an object has the path of its element.
    return record.path if record.key == VALUE else (*record.path, record.key)


def slot_of(record: SingleRecord) -> Path | None:
    """Return the path of the map entry that a record changed. None for edits in a text or list."""
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
    """Return the path of the container that must still be the same when a record is taken back."""
    match record:
        case ShownRecord(born=False) | MovedRecord():
            return (*record.path, record.key)  # another element may have got the same key
        case _:
            return place_of(record)[:-1]


def removes_element(record: Record) -> TypeGuard[ShownRecord | SetRecord]:
    """Whether a record hid an element, or deleted an object with an `id`, as a Yjs client may."""
    if isinstance(record, ShownRecord):
        return not record.shown
    if not isinstance(record, SetRecord) or not isinstance(record.after, Absent):
        return False
    before = record.before
    return isinstance(before, Exactly) and isinstance(before.raw, dict) and "id" in before.raw


def hidden_elements(record: Record) -> Iterator[tuple[Path, str]]:
    """Yield the elements that an undo of the record needs, hidden or not: array path and key."""
    for single in single_records(record):
        if isinstance(single, ShownRecord):
            yield single.path, single.key
