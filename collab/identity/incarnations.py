"""Incarnations: whether a place still holds the value that a record left there.

A record notes what one write changed, so that undo can take it back. A place of a document is a key
of a Yjs map. It holds one value after another, and each value is an incarnation of the place. After
the write, another user may write an equal value, or add an element with the same key. That is a new
incarnation, and undo must not take it back. So each incarnation that undo may need has a token,
made from the change that put it there. An undo that brings a value back also brings its token back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from collab.types.records import (
    Path,
    Record,
    SingleRecord,
    holder_of,
    place_of,
    removes_element,
    single_records,
    slot_of,
)

Key: TypeAlias = tuple[int, Path]
# Records of one version get consecutive tokens. Version and record number fit into 64 bits.
_RECORDS = 1 << 20


def token_from(version: int) -> int:
    """Return the smallest token that a version may make."""
    return version * _RECORDS


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """The incarnations that a record of an undo step refers to.

    Some containers above the record's place have tokens. `anchor` is the token of the innermost of
    them; `depth` is the length of the path to it. The record changed the token of its place from
    `was` to `now`.
    """

    anchor: int
    depth: int
    was: int
    now: int


class Incarnations:
    """The tokens of a document's places. A place without a token counts as unchanged.

    The key of a place has two parts: the token of the innermost container that has one, and the
    path from that container. When a new container replaces an old one, it gets another token. So
    places in the new container have other keys, and places in the old one keep their tokens.
    """

    def __init__(self, tokens: Iterable[tuple[int, Path, int]] = (), most: int = 0) -> None:
        self._tokens: dict[Key, int] = {}
        for anchor, path, token in tokens:
            self._tokens[anchor, path] = token
        self._most = most or 1_000

    def rows(self) -> list[tuple[int, Path, int]]:
        return [(anchor, path, token) for (anchor, path), token in self._tokens.items()]

    @property
    def most(self) -> int:
        """The limit of tokens. Above it, the caller drops the tokens that no undo step needs."""
        return self._most

    @property
    def is_full(self) -> bool:
        return len(self._tokens) > self._most

    def add(self, records: Iterable[Record], version: int) -> list[tuple[Mark, ...]]:
        """Give tokens to the places that a version changed. Return the marks of its records."""
        token = token_from(version)
        marks: list[tuple[Mark, ...]] = []
        for record in records:
            own: list[Mark] = []
            for single in single_records(record):
                own.append(self._mark(single, token))
                token += 1
            marks.append(tuple(own))
        return marks

    def _mark(self, single: SingleRecord, token: int) -> Mark:
        anchor, depth = (0, 0) if self._is_blank() else self._walk(holder_of(single))
        slot = slot_of(single)
        if slot is None:
            return Mark(anchor, depth, 0, 0)
        key = anchor, slot[depth:]
        was, own = self._get(key), getattr(single, "token", None)
        now = token if own is None else own
        self._tokens[key] = now
        return Mark(anchor, depth, was, now)

    def is_current(self, single: SingleRecord, mark: Mark) -> bool:
        """Whether a place still holds the incarnation that a record left there."""
        slot = slot_of(single)
        if slot is None:
            return True  # an edit in a text or list: undo uses the ids of characters or items
        anchor, depth = self._walk(holder_of(single))
        if (anchor, depth) != (mark.anchor, mark.depth):
            return False
        return self._get((anchor, slot[depth:])) == mark.now

    def is_known(self, path: Path) -> bool:
        """Whether a place has a token. Then an undo step may need one of the place's values."""
        anchor, depth = self._walk(path[:-1])
        return (anchor, path[depth:]) in self._tokens

    def token_at(self, path: Path) -> int:
        """Return the token of a place; 0 when it has none. A later version makes a larger token."""
        anchor, depth = self._walk(path[:-1])
        return self._get((anchor, path[depth:]))

    def put_back(self, single: SingleRecord, mark: Mark) -> None:
        """Take back a record: give its place the token from before the record."""
        slot = slot_of(single)
        if slot is not None:
            self._tokens[mark.anchor, slot[mark.depth :]] = mark.was

    def prune(self, steps: Iterable[tuple[SingleRecord, Mark]]) -> None:
        """Keep the tokens of the places in `steps`, and of all places above these.

        Also keep the tokens of the other elements in an array where a step has removed one.
        """
        asked: set[Key] = set()
        arrays: set[Key] = set()
        for single, _ in steps:
            path = slot_of(single) or place_of(single)
            anchor, start = 0, 0
            for end in range(1, len(path) + 1):
                key = anchor, path[start:end]
                asked.add(key)
                token = self._tokens.get(key, 0)
                if token:
                    anchor, start = token, end
        for single, mark in steps:
            # Keep the tokens of this mark, also when the place holds another incarnation now.
            path = (slot_of(single) or place_of(single))[mark.depth :]
            asked.update((mark.anchor, path[:end]) for end in range(1, len(path) + 1))
            if removes_element(single):
                anchor, depth = self._walk(single.path)
                arrays.add((anchor, single.path[depth:]))
        self._tokens = {
            (anchor, path): token
            for (anchor, path), token in self._tokens.items()
            if (anchor, path) in asked or (anchor, path[:-1]) in arrays
        }
        self._most = max(1_000, 2 * len(self._tokens))

    def _walk(self, path: Path) -> tuple[int, int]:
        """Return the token of the innermost place at or above `path` that has one.

        Also return the length of the path to this place. Without such a place, both are 0.
        """
        anchor, start = 0, 0
        if self._is_blank():
            return anchor, start
        for end in range(1, len(path) + 1):
            token = self._get((anchor, path[start:end]))
            if token:
                anchor, start = token, end
        return anchor, start

    def _is_blank(self) -> bool:
        return not self._tokens

    def _get(self, key: Key) -> int:
        return self._tokens.get(key, 0)


class TrialIncarnations(Incarnations):
    """The tokens as an undo would leave them. The tokens of the document do not change."""

    def __init__(self, real: Incarnations) -> None:
        super().__init__()
        self._real = real

    def _is_blank(self) -> bool:
        return not self._tokens and self._real._is_blank()

    def _get(self, key: Key) -> int:
        token = self._tokens.get(key)
        return self._real._get(key) if token is None else token
