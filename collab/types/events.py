"""Collects the events of a transaction: its update, and which places of the tree it changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pycrdt import _pycrdt as native

from collab.types.layout import ARRAY, DEEPEST, Step
from collab.types.records import Path

# The parts of a Yjs event, in their order in the text or list. Each part is a `retain`, a `delete`
# or an `insert`. In a text, `retain` and `delete` count UTF-8 bytes.
Delta: TypeAlias = list[dict[str, Any]]


@dataclass(slots=True)
class DirtyPlace:
    """A changed place: `keys` are its changed keys, `below` its children with changes.

    `items` is true when the items of a list or the content of a text changed. `deltas` holds the
    details of these changes, one delta for each transaction. A delta is the list of insertions and
    deletions that a Yjs event reports. The deltas of a text are cleared when the text is read.

    `delta` is set when only the last transaction has changed the items of a Y.Array. The handles in
    it are valid until the next transaction.
    """

    keys: set[str] = field(default_factory=set)
    below: dict[Step, DirtyPlace] = field(default_factory=dict)
    items: bool = False
    deltas: list[Delta] = field(default_factory=list)
    delta: Delta | None = None

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
        """Whether the array marker was set or removed. Then the whole place is read again."""
        return ARRAY in self.keys


class Observer:
    """Observes a Yjs document and keeps its events until the tree takes them.

    Invariant: it has no reference to the tree or the document. pycrdt keeps observers alive, so a
    reference to the document would keep the document alive too. Without such a reference, a tree
    that is dropped without `close` is freed.
    """

    __slots__ = (
        "_arrays",
        "_deletes",
        "_earlier_arrays",
        "_too_deep",
        "_update",
        "dirty",
        "listening",
        "may_be_deep",
        "with_deletes",
    )

    def __init__(self) -> None:
        self.listening = True
        # Whether to keep the last bytes of the update, which hold its deletions.
        self.with_deletes = False
        self.dirty: DirtyPlace | None = None
        # Whether a change may have made values nest deeper. Edits of texts alone do not.
        self.may_be_deep = False
        self._too_deep: list[Path] = []
        self._update = self._deletes = b""
        # The changed Y.Arrays of this transaction and of the last one.
        self._arrays: list[DirtyPlace] = []
        self._earlier_arrays: list[DirtyPlace] = []

    def on_commit(self, event: Any) -> None:
        """Keep the update of a transaction. yrs calls this after `on_events`."""
        for place in self._earlier_arrays:
            place.delta = None
        self._earlier_arrays, self._arrays = self._arrays, []
        self._update = event.update
        if self.with_deletes:
            self._deletes = event.delete_set

    def on_events(self, events: list[Any]) -> None:
        if not self.listening:
            return  # the server's own write needs no events, and reading an event costs 10 µs
        if self.dirty is None:
            self.dirty = DirtyPlace()
        for event in events:
            path = event.path
            if len(path) >= DEEPEST:
                self._too_deep.append(tuple(path))
                path = path[:DEEPEST]
            if not isinstance(event, native.TextEvent) or len(path) == DEEPEST:
                self.may_be_deep = True
            place = self.dirty.at(path)
            keys = event.keys if isinstance(event, native.MapEvent) else ()  # type: ignore[attr-defined]  # not in its stub
            if keys:
                place.keys.update(keys)
            elif isinstance(event, native.ArrayEvent):
                self._note_array(place, event)
            else:  # a Y.Map can also hold items like a list; they are not part of any JSON value
                place.items = True
                if isinstance(event, native.TextEvent):
                    place.deltas.append(event.delta)  # type: ignore[attr-defined]  # not in its stub

    def _note_array(self, place: DirtyPlace, event: native.ArrayEvent) -> None:
        delta: Delta = event.delta  # type: ignore[attr-defined]  # not in its stub
        # An earlier transaction may have changed the items, or named items by earlier indexes.
        place.delta = None if place.items or place.below else delta
        place.items = True
        place.deltas.append(delta)
        self._arrays.append(place)

    def add(self, path: Path, keys: Iterable[str]) -> None:
        """Note that keys of a map have changed."""
        if self.dirty is None:
            self.dirty = DirtyPlace()
        self.dirty.at(path).keys.update(keys)
        self.may_be_deep = True

    def take_update(self) -> bytes:
        """Return the last transaction's own update and clear it. Empty when nothing changed."""
        update, self._update = self._update, b""
        return update

    def take_deletes(self) -> bytes:
        """Return the last transaction's deletions and clear them. Empty when they were not kept."""
        deletes, self._deletes = self._deletes, b""
        return deletes

    def take_too_deep(self) -> list[Path]:
        paths, self._too_deep = self._too_deep, []
        return paths

    def take_dirty(self) -> DirtyPlace | None:
        dirty, self.dirty, self.may_be_deep = self.dirty, None, False
        return dirty
