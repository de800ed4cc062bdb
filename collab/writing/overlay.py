"""Overlays for a dry run: they read the real Yjs types and keep every write to themselves.

A Yjs transaction cannot be rolled back, and an undo must not break a lock or the schema. So an undo
is first applied to overlays, and its ops are checked. The time of a dry run depends on the places
that the undo reads and changes, not on the size of the document.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from pycrdt import _pycrdt as native

from collab.identity.characters import id_at
from collab.identity.draft import Edit, TextDraft, encode
from collab.identity.identity_index import IdentityIndex
from collab.identity.items import spots
from collab.types.handles import ArrayStandIn, MapStandIn, StandIn, TextStandIn, is_text, raw_of
from collab.types.layout import Node
from collab.types.records import Label
from collab.yjs.spans import Id, Run

_ABSENT = object()
_UNREAD = object()


class TextOverlay(TextStandIn):
    """Overlays a Y.Text, or stands for a new one. Offsets count UTF-8 bytes, as in pycrdt."""

    def __init__(self, txn: Any, handle: Any, identity: IdentityIndex) -> None:
        self._txn = txn
        self._identity = identity
        self.draft = TextDraft(txn, handle, identity)
        self._polled = self.draft.text
        self._planned = self.draft.edits()

    def poll_edited(self) -> bool:
        """Whether the planned edits have changed since the last call.

        The edits may replace characters by the same characters of another author. Then the edits
        change, but the text stays the same.
        """
        planned, self._planned = self._planned, self.draft.edits()
        return planned != self._planned

    def poll_text(self) -> bool:
        """Whether the text has changed since the last call."""
        before, self._polled = self._polled, self.draft.text
        return before != self._polled

    def set_identity(self, own: Id, labels: tuple[Label, ...]) -> None:
        """Give this text the first id `own`, and its characters the first ids of the labels.

        The reason: an undo has put the text with this id back.
        """
        text = self.draft.text
        self.draft = TextDraft(self._txn, None, self._identity, text=text, own=own, labels=labels)
        self._planned = self.draft.edits()

    def raw(self) -> Any:
        return self.draft.text

    def edit(self, edits: Sequence[Edit]) -> None:
        self.draft.replace(edits)
        self._polled, self._planned = self.draft.text, self.draft.edits()

    def len(self, txn: Any) -> int:
        return len(self.draft.text.encode())

    def get_string(self, txn: Any) -> str:
        return self.draft.text

    def insert(self, txn: Any, index: int, chunk: str, attrs: None = None) -> None:
        at = len(encode(self.draft.text.encode()[:index].decode())) // 2
        self.edit([Edit(at, at, chunk)])


class _Container(StandIn):
    """The common part of the container overlays.

    `owned` are the overlay's own copies of nodes, by Python's `id()` of the copy.
    """

    def __init__(self, txn: Any, identity: IdentityIndex) -> None:
        self._txn = txn
        self._identity = identity
        self.owned: dict[int, Node] = {}

    def _cast(self, held: Any) -> Any:
        """Return the overlay of a Yjs type. Return any other value as it is."""
        if isinstance(held, native.Map):
            return MapOverlay(self._txn, held, self._identity)
        if isinstance(held, native.Array):
            return ArrayOverlay(self._txn, held, self._identity)
        if is_text(held) and held.len(self._txn) == len(held.get_string(self._txn).encode()):
            return TextOverlay(self._txn, held, self._identity)
        return held  # also a text with embedded objects: it is only replaced as a whole

    def to_json(self, txn: Any) -> str:
        return json.dumps(self.raw())


class MapOverlay(_Container, MapStandIn):
    """Overlays a Y.Map. Without a handle it is a new map."""

    def __init__(self, txn: Any, handle: Any, identity: IdentityIndex) -> None:
        super().__init__(txn, identity)
        self._handle = handle
        self._over: dict[str, Any] = {}

    def has(self, txn: Any, key: str) -> bool:
        if key in self._over:
            return self._over[key] is not _ABSENT
        return self._handle is not None and self._handle.has(txn, key)

    def get(self, txn: Any, key: str) -> Any:
        if key not in self._over:
            held = self._handle.get(txn, key)
            cast = self._cast(held)
            if cast is held:
                return held
            self._over[key] = cast
        return self._over[key]

    def keys(self, txn: Any) -> list[str]:
        below = [] if self._handle is None else self._handle.keys(txn)
        return [key for key in {**dict.fromkeys(below), **self._over} if self.has(txn, key)]

    def len(self, txn: Any) -> int:
        return len(self.keys(txn))

    def insert(self, txn: Any, key: str, value: Any) -> None:
        self._over[key] = value

    def insert_map_prelim(self, txn: Any, key: str) -> MapOverlay:
        made = self._over[key] = MapOverlay(self._txn, None, self._identity)
        return made

    def insert_array_prelim(self, txn: Any, key: str) -> ArrayOverlay:
        made = self._over[key] = ArrayOverlay(self._txn, None, self._identity)
        return made

    def insert_text_prelim(self, txn: Any, key: str) -> TextOverlay:
        made = self._over[key] = TextOverlay(self._txn, None, self._identity)
        return made

    def remove(self, txn: Any, key: str) -> None:
        self._over[key] = _ABSENT

    def raw(self) -> Any:
        raw = {} if self._handle is None else raw_of(self._txn, self._handle)
        for key, value in self._over.items():
            if value is _ABSENT:
                raw.pop(key, None)
            else:
                raw[key] = raw_of(self._txn, value)
        return raw


class ArrayOverlay(_Container, ArrayStandIn):
    """Overlays a Y.Array. Without a handle it is a new array. It reads an item when it needs it."""

    def __init__(self, txn: Any, handle: Any, identity: IdentityIndex) -> None:
        super().__init__(txn, identity)
        self.handle = handle
        count = 0 if handle is None else handle.len(txn)
        self._items: list[Any] = [_UNREAD] * count
        # Twice the index of each item in the real array. A new item has the odd number that follows
        # the item before it. So the numbers ascend, and an item is found in few steps.
        self._origins = list(range(0, 2 * count, 2))
        self._firsts: list[Id | None] = [None] * count  # first ids of items that undo put back

    def where(self, runs: Iterable[Run]) -> list[int]:
        """Return the indexes of the items whose first ids are in the runs."""
        if self.handle is None:
            return []
        real = (at for run in runs for at in spots(self._txn, self.handle, self._identity, run))
        found = ((bisect_left(self._origins, 2 * at), 2 * at) for at in real)
        return [at for at, origin in found if self._origins[at : at + 1] == [origin]]

    def first(self, index: int) -> Id:
        origin = self._origin(index)
        if origin is not None:
            return self._identity.first_id(id_at(self._txn, self.handle, origin))
        return self._firsts[index] or (0, 0)

    def _origin(self, index: int) -> int | None:
        """Return the index of an item in the real array. None for a new item."""
        origin = self._origins[index]
        return None if origin & 1 else origin // 2

    def set_identity(self, at: int, firsts: Sequence[Id]) -> None:
        self._firsts[at : at + len(firsts)] = firsts

    def len(self, txn: Any) -> int:
        return len(self._items)

    def get(self, txn: Any, index: int) -> Any:
        if self._items[index] is _UNREAD:
            self._items[index] = self._cast(self.handle.get(txn, self._origin(index)))
        return self._items[index]

    def insert(self, txn: Any, index: int, value: Any) -> None:
        self._put(index, value)

    def insert_map_prelim(self, txn: Any, index: int) -> MapOverlay:
        made = MapOverlay(self._txn, None, self._identity)
        self._put(index, made)
        return made

    def insert_array_prelim(self, txn: Any, index: int) -> ArrayOverlay:
        made = ArrayOverlay(self._txn, None, self._identity)
        self._put(index, made)
        return made

    def insert_text_prelim(self, txn: Any, index: int) -> TextOverlay:
        made = TextOverlay(self._txn, None, self._identity)
        self._put(index, made)
        return made

    def remove_range(self, txn: Any, index: int, length: int) -> None:
        for own in (self._items, self._origins, self._firsts):
            del own[index : index + length]

    def _put(self, index: int, item: Any) -> None:
        before = self._origins[index - 1] if index else -1
        self._items.insert(index, item)
        self._origins.insert(index, before | 1)
        self._firsts.insert(index, None)

    def raw(self) -> Any:
        real = [] if self.handle is None else raw_of(self._txn, self.handle)
        each = zip(self._items, self._origins, strict=True)
        return [
            real[origin // 2] if item is _UNREAD else raw_of(self._txn, item)
            for item, origin in each
        ]
