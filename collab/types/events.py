"""What a transaction changed, as its events say: its update, and the places in the tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pycrdt import _pycrdt as native

from collab.types.layout import ARRAY, DEEPEST, Step
from collab.types.records import Path


@dataclass(slots=True)
class DirtyPlace:
    """A place with changes: the keys that changed in it, and the places with changes below it.

    `items` says that the items of a sequence, or the content of a text, changed; `deltas` how, for
    each transaction.
    """

    keys: set[str] = field(default_factory=set)
    below: dict[Step, DirtyPlace] = field(default_factory=dict)
    items: bool = False
    deltas: list[list[dict[str, Any]]] = field(default_factory=list)

    def at(self, path: Iterable[Step]) -> DirtyPlace:
        place = self
        for step in path:
            deeper = place.below.get(step)
            if deeper is None:
                deeper = place.below[step] = DirtyPlace()
            place = deeper
        return place

    @property
    def is_new_kind(self) -> bool:
        """The array marker came or went: nothing of the old reading holds."""
        return ARRAY in self.keys


class Observer:
    """Observes a Yjs document, and keeps what its events say until the tree takes it.

    Invariant: it refers to neither the tree nor the document. pycrdt keeps observers alive, and
    an observer with a reference to the document would keep that alive too. So a tree that is
    dropped without `close` is freed all the same.
    """

    __slots__ = ("_dirty", "_too_deep", "_update", "listening")

    def __init__(self) -> None:
        self.listening = True
        self._dirty: DirtyPlace | None = None
        self._too_deep: list[Path] = []
        self._update = b""

    def on_commit(self, event: Any) -> None:
        self._update = event.update

    def on_events(self, events: list[Any]) -> None:
        if not self.listening:
            return  # our own writing; asking events for keys and paths costs 10 µs
        if self._dirty is None:
            self._dirty = DirtyPlace()
        for event in events:
            path = event.path
            if len(path) >= DEEPEST:
                self._too_deep.append(tuple(path))
                path = path[:DEEPEST]
            place = self._dirty.at(path)
            keys = event.keys if isinstance(event, native.MapEvent) else ()  # type: ignore[attr-defined]  # not in its stub
            if keys:
                place.keys.update(keys)
            else:  # a map can hold items as a list does, which are no part of any value
                place.items = True
                if isinstance(event, native.TextEvent | native.ArrayEvent):
                    place.deltas.append(event.delta)  # type: ignore[union-attr]  # not in its stub

    def take_update(self) -> bytes:
        """The last transaction's own update, empty where it did nothing."""
        update, self._update = self._update, b""
        return update

    def take_too_deep(self) -> list[Path]:
        paths, self._too_deep = self._too_deep, []
        return paths

    def take_dirty(self) -> DirtyPlace | None:
        dirty, self._dirty = self._dirty, None
        return dirty

    @property
    def dirty(self) -> DirtyPlace | None:
        return self._dirty
