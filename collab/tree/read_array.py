"""Reads a keyed array after an update: its elements, their order, and their contents."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator
from typing import Any, NamedTuple, TypeAlias

from collab.ids import Json
from collab.tree.difference import Difference
from collab.types.events import DirtyPlace
from collab.types.handles import get_or_none, is_map, is_text, matches_node, raw_of
from collab.types.layout import (
    ARRAY,
    DELETED,
    ORDER,
    RESERVED,
    VALUE,
    ArrayNode,
    Node,
    element_layout,
    read_array,
    read_element,
    sortable,
    write_layout,
)
from collab.types.records import (
    Absent,
    Exactly,
    MovedRecord,
    Path,
    SameDigest,
    SetRecord,
    ShownRecord,
    fingerprint,
)

_MOST_WORK = 2_000_000  # elements that move, times all elements of the array: 50 ms
_STRUCTURE = frozenset((DELETED, ORDER, VALUE, ARRAY))


class Before(NamedTuple):
    """A visible element before the update."""

    value: Json
    node: Node | None
    order: str


# A container in an element that was not replaced, as the arguments of `Reader.refresh`.
Nested: TypeAlias = tuple[Any, Node, Json, DirtyPlace, Path, str]


class ArrayReader:
    """Updates one keyed array, except the containers in its elements.

    The ops that remove, move and add elements come first. So the ops inside the elements can use
    the final indexes.
    """

    def __init__(
        self,
        difference: Difference,
        handle: Any,
        node: ArrayNode,
        old: list[Json],
        dirty: DirtyPlace,
        path: Path,
        pointer: str,
    ) -> None:
        self._difference = difference
        self._txn = difference.txn
        self._handle = handle
        self._node = node
        self._dirty = dirty
        self._path = path
        self._pointer = pointer
        touched = dirty.keys - RESERVED
        for step, deeper in dirty.below.items():
            if isinstance(step, str) and step not in RESERVED and deeper.keys & _STRUCTURE:
                touched.add(step)
        self._touched = sorted(touched)
        self._before: dict[str, Before] = {}
        for key in (*self._touched, *dirty.below):
            if isinstance(key, str) and key in node.orders:
                value = old[node.index(key)]
                self._before[key] = Before(value, node.children.get(key), node.orders[key])

    # --- which elements, in which order -----------------------------------------------------

    def edited_and_hidden(self) -> Iterator[tuple[str, Before]]:
        """Return the elements that the update has edited inside and hidden.

        An undo takes back both. So the edits need records, although no value shows them. Record a
        new order key, too.
        """
        for key in self._touched:
            before, deeper = self._before.get(key), self._dirty.below.get(key)
            if before is None or deeper is None or key in self._dirty.keys:
                continue
            held = get_or_none(self._txn, self._handle, key)
            if not is_map(held) or get_or_none(self._txn, held, DELETED) is not True:
                continue
            order = sortable(get_or_none(self._txn, held, ORDER))
            if order != before.order:
                record = MovedRecord(self._path, key, before.order, order)
                self._difference.records.append(record)
            if deeper.below or deeper.keys - _STRUCTURE or VALUE in deeper.keys:
                yield key, before

    def arrange(self) -> ItemsView[str, Before]:
        """Remove, move and add elements. Return the elements whose contents may have changed."""
        if self._touched:
            self._arrange()
        return self._before.items()

    def _arrange(self) -> None:
        now = {key: self._standing(key) for key in self._touched}
        gone = [key for key in self._touched if key in self._before and now[key] is None]
        for key in sorted(gone, key=self._node.index, reverse=True):
            index = self._node.index(key)
            self._difference.ops.append({"op": "remove", "path": f"{self._pointer}/{index}"})
            self._note_gone(key)
            self._node.hide(key)
        standing = {key: order for key, order in now.items() if order is not None}
        touched = {
            key: order
            for key, order in standing.items()
            if key not in self._before or order != self._before[key].order
        }
        for key in standing.keys() - touched.keys() - self._dirty.keys:
            if ORDER in self._dirty.below[key].keys:  # the update set an equal order key
                order = standing[key]
                self._difference.records.append(MovedRecord(self._path, key, order, order))
        if len(touched) == 1:
            self._place_one(*touched.popitem())
        elif len(touched) * len(self._node.order) > _MOST_WORK:
            self._replace_array(touched)
        elif touched:
            self._place(touched)

    def _place_one(self, key: str, order: str) -> None:
        """Place one element. This is the common case, and its cost does not grow with the array."""
        node = self._node
        if key not in self._before:
            self._add(key, f"{self._pointer}/{node.show(key, order)}")
            return
        source = node.index(key)
        self._reorder(key, order)
        self._move(source, node.index(key))

    def _move(self, source: int, target: int) -> None:
        if source != target:
            paths = f"{self._pointer}/{source}", f"{self._pointer}/{target}"
            self._difference.ops.append({"op": "move", "from": paths[0], "path": paths[1]})

    def _place(self, touched: dict[str, str]) -> None:
        """Put each touched element right after its predecessor, first to last."""
        node, keys = self._node, [key for _, key in self._node.order]
        for key, order in touched.items():
            if key in self._before:
                self._reorder(key, order)
            else:
                node.show(key, order)
        for index in sorted(node.index(key) for key in touched):
            key = node.order[index][1]
            source = keys.index(key) if key in self._before else None
            if source is not None:
                del keys[source]
            target = keys.index(node.order[index - 1][1]) + 1 if index else 0
            keys.insert(target, key)
            if source is None:
                self._add(key, f"{self._pointer}/{target}")
            else:
                self._move(source, target)

    def _replace_array(self, touched: dict[str, str]) -> None:
        """Replace the whole array, since moving many elements one by one takes quadratic time."""
        for key, order in sorted(touched.items()):
            if key in self._before:
                before = self._before[key].order
                self._difference.records.append(MovedRecord(self._path, key, before, order))
            else:
                self._difference.records.append(self._came(key))
        value, fresh = read_array(raw_of(self._txn, self._handle))
        node = self._node
        node.children, node.order, node.orders = fresh.children, fresh.order, fresh.orders
        # Earlier ops may have removed elements already. The new value has no such elements either.
        self._difference.ops.append({"op": "replace", "path": self._pointer, "value": value})
        self._before.clear()

    def _reorder(self, key: str, order: str) -> None:
        before = self._before[key]
        self._difference.records.append(MovedRecord(self._path, key, before.order, order))
        self._node.hide(key)
        self._node.show(key, order)
        if before.node is not None:
            self._node.children[key] = before.node

    def _add(self, key: str, path: str) -> None:
        value, inner = read_element(raw_of(self._txn, get_or_none(self._txn, self._handle, key)))
        if inner is not None:
            self._node.children[key] = inner
        self._difference.ops.append({"op": "add", "path": path, "value": value})
        self._difference.records.append(self._came(key))

    def _came(self, key: str) -> ShownRecord:
        """Return the record of an element that was added or shown again."""
        return ShownRecord(self._path, key, True, born=key in self._dirty.keys)

    def _standing(self, key: str) -> str | None:
        """Return an element's order key, or None when it is hidden or deleted."""
        held = get_or_none(self._txn, self._handle, key)
        if held is None and not self._handle.has(self._txn, key):
            return None
        if is_map(held):
            if get_or_none(self._txn, held, DELETED) is True:
                return None
            return sortable(get_or_none(self._txn, held, ORDER))
        if isinstance(held, dict):
            return None if held.get(DELETED) is True else sortable(held.get(ORDER))
        return sortable(None)

    def _note_gone(self, key: str) -> None:
        """Record that an element is gone. Undo shows a hidden element, or writes a deleted one."""
        if key not in self._dirty.keys and is_map(get_or_none(self._txn, self._handle, key)):
            self._difference.records.append(ShownRecord(self._path, key, False))
        else:
            raw = Exactly(element_layout(*self._before[key]))
            self._difference.records.append(self._set(self._path, key, raw, Absent()))

    def _set(
        self, path: Path, key: str, before: Exactly, after: Absent | Exactly | SameDigest
    ) -> SetRecord:
        place = path if key == VALUE else (*path, key)
        return SetRecord(path, key, before, after, self._difference.removed(place))

    # --- the contents of elements -----------------------------------------------------------

    def refresh(self, key: str, before: Before) -> Nested | None:
        """Read the contents of an element again. Return its container if that needs a refresh."""
        if key not in self._node.orders:
            return None
        held = get_or_none(self._txn, self._handle, key)
        deeper = self._dirty.below.get(key, DirtyPlace())
        at = f"{self._pointer}/{self._node.index(key)}"
        wrapped = is_map(held) and held.has(self._txn, VALUE)
        content = get_or_none(self._txn, held, VALUE) if wrapped else held
        is_read_again = replaced = key in self._dirty.keys or bool(deeper.keys & {VALUE, ARRAY})
        if wrapped:
            is_read_again = is_read_again or bool(deeper.keys & _STRUCTURE)
            deeper = deeper.below.get(VALUE, DirtyPlace())
            is_read_again = is_read_again or deeper.is_new_kind
        if not is_read_again and before.node is not None and matches_node(before.node, content):
            path = (*self._path, key)
            return content, before.node, before.value, deeper, path, at
        value, fresh = read_element(raw_of(self._txn, held))
        self._node.children.pop(key, None)
        if fresh is not None:
            self._node.children[key] = fresh
        changed = self._difference.change(before.value, value, at)
        if wrapped and not replaced and is_text(content) and type(before.value) is str:
            path = (*self._path, key)
            self._difference.note_text(path, content, before.value, value, deeper)
        elif changed or replaced:  # a replacement is recorded, even by an equal value
            self._note_content(key, before, value, wrapped)
        return None

    def _note_content(self, key: str, before: Before, value: Json, wrapped: bool) -> None:
        old, records = before.value, self._difference.records
        if wrapped and key not in self._dirty.keys and not isinstance(old, dict):
            raw = Exactly(write_layout(old, before.node))
            records.append(self._set((*self._path, key), VALUE, raw, fingerprint(value)))
        else:
            raw = Exactly(element_layout(*before))
            records.append(self._set(self._path, key, raw, fingerprint(value)))
