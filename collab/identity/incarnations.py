"""Incarnations: whether a place still holds what a record left there.

A place of a document, which is an entry of a map, holds one value after the other. Each of them is
an incarnation of the place. A value that another user wrote may be equal, and an element that
another user added may have the same key: they are other incarnations. So each incarnation has a
token, made of the change that put it there. An undo that brings a value back brings its token back.
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
    single_records,
    slot_of,
)

Key: TypeAlias = tuple[int, Path]
# Records of one version get consecutive tokens; so many versions and records fit into 64 bits.
_RECORDS = 1 << 20


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """What a record of a step means.

    `anchor` is the token of the innermost container above the record's place that has one, and
    `depth` how many steps of the record's path lead to it. The entry's token was `was` before the
    record and is `now` since.
    """

    anchor: int
    depth: int
    was: int
    now: int


class Incarnations:
    """The tokens of a document's places; what has none is as old as the document.

    A place's key is the token of the innermost container above it that has one, and the path from
    there. So what lies in a container keeps its tokens while another one is in its place.
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
        """With more tokens than that, those that no step asks for are to be forgotten."""
        return self._most

    @property
    def is_full(self) -> bool:
        return len(self._tokens) > self._most

    def add(self, records: Iterable[Record], version: int) -> list[tuple[Mark, ...]]:
        """Give tokens to what a version changed; the marks of its records."""
        token = version * _RECORDS
        marks: list[tuple[Mark, ...]] = []
        for record in records:
            own: list[Mark] = []
            for single in single_records(record):
                own.append(self._mark(single, token))
                token += 1
            marks.append(tuple(own))
        return marks

    def _mark(self, single: SingleRecord, token: int) -> Mark:
        anchor, depth = self._walk(holder_of(single))
        slot = slot_of(single)
        if slot is None:
            return Mark(anchor, depth, 0, 0)
        key = anchor, slot[depth:]
        was, own = self._get(key), getattr(single, "token", None)
        now = token if own is None else own
        self._tokens[key] = now
        return Mark(anchor, depth, was, now)

    def is_current(self, single: SingleRecord, mark: Mark) -> bool:
        """Whether what a record left is still what stands there."""
        slot = slot_of(single)
        if slot is None:
            return True  # it is found by the ids of its text or list
        anchor, depth = self._walk(holder_of(single))
        if (anchor, depth) != (mark.anchor, mark.depth):
            return False
        return self._get((anchor, slot[depth:])) == mark.now

    def is_known(self, path: Path) -> bool:
        """Whether anything that a step may ask for stood at a place, or stands there."""
        anchor, depth = self._walk(path[:-1])
        return (anchor, path[depth:]) in self._tokens

    def put_back(self, single: SingleRecord, mark: Mark) -> None:
        """A record is taken back: what stood there before stands there again."""
        slot = slot_of(single)
        if slot is not None:
            self._tokens[mark.anchor, slot[mark.depth :]] = mark.was

    def prune(self, steps: Iterable[tuple[SingleRecord, Mark]]) -> None:
        """Keep the tokens that steps ask for: of their places and of what holds these."""
        asked: set[Key] = set()
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
            # Also where another incarnation stands now.
            path = (slot_of(single) or place_of(single))[mark.depth :]
            asked.update((mark.anchor, path[:end]) for end in range(1, len(path) + 1))
        self._tokens = {key: token for key, token in self._tokens.items() if key in asked}
        self._most = max(1_000, 2 * len(self._tokens))

    def _walk(self, path: Path) -> tuple[int, int]:
        """The innermost token above what is at a path, and how deep the path goes to it."""
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
    """Incarnations as an undo that is under way would leave them."""

    def __init__(self, real: Incarnations) -> None:
        super().__init__()
        self._real = real

    def _is_blank(self) -> bool:
        return not self._tokens and self._real._is_blank()

    def _get(self, key: Key) -> int:
        token = self._tokens.get(key)
        return self._real._get(key) if token is None else token
