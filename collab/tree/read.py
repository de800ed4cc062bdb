"""Turns a Yjs update into exact patch ops: reads the changed places again and compares them.

An event names a place by the path that the place has at the end of the transaction. A type that was
created or deleted in the same transaction has no event. When the reader reads a type, the type
already has its final content. So the changed places are first collected in a tree (`DirtyPlace`),
and the reader walks this tree from the root down. The ops of a container come before the ops inside
it.
"""

from __future__ import annotations

from typing import Any

from collab.ids import Json
from collab.patch.pointer import under
from collab.tree.difference import Difference
from collab.tree.read_array import ArrayReader, Before
from collab.tree.read_list import ListReader
from collab.types.events import DirtyPlace
from collab.types.handles import get_or_none, is_text, matches_node, raw_of, type_at
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
from collab.types.records import Absent, Exactly, Path, SameDigest, SetRecord, fingerprint


class Reader:
    """Updates the nodes to match the Yjs types, and collects the difference.

    A node describes the shape of a container (`collab/types/layout.py`).
    """

    def __init__(self, difference: Difference) -> None:
        self._difference = difference
        self._txn = difference.txn

    def refresh(
        self, handle: Any, node: Node, old: Json, dirty: DirtyPlace, path: Path, pointer: str
    ) -> None:
        """Read the changed places of a container again. `old` is its value before the update."""
        match node:
            case ObjectNode():
                assert isinstance(old, dict)
                self._object(handle, node, old, dirty, path, pointer)
            case ArrayNode():
                assert isinstance(old, list)
                array = ArrayReader(self._difference, handle, node, old, dirty, path, pointer)
                for key, before in array.edited_and_hidden():
                    with self._difference.without_ops():
                        self._element(array, key, before)
                for key, before in array.arrange():
                    self._element(array, key, before)
            case ListNode():
                assert isinstance(old, list)
                items = ListReader(self._difference, handle, node, old, dirty, path, pointer)
                for index, value in items.arrange():
                    nested = items.refresh(index, value)
                    if nested is not None:
                        self.refresh(*nested)

    def _element(self, array: ArrayReader, key: str, before: Before) -> None:
        nested = array.refresh(key, before)
        if nested is not None:
            self.refresh(*nested)

    def forget_unread(self, content: Any, dirty: DirtyPlace) -> None:
        """Drop the cached ids of edited texts that `refresh` has skipped, such as hidden texts.

        `refresh` clears the deltas of a text that it reads.
        """
        waiting: list[tuple[Path, DirtyPlace]] = [((), dirty)]
        while waiting:
            path, place = waiting.pop()
            if place.deltas:
                if place.below and place.delta is None:
                    self._difference.forget_texts()  # the indexes below may be out of date
                    return
                text = type_at(self._txn, content, path)
                if is_text(text):
                    self._difference.forget_text(text)
            for step, deeper in place.below.items():
                if deeper.deltas or deeper.below:
                    waiting.append(((*path, step), deeper))

    # --- objects ----------------------------------------------------------------------------

    def _object(
        self,
        handle: Any,
        node: ObjectNode,
        old: dict[str, Json],
        dirty: DirtyPlace,
        path: Path,
        pointer: str,
    ) -> None:
        for key in sorted(dirty.keys):
            if key not in UNSEEN:
                self._member(handle, node, old, key, path, pointer, None)
        for step, deeper in dirty.below.items():
            if step in dirty.keys or step in UNSEEN or not isinstance(step, str):
                continue
            inner, held = node.children.get(step), get_or_none(self._txn, handle, step)
            name = unescape(step)
            if inner is None and is_text(held) and type(old.get(name)) is str:
                new, at = held.get_string(self._txn), under(pointer, name)
                self._difference.change(old[name], new, at)
                self._difference.note_text((*path, step), held, old[name], new, deeper)
            elif inner is None or deeper.is_new_kind or not matches_node(inner, held):
                self._member(handle, node, old, step, path, pointer, deeper)
            else:
                self.refresh(held, inner, old[name], deeper, (*path, step), under(pointer, name))

    def _member(
        self,
        handle: Any,
        node: ObjectNode,
        old: dict[str, Json],
        key: str,
        path: Path,
        pointer: str,
        inside: DirtyPlace | None,
    ) -> None:
        """Read one key of an object again.

        `inside` holds the changes inside the key's value. When it is None, the key was set.
        """
        name = unescape(key)
        at = under(pointer, name)
        was = node.children.pop(key, None)
        before = Exactly(write_layout(old[name], was)) if name in old else Absent()
        held = get_or_none(self._txn, handle, key)
        if held is None and not handle.has(self._txn, key):
            if name in old:
                node.note_gone(key)
                self._difference.ops.append({"op": "remove", "path": at})
                self._difference.records.append(self._set(path, key, before, Absent()))
            return
        value, inner = read(raw_of(self._txn, held))
        if inner is not None:
            node.children[key] = inner
        if name not in old:
            self._difference.ops.append({"op": "add", "path": at, "value": value})
            self._difference.records.append(SetRecord(path, key, before, fingerprint(value)))
        elif self._difference.change(old[name], value, at):
            if inside is not None and is_text(held):
                self._difference.note_text((*path, key), held, old[name], value, inside)
            else:
                self._difference.records.append(self._set(path, key, before, fingerprint(value)))
        elif inside is None:  # the update set the key to an equal value
            self._difference.records.append(self._set(path, key, before, fingerprint(value)))
        elif is_text(held):
            self._difference.note_text((*path, key), held, old[name], value, inside)

    def _set(
        self, path: Path, key: str, before: Absent | Exactly, after: Absent | Exactly | SameDigest
    ) -> SetRecord:
        return SetRecord(path, key, before, after, self._difference.removed((*path, key)))
