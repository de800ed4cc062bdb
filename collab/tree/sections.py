"""Section rights on the Yjs lane: finds changes outside of the sections, and rolls them back.

A section is a part of the document that a token lets its user change. Its location in a value is
an *area* (`collab/rights/sections.py`).

The server cannot refuse an update that the client has already applied. So the server first applies
the update to a copy. When the update changed anything outside the sections, the server rolls all of
it back. It then writes the new values of the areas again (`collab/document/compensation.py`).

It is not enough to compare the JSON before and after. The JSON does not show order keys, hidden
elements, formats and other root types. Instead, the server asks yrs: yrs names every place that a
transaction changed. And its undo brings back exactly the content that the transaction deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pycrdt import _pycrdt as native

from collab.ids import Json
from collab.patch.bounds import nesting
from collab.patch.pointer import Tokens, exists, lookup
from collab.patch.values import MAX_DEPTH
from collab.rights.sections import Area, has_id, is_id
from collab.structs.struct_index import StructIndex
from collab.tree.summary import Deletes
from collab.types.depth import apply_update
from collab.types.events import DirtyPlace, Observer
from collab.types.handles import Txn, get_or_none, is_array, is_map, raw_of
from collab.types.layout import (
    ARRAY,
    DELETED,
    ORDER,
    VALUE,
    ArrayNode,
    Node,
    Step,
    is_hidden,
    order_of,
    read_element,
    sortable,
)
from collab.types.loader import CONTENT, Loader
from collab.types.place import node_under, pointer_tokens, step_of
from collab.types.records import Path
from collab.yjs.causality import Fresh
from collab.yjs.lists import is_item, list_id
from collab.yjs.state_pieces import AT_ONCE, state_pieces

_PLACING = frozenset((ORDER, DELETED))


class Limits(NamedTuple):
    """Which areas an update may change, and two facts from its structs that events lack.

    `roots` are the root types that the update names. `has_items` means that the update adds or
    removes items of an existing type. In yrs a Y.Map can have items too. When keys of this map
    change in the same update, the map's event does not mention the items.
    """

    areas: Sequence[Area]
    roots: frozenset[str]
    has_items: bool

    @classmethod
    def of(
        cls, areas: Sequence[Area], fresh: Fresh, deletes: Deletes, index: StructIndex
    ) -> Limits:
        """Return the limits of an update whose new structs are not in `index` yet."""
        layer, has_items = StructIndex(index), False
        parents = {struct.parent for _, struct in fresh}
        new = {list_id(at) for at in parents if isinstance(at, tuple) and not index.knows(at)}
        for client, struct in fresh:
            place = layer.place_of(struct)
            has_items = has_items or (is_item(place, CONTENT) and place.list not in new)
            layer.append(client, struct)
        for client, ranges in deletes.items():
            places = (at for start, end in ranges for at in index.alive(client, start, end))
            has_items = has_items or any(is_item(place, CONTENT) for place in places)
        return cls(areas, frozenset(name for name in parents if isinstance(name, str)), has_items)


class PlacedArea(NamedTuple):
    """The location of an area in the Yjs types.

    `path` has the keys of the Yjs types, and `steps` has the keys of the nodes. They differ for an
    element that is not an object: in the types its value is one key deeper. When the area is an
    element of a keyed array, `order` is its order key.
    """

    area: Area
    path: Path
    steps: Path
    order: str | None


class PlacedAreas:
    """The areas of a document, located before a change."""

    def __init__(self, txn: Txn, content: Any, root: Node, limits: Limits) -> None:
        found = (_place_area(txn, content, root, area) for area in limits.areas)
        self._has_items = limits.has_items
        self._areas = {placed.path: placed for placed in found if placed is not None}

    def contain(self, txn: Txn, content: Any, dirty: DirtyPlace) -> bool:
        """Whether all changes are inside the areas, and the areas are still in their places."""
        return self._contains(txn, content, dirty, ())

    def hold(self, path: Path, keys: Sequence[str]) -> bool:
        """Whether these entries of the map at `path` are inside an area, and do not place it."""
        if any(path[:end] in self._areas for end in range(len(path))):
            return True
        return path in self._areas and not {"id", *_PLACING} & set(keys)

    def values(self, root: Node, value: Json) -> dict[Tokens, Json]:
        """Return each area's value after a change, by the area's location before the change."""
        found: dict[Tokens, Json] = {}
        for placed in sorted(self._areas.values(), key=lambda placed: len(placed.steps)):
            place, tokens = placed.area.tokens, pointer_tokens(root, placed.steps)
            is_there = len(tokens) == len(placed.steps) and exists(value, tokens)
            if not is_there or any(place[:depth] in found for depth in range(len(place))):
                continue
            held = lookup(value, tokens)
            if len(place) + nesting(held)[0] > MAX_DEPTH:
                continue  # other kinds of types may nest deeper than the layout allows
            if placed.area.id is None or has_id(held, placed.area.id):
                found[place] = held
        return found

    def _contains(self, txn: Txn, held: Any, dirty: DirtyPlace, path: Path) -> bool:
        """Like `contain`, for the part at a path. `held` is its value after the change."""
        placed = self._areas.get(path)
        if placed is not None and self._keeps_place(txn, held, dirty, placed):
            return True
        if dirty.items or any(not self._contains_key(txn, held, path, key) for key in dirty.keys):
            return False
        return all(
            self._contains(txn, _under(txn, held, step), deeper, (*path, step))
            for step, deeper in dirty.below.items()
        )

    def _keeps_place(self, txn: Txn, held: Any, dirty: DirtyPlace, placed: PlacedArea) -> bool:
        """Whether a change inside an area left the element in its place, with the same `id`."""
        if placed.order is not None and dirty.keys & _PLACING:
            return False
        if placed.area.id is None or _reads_id(txn, held, placed.area.id):
            return True
        return self._may_rename(placed) and is_map(held) and held.has(txn, "id")

    def _may_rename(self, placed: PlacedArea) -> bool:
        """Whether the `id` of an element is itself one of the areas."""
        return (*placed.path, "id") in self._areas

    def _contains_key(self, txn: Txn, holder: Any, path: Path, key: str) -> bool:
        """Whether a changed key of a map still holds an area, in the same place."""
        placed = self._areas.get((*path, key))
        if placed is None or self._has_items or not is_map(holder) or not holder.has(txn, key):
            return False
        held = get_or_none(txn, holder, key)
        if placed.order is not None and _order(txn, held) != placed.order:
            return False
        return placed.area.id is None or _reads_id(txn, held, placed.area.id)


class TrialCopy:
    """A copy of a Yjs document, to try a limited update and to compute its rollback.

    In the copy yrs collects no garbage, because its undo reads deleted content. If yrs had
    collected this content, the undo would read freed memory, and the process would crash.
    """

    def __init__(
        self, client_id: int, state: bytes, areas: PlacedAreas, roots: Iterable[str]
    ) -> None:
        self._areas = areas
        loader = Loader(client_id, keeps_deleted=True)
        loader.apply(state_pieces(state) if len(state) > AT_ONCE else [state])
        self._owned = loader.owned
        self._doc, self._content = doc, content = loader.doc, loader.content
        self._inside = native.UndoManager(0, _no_time, [], [])
        _watch(self._inside, "map", doc, content)
        self._beside = native.UndoManager(0, _no_time, [], [])
        txn = doc.create_transaction()
        try:
            others = _others(doc, txn, roots)
        finally:
            txn.commit()
            txn.drop()
        for handle in others:
            _watch(self._beside, "xmlfragment", doc, handle)
        self._observer = Observer()
        self._subscriptions = [
            content.observe_deep(self._observer.on_events),
            doc.observe(self._observer.on_commit),
        ]

    def stays_within(
        self, slices: Iterable[bytes], deleted: Iterable[tuple[Path, Iterable[str]]] = ()
    ) -> bool:
        """Apply an update. Return whether all of its changes are within the limits.

        `deleted` are entries that the update deletes and that this copy does not have any more.
        """
        apply_update(self._doc, self._content, self._observer, slices)
        for path, keys in deleted:
            self._observer.add(path, keys)
        dirty = self._observer.take_dirty()
        if dirty is None or self._beside.can_undo():
            return not (self._inside.can_undo() or self._beside.can_undo())
        txn = self._doc.create_transaction()
        try:
            return self._areas.contain(txn, self._content, dirty)
        finally:
            txn.drop()

    def kept(self, root: Node, value: Json) -> dict[Tokens, Json]:
        """Return the areas' values after the change. `root` is the node of `value`."""
        return self._areas.values(root, value)

    def roll_back(self) -> Iterable[bytes]:
        """Roll back the applied update. Yield the updates that do it."""
        for manager in (self._beside, self._inside):
            while manager.can_undo():
                manager.undo()
                if update := self._observer.take_update():
                    yield update

    def close(self) -> None:
        """Drop the callbacks."""
        for subscription in self._subscriptions:
            subscription.drop()
        self._subscriptions.clear()


