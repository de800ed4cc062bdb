"""What one write did to the tree, told so that it can be taken back: by keys, never by position."""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from collab.ids import Json
from collab.yjs.tree_layout import Step

Path: TypeAlias = tuple[Step, ...]

CONTEXT = 24  # characters kept on either side of a text hunk, to find its place again


class Hunk(Struct, frozen=True, array_like=True):
    """One replacement in a text: code points `inserted` stand at `at` where `deleted` stood."""

    at: int
    deleted: str
    inserted: str
    left: str
    right: str


class Absent(Struct, frozen=True, array_like=True, tag="a"):
    """There was nothing under the key."""


class Exactly(Struct, frozen=True, array_like=True, tag="x"):
    """There was this, in the layout's JSON form."""

    raw: Any


class Alike(Struct, frozen=True, array_like=True, tag="l"):
    """There was a container whose JSON has this digest."""

    digest: bytes


class SetRecord(Struct, frozen=True, array_like=True, tag="s"):
    """A map's key went from `before` to `after`."""

    path: Path
    key: str
    before: Absent | Exactly
    after: Absent | Exactly | Alike


class TextRecord(Struct, frozen=True, array_like=True, tag="t"):
    """A text was edited; the hunks stand in the text after, in order."""

    path: Path
    hunks: tuple[Hunk, ...]


class ShownRecord(Struct, frozen=True, array_like=True, tag="e"):
    """An element was added or brought back (`shown`), or hidden."""

    path: Path
    key: str
    shown: bool


class MovedRecord(Struct, frozen=True, array_like=True, tag="m"):
    """An element's order key went from `before` to `after`."""

    path: Path
    key: str
    before: str
    after: str


class ListRecord(Struct, frozen=True, array_like=True, tag="l"):
    """In a Y.Array, `inserted` (each as `after` of a set) stands at `at` where `removed` stood."""

    path: Path
    at: int
    removed: tuple[Any, ...]
    inserted: tuple[Exactly | Alike, ...]


Record: TypeAlias = SetRecord | TextRecord | ShownRecord | MovedRecord | ListRecord

_canonical = msgspec.json.Encoder(order="sorted")


def known(value: Json) -> Exactly | Alike:
    """What tells later whether a value is still the one: itself, or a digest of a container."""
    if isinstance(value, dict | list):
        return Alike(hashlib.blake2b(_canonical.encode(value), digest_size=8).digest())
    return Exactly(value)


def place_of(record: Record) -> Path:
    """The path of what a record is about."""
    if isinstance(record, TextRecord | ListRecord):
        return record.path
    return (*record.path, record.key)
