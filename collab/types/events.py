"""What events said of a transaction: its update, and the places of the tree that it changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pycrdt import _pycrdt as native

from collab.types.layout import ARRAY, DEEPEST, Step
from collab.types.records import Path


@dataclass(slots=True)
class Dirt:
    """What events said of a place: the keys that changed in it, and what changed deeper down.

    `items` says that the items of a sequence, or the content of a text, changed; `deltas` how, for
    each transaction.
    """

    keys: set[str] = field(default_factory=set)
    below: dict[Step, Dirt] = field(default_factory=dict)
    items: bool = False
    deltas: list[list[dict[str, Any]]] = field(default_factory=list)

    def at(self, path: Iterable[Step]) -> Dirt:
        place = self
        for step in path:
            deeper = place.below.get(step)
            if deeper is None:
                deeper = place.below[step] = Dirt()
            place = deeper
        return place

    @property
    def is_new_kind(self) -> bool:
        """The array marker came or went: nothing of the old reading holds."""
        return ARRAY in self.keys


class Ear:
    """Holds what events said since it was last asked.

    Invariant: it knows neither the tree nor the document. pycrdt keeps what observes a document
    alive, so an observer that held it would keep it for ever; a tree that is dropped without
    being closed goes all the same.
    """

    __slots__ = ("_dirt", "_too_deep", "_update", "listening")

    def __init__(self) -> None:
        self.listening = True
        self._dirt: Dirt | None = None
        self._too_deep: list[Path] = []
        self._update = b""

    def on_commit(self, event: Any) -> None:
        self._update = event.update

    def on_events(self, events: list[Any]) -> None:
        if not self.listening:
            return  # our own writing; asking events for keys and paths costs 10 µs
        if self._dirt is None:
            self._dirt = Dirt()
        for event in events:
            path = event.path
            if len(path) >= DEEPEST:
                self._too_deep.append(tuple(path))
                path = path[:DEEPEST]
            place = self._dirt.at(path)
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

    def take_dirt(self) -> Dirt | None:
        dirt, self._dirt = self._dirt, None
        return dirt

    @property
    def dirt(self) -> Dirt | None:
        return self._dirt