def _watch(manager: native.UndoManager, kind: str, doc: Any, handle: Any) -> None:
    getattr(manager, f"expand_scope_{kind}")(doc, handle)  # pycrdt's stub has a different name


def _no_time() -> int:
    return 0


def _others(doc: Any, txn: Txn, roots: Iterable[str]) -> list[Any]:
    """Return the root types other than `content`: the existing ones, and those of the update.

    An update does not contain the kind of a root type. A rollback works with any kind.
    """
    names = sorted({*doc.roots(txn), *roots} - {CONTENT})
    return [doc.get_or_insert_xml_fragment(txn, name) for name in names]


def _place_area(txn: Txn, content: Any, root: Node, area: Area) -> PlacedArea | None:
    """Return an area's location, or None when the area is inside a plain value.

    A Yjs client can only replace a plain value as a whole.
    """
    node: Node | None = root
    held, order = content, None
    path: list[Step] = []
    steps: list[Step] = []
    for token in area.tokens:
        if node is None:
            return None
        if order is not None and is_map(held) and held.has(txn, VALUE):
            path.append(VALUE)
            held = _under(txn, held, VALUE)
        step = step_of(node, token)
        order = node.orders[str(step)] if type(node) is ArrayNode else None
        path.append(step)
        steps.append(step)
        held, node = _under(txn, held, step), node_under(node, step)
    return PlacedArea(area, tuple(path), tuple(steps), order)


def _under(txn: Txn, held: Any, step: Step) -> Any:
    """Return the value under a step of a type. None for no value, or for a step of another kind."""
    if is_map(held) and isinstance(step, str):
        return get_or_none(txn, held, step)
    if is_array(held) and isinstance(step, int) and step < held.len(txn):
        return held.get(txn, step)
    return None


def _order(txn: Txn, held: Any) -> str | None:
    """Return the order key of a keyed array's element, or None when the element is hidden."""
    if is_map(held):
        return (
            None
            if get_or_none(txn, held, DELETED) is True
            else sortable(get_or_none(txn, held, ORDER))
        )
    return None if is_hidden(held) else order_of(held)


def _reads_id(txn: Txn, held: Any, wanted: str) -> bool:
    """Whether an element reads as an object with this `id`."""
    if is_map(held) and held.has(txn, VALUE):
        held = get_or_none(txn, held, VALUE)
    if is_map(held):
        return get_or_none(txn, held, ARRAY) is not True and is_id(
            raw_of(txn, get_or_none(txn, held, "id")), wanted
        )
    return has_id(read_element(raw_of(txn, held))[0], wanted)
