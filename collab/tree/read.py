"""A Yjs update as exact patch ops: the places that events name are read again and compared.

Events come with final-state paths, and none for types that were born or died in the same
transaction; what is read here has its final content already. So the places are collected in a
tree, walked from the root down, and the ops of a container come before those inside it.
"""

from __future__ import annotations

from typing import Any

from collab.entry import Op
from collab.identity.identity import Identity
from collab.ids import Json
from collab.patch.diff import diff
from collab.patch.pointer import render
from collab.patch.values import same
from collab.tree.event_records import item_record, list_records, text_record
from collab.tree.read_array import ArrayReader
from collab.tree.summary import TextsBefore, UpdateSummary
from collab.types.events import Dirt
from collab.types.handles import Txn, fits, is_text, look, raw_of
from collab.types.layout import (
    UNSEEN,
    ArrayNode,
    ListNode,
    Node,
    ObjectNode,
    read,
    unescape,
    write_layout,
)
from collab.types.records import Absent, Alike, Exactly, Path, Record, RemovedText, SetRecord, known
from collab.yjs.spans import Run


class Reader:
    """Brings nodes up to date with the Yjs types and tells the difference.

    Invariant: `ops`, applied to the value as it was, give the value as it is, and `records`,
    taken back in reverse order, undo them.
    """

    def __init__(
        self, txn: Txn, identity: Identity, summary: UpdateSummary, before: TextsBefore
    ) -> None:
        self.txn = txn
        self.identity = identity
        self._summary = summary
        self._texts_before = before
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
                ArrayReader(self, handle, node, old, dirt, path, pointer).refresh()
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
                self._member(handle, node, old, key, path, pointer, None)
        for step, deeper in dirt.below.items():
            if step in dirt.keys or step in UNSEEN or not isinstance(step, str):
                continue
            inner, held = node.children.get(step), look(self.txn, handle, step)
            if inner is None or deeper.is_new_kind or not fits(inner, held):
                self._member(handle, node, old, step, path, pointer, deeper)
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
        inside: Dirt | None,
    ) -> None:
        """Read one key of an object again; `inside` says what changed in what it holds.

        Without it the key holds something new.
        """
        name = unescape(key)
        at = under(pointer, name)
        was = node.children.pop(key, None)
        before = Exactly(write_layout(old[name], was)) if name in old else Absent()
        held = look(self.txn, handle, key)
        if held is None and not handle.has(self.txn, key):
            if name in old:
                self.ops.append({"op": "remove", "path": at})
                self.records.append(self._set(path, key, before, Absent()))
            return
        value, inner = read(raw_of(self.txn, held))
        if inner is not None:
            node.children[key] = inner
        if name not in old:
            self.ops.append({"op": "add", "path": at, "value": value})
            self.records.append(SetRecord(path, key, before, known(value)))
        elif self.change(old[name], value, at):
            if inside is not None and is_text(held):
                self.note_text((*path, key), held, old[name], value, inside)
            else:
                self.records.append(self._set(path, key, before, known(value)))
        elif inside is None:  # it reads the same, and is this change's
            self.records.append(self._set(path, key, before, known(value)))
        elif is_text(held):
            self.note_text((*path, key), held, old[name], value, inside)

    def _set(
        self, path: Path, key: str, before: Absent | Exactly, after: Absent | Exactly | Alike
    ) -> SetRecord:
        return SetRecord(path, key, before, after, self.gone((*path, key)))

    def note_text(self, path: Path, text: Any, old: Json, new: Json, inside: Dirt) -> None:
        """Record the edit of a text, also where others' characters gave way to the same ones."""
        assert isinstance(old, str)
        assert isinstance(new, str)
        txn, identity, strings = self.txn, self.identity, self._summary.strings
        record = text_record(txn, text, identity, path, old, new, inside.deltas, strings)
        if record.hunks or old != new:
            self.records.append(record)

    def gone(self, path: Path) -> tuple[RemovedText, ...]:
        """What steps name in the texts that were at a path and below it."""
        return self._texts_before.under(self.identity, path)

    def change(self, old: Json, new: Json, at: str) -> bool:
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

    # --- what only other clients write ------------------------------------------------------

    def _list(
        self, handle: Any, node: ListNode, old: list[Json], dirt: Dirt, path: Path, pointer: str
    ) -> None:
        if dirt.items or any(not isinstance(step, int) for step in dirt.below):
            self._items(handle, node, old, dirt, path, pointer)
            return
        for step, deeper in dirt.below.items():
            assert isinstance(step, int)
            inner, held = node.children[step], look(self.txn, handle, step)
            at = f"{pointer}/{step}"
            if inner is not None and not deeper.is_new_kind and fits(inner, held):
                self.refresh(held, inner, old[step], deeper, (*path, step), at)
                continue
            was = Exactly(write_layout(old[step], inner))
            value, node.children[step] = read(raw_of(self.txn, held))
            changed = self.change(old[step], value, at)
            if is_text(held) and type(old[step]) is str:
                self.note_text((*path, step), held, old[step], value, deeper)
            elif changed:
                record = item_record(self.txn, handle, self.identity, path, step, was.raw, value)
                self.records.append(record)

    def _items(
        self, handle: Any, node: ListNode, old: list[Json], dirt: Dirt, path: Path, pointer: str
    ) -> None:
        """Read a whole Y.Array again."""
        before = write_layout(old, node)
        value, fresh = read(raw_of(self.txn, handle))
        assert isinstance(value, list)
        assert isinstance(fresh, ListNode)
        node.children = fresh.children
        if self.change(old, value, pointer):
            txn, identity = self.txn, self.identity

            def gone(start: int, end: int) -> tuple[Run, ...]:
                return self._texts_before.items(path, start, end)

            self.records += list_records(
                txn, handle, identity, path, before, value, dirt.deltas, gone
            )


def under(pointer: str, name: str) -> str:
    return pointer + render((name,))
