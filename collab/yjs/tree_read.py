"""A Yjs update as exact patch ops: the places that events name are read again and compared.

Events come with final-state paths, and none for types that were born or died in the same
transaction; what is read here has its final content already. So the places are collected in a
tree, walked from the root down, and the ops of a container come before those inside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from collab.entry import Op
from collab.ids import Json
from collab.patch.diff import diff
from collab.patch.equality import same
from collab.patch.pointer import render
from collab.yjs.tree_handles import Txn, is_array, is_map, is_text, look, raw_of
from collab.yjs.tree_layout import (
    ARRAY,
    DELETED,
    ORDER,
    RESERVED,
    UNSEEN,
    VALUE,
    ArrayNode,
    ListNode,
    Node,
    ObjectNode,
    Step,
    element_layout,
    read,
    read_element,
    sortable,
    unescape,
    write_layout,
)
from collab.yjs.tree_records import (
    Absent,
    Exactly,
    ListRecord,
    MovedRecord,
    Path,
    Record,
    SetRecord,
    ShownRecord,
    TextRecord,
    known,
)
from collab.yjs.tree_text import hunks_between

_STRUCTURE = frozenset((DELETED, ORDER, VALUE, ARRAY))


@dataclass(slots=True)
class Dirt:
    """What events said of a place: the keys that changed in it, and what changed deeper down.

    `items` says that the items of a sequence, or the content of a text, changed.
    """

    keys: set[str] = field(default_factory=set)
    below: dict[Step, Dirt] = field(default_factory=dict)
    items: bool = False

    def at(self, path: list[Step]) -> Dirt:
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


class Reader:
    """Brings nodes up to date with the Yjs types and tells the difference.

    Invariant: `ops`, applied to the value as it was, give the value as it is, and `records`,
    taken back in reverse order, undo them.
    """

    def __init__(self, txn: Txn) -> None:
        self._txn = txn
        self.ops: list[Op] = []
        self.records: list[Record] = []

    def refresh(
        self, handle: Any, node: Node, old: Json, dirt: Dirt, path: Path, pointer: str
    ) -> None:
        match node:
            case ObjectNode():
                assert isinstance(old, dict)
                self._object(handle, node, old, dirt, path, pointer)
            case ArrayNode():
                assert isinstance(old, list)
                self._array(handle, node, old, dirt, path, pointer)
            case ListNode():
                assert isinstance(old, list)
                self._list(handle, node, old, dirt, path, pointer)

    # --- objects ----------------------------------------------------------------------------

    def _object(
        self,
        handle: Any,
        node: ObjectNode,
        old: dict[str, Json],
        dirt: Dirt,
        path: Path,
        pointer: str,
    ) -> None:
        for key in sorted(dirt.keys):
            if key not in UNSEEN:
                self._member(handle, node, old, key, path, pointer)
        for step, deeper in dirt.below.items():
            if step in dirt.keys or step in UNSEEN or not isinstance(step, str):
                continue
            inner, held = node.children.get(step), look(self._txn, handle, step)
            if inner is None or deeper.is_new_kind or not fits(inner, held):
                self._member(handle, node, old, step, path, pointer)
            else:
                name = unescape(step)
                self.refresh(held, inner, old[name], deeper, (*path, step), under(pointer, name))

    def _member(
        self,
        handle: Any,
        node: ObjectNode,
        old: dict[str, Json],
        key: str,
        path: Path,
        pointer: str,
    ) -> None:
        """Read one key of an object again."""
        name = unescape(key)
        at = under(pointer, name)
        was = node.children.pop(key, None)
        before = Exactly(write_layout(old[name], was)) if name in old else Absent()
        held = look(self._txn, handle, key)
        if held is None and not handle.has(self._txn, key):
            if name in old:
                self.ops.append({"op": "remove", "path": at})
                self.records.append(SetRecord(path, key, before, Absent()))
            return
        value, inner = read(raw_of(self._txn, held))
        if inner is not None:
            node.children[key] = inner
        if name not in old:
            self.ops.append({"op": "add", "path": at, "value": value})
            self.records.append(SetRecord(path, key, before, known(value)))
        elif self._change(old[name], value, at):
            self._note_set(path, key, before, old[name], value, held)

    def _note_set(
        self, path: Path, key: str, before: Absent | Exactly, old: Json, new: Json, held: Any
    ) -> None:
        if is_text(held) and type(old) is str and type(new) is str:
            place = path if key == VALUE else (*path, key)
            self.records.append(TextRecord(place, hunks_between(old, new)))
        else:
            self.records.append(SetRecord(path, key, before, known(new)))

    def _change(self, old: Json, new: Json, at: str) -> bool:
        """The ops from one value to another at a place that keeps holding one."""
        if same(old, new):
            return False
        if not (isinstance(old, dict | list) and type(old) is type(new)):
            self.ops.append({"op": "replace", "path": at, "value": new})
            return True
        for op in diff(old, new):
            placed = {**op, "path": at + op["path"]}
            if "from" in op:
                placed["from"] = at + op["from"]
            self.ops.append(placed)
        return True

    # --- keyed arrays -----------------------------------------------------------------------

    def _array(
        self, handle: Any, node: ArrayNode, old: list[Json], dirt: Dirt, path: Path, pointer: str
    ) -> None:
        touched = {key for key in dirt.keys if key not in RESERVED}
        for step, deeper in dirt.below.items():
            if isinstance(step, str) and step not in RESERVED and deeper.keys & _STRUCTURE:
                touched.add(step)
        before = {
            key: (old[index], node.children.get(key), order)
            for index, (order, key) in enumerate(node.order)
            if key in touched or key in dirt.below
        }
        if touched:
            self._structure(handle, node, touched, before, path, pointer)
        for key in sorted(k for k in {*touched, *dirt.below} if k in before and k in node.orders):
            self._element(handle, node, str(key), before[str(key)], dirt, path, pointer)

    def _structure(
        self,
        handle: Any,
        node: ArrayNode,
        touched: set[str],
        before: dict[str, tuple[Json, Node | None, str]],
        path: Path,
        pointer: str,
    ) -> None:
        """Which elements are there, and in which order: removals, then moves and additions."""
        now = {key: self._standing(handle, key) for key in touched}
        gone = sorted((k for k in before if k in touched and now[k] is None), key=node.index)
        for key in reversed(gone):
            self.ops.append({"op": "remove", "path": f"{pointer}/{node.index(key)}"})
            self._note_gone(handle, key, before[key], path)
            node.hide(key)
        moved = {k for k in before if now.get(k) is not None and now[k] != before[k][2]}
        added = {k for k in touched if k not in before and now[k] is not None}
        if not moved and not added:
            return
        standing = [key for _, key in node.order]
        for key in moved:
            self.records.append(MovedRecord(path, key, before[key][2], str(now[key])))
            inner = node.children.get(key)
            node.hide(key)
            node.show(key, str(now[key]))
            if inner is not None:
                node.children[key] = inner
        for key in added:
            node.show(key, str(now[key]))
        self._place_all(handle, node, standing, moved | added, moved, path, pointer)

    def _place_all(
        self,
        handle: Any,
        node: ArrayNode,
        standing: list[str],
        touched: set[str],
        moved: set[str],
        path: Path,
        pointer: str,
    ) -> None:
        """Put each touched element right behind the one it follows, first to last."""
        for index in sorted(node.index(key) for key in touched):
            key = node.order[index][1]
            source = standing.index(key) if key in moved else None
            if source is not None:
                del standing[source]
            target = standing.index(node.order[index - 1][1]) + 1 if index else 0
            standing.insert(target, key)
            if source is None:
                self._add_element(handle, node, key, f"{pointer}/{target}")
                self.records.append(ShownRecord(path, key, True))
            elif source != target:
                op = {"op": "move", "from": f"{pointer}/{source}", "path": f"{pointer}/{target}"}
                self.ops.append(op)

    def _add_element(self, handle: Any, node: ArrayNode, key: str, at: str) -> None:
        value, inner = read_element(raw_of(self._txn, look(self._txn, handle, key)))
        if inner is not None:
            node.children[key] = inner
        self.ops.append({"op": "add", "path": at, "value": value})

    def _standing(self, handle: Any, key: str) -> str | None:
        """The order of an element, None where it is hidden or gone."""
        held = look(self._txn, handle, key)
        if held is None and not handle.has(self._txn, key):
            return None
        if is_map(held):
            if look(self._txn, held, DELETED) is True:
                return None
            return sortable(look(self._txn, held, ORDER))
        if isinstance(held, dict):
            return None if held.get(DELETED) is True else sortable(held.get(ORDER))
        return sortable(None)

    def _note_gone(
        self, handle: Any, key: str, before: tuple[Json, Node | None, str], path: Path
    ) -> None:
        """Hidden, it can be shown again; removed by its key, it must be written again."""
        if is_map(look(self._txn, handle, key)):
            self.records.append(ShownRecord(path, key, False))
        else:
            raw = element_layout(*before)
            self.records.append(SetRecord(path, key, Exactly(raw), Absent()))

    def _element(
        self,
        handle: Any,
        node: ArrayNode,
        key: str,
        before: tuple[Json, Node | None, str],
        dirt: Dirt,
        path: Path,
        pointer: str,
    ) -> None:
        """What changed inside an element that was and is there."""
        old, inner, order = before
        held = look(self._txn, handle, key)
        deeper = dirt.below.get(key, Dirt())
        at = f"{pointer}/{node.index(key)}"
        wrapped = is_map(held) and held.has(self._txn, VALUE)
        content = look(self._txn, held, VALUE) if wrapped else held
        if wrapped and not deeper.keys & _STRUCTURE:
            deeper = deeper.below.get(VALUE, Dirt())
        anew = key in dirt.keys or bool(deeper.keys & {VALUE, ARRAY})
        anew = anew or (wrapped and bool(deeper.keys & _STRUCTURE))
        if not anew and inner is not None and fits(inner, content):
            self.refresh(content, inner, old, deeper, (*path, key), at)
            return
        value, fresh = read_element(raw_of(self._txn, held))
        node.children.pop(key, None)
        if fresh is not None:
            node.children[key] = fresh
        if self._change(old, value, at):
            if wrapped and is_text(content) and type(old) is str and type(value) is str:
                self.records.append(TextRecord((*path, key), hunks_between(old, value)))
            elif wrapped and not isinstance(old, dict):
                raw = Exactly(write_layout(old, inner))
                self.records.append(SetRecord((*path, key), VALUE, raw, known(value)))
            else:
                raw = Exactly(element_layout(old, inner, order))
                self.records.append(SetRecord(path, key, raw, known(value)))

    # --- what only other clients write ------------------------------------------------------

    def _list(
        self, handle: Any, node: ListNode, old: list[Json], dirt: Dirt, path: Path, pointer: str
    ) -> None:
        if dirt.items or any(not isinstance(step, int) for step in dirt.below):
            self._items(handle, node, old, path, pointer)
            return
        for step, deeper in dirt.below.items():
            assert isinstance(step, int)
            inner, held = node.children[step], look(self._txn, handle, step)
            at = f"{pointer}/{step}"
            if inner is not None and not deeper.is_new_kind and fits(inner, held):
                self.refresh(held, inner, old[step], deeper, (*path, step), at)
                continue
            was = Exactly(write_layout(old[step], inner))
            value, node.children[step] = read(raw_of(self._txn, held))
            if not self._change(old[step], value, at):
                continue
            if is_text(held) and type(old[step]) is str and type(value) is str:
                hunks = hunks_between(str(old[step]), value)
                self.records.append(TextRecord((*path, step), hunks))
            else:
                self.records.append(ListRecord(path, step, (was.raw,), (known(value),)))

    def _items(
        self, handle: Any, node: ListNode, old: list[Json], path: Path, pointer: str
    ) -> None:
        """Read a whole Y.Array again."""
        before = write_layout(old, node)
        value, fresh = read(raw_of(self._txn, handle))
        assert isinstance(value, list)
        assert isinstance(fresh, ListNode)
        node.children = fresh.children
        if not self._change(old, value, pointer):
            return
        start, shortest = 0, min(len(old), len(value))
        while start < shortest and same(old[start], value[start]):
            start += 1
        end = 0
        while end < shortest - start and same(old[-1 - end], value[-1 - end]):
            end += 1
        removed = tuple(before[start : len(old) - end])
        inserted = tuple(known(item) for item in value[start : len(value) - end])
        self.records.append(ListRecord(path, start, removed, inserted))


def fits(node: Node, held: Any) -> bool:
    """Whether a live container is still of the node's kind."""
    return is_array(held) if type(node) is ListNode else is_map(held)


def under(pointer: str, name: str) -> str:
    return pointer + render((name,))
