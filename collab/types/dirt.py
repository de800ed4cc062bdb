"""Which places of the tree events have named, as a tree of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from collab.types.layout import ARRAY, Step


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
