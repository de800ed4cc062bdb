"""Taking records back: each only as far as what it did is still there."""

from __future__ import annotations

from typing import Any

from collab.ids import Json
from collab.patch.equality import same
from collab.yjs.tree_handles import is_map, is_text, look, raw_of
from collab.yjs.tree_layout import (
    DELETED,
    ORDER,
    VALUE,
    ArrayNode,
    ListNode,
    ObjectNode,
    read,
    read_element,
    sortable,
    unescape,
)
from collab.yjs.tree_place import Place, open_path
from collab.yjs.tree_records import (
    Absent,
    Alike,
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
from collab.yjs.tree_take_back import Effort, take_back
from collab.yjs.tree_write import Writer


class Reverter:
    """Takes records back through a writer, whose own records then tell how to redo it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._txn = writer.txn
        self._effort = Effort()

    def revert(self, record: Record) -> bool:
        """Whether there was anything left to take back."""
        match record:
            case TextRecord():
                return self._text(record)
            case ShownRecord():
                return self._shown(record)
            case MovedRecord():
                return self._moved(record)
            case ListRecord():
                return self._list(record)
            case SetRecord():
                return self._set(record)

    def _open(self, path: Path) -> Place | None:
        return open_path(self._txn, self._writer.root, path)

    # --- elements ---------------------------------------------------------------------------

    def _array(self, path: Path) -> tuple[Place, ArrayNode] | None:
        place = self._open(path)
        if place is None or type(place.node) is not ArrayNode:
            return None
        return place, place.node

    def _shown(self, record: ShownRecord) -> bool:
        found = self._array(record.path)
        if found is None:
            return False
        place, node = found
        visible = record.key in node.orders
        if record.shown and visible:
            self._writer.elements.remove(place, record.key)
            return True
        held = look(self._txn, place.handle, record.key)
        if not record.shown and not visible and is_map(held) and held.has(self._txn, DELETED):
            self._writer.elements.show(place, record.key)
            return True
        return False

    def _moved(self, record: MovedRecord) -> bool:
        found = self._array(record.path)
        if found is None:
            return False
        if record.key not in found[1].orders:
            return self._moved_hidden(found[0], record)
        if found[1].orders[record.key] != record.after:
            return False
        self._writer.elements.reorder(found[0], record.key, record.before)
        moved = MovedRecord(record.path, record.key, record.after, record.before)
        self._writer.records.append(moved)
        return True

    def _moved_hidden(self, place: Place, record: MovedRecord) -> bool:
        held = look(self._txn, place.handle, record.key)
        if not is_map(held) or sortable(look(self._txn, held, ORDER)) != record.after:
            return False
        self._writer.elements.reorder_hidden(place, record.key, record.before)
        return True

    # --- values -----------------------------------------------------------------------------

    def _set(self, record: SetRecord) -> bool:
        if record.key == VALUE and record.path:
            return self._set_wrapped(record)
        place = self._open(record.path)
        if place is None:
            return False
        if type(place.node) is ArrayNode:
            return self._set_element(place, place.node, record)
        if type(place.node) is not ObjectNode:
            return False
        held = look(self._txn, place.handle, record.key)
        if held is None and not place.handle.has(self._txn, record.key):
            if not isinstance(record.after, Absent):
                return False
        elif not is_still(read(raw_of(self._txn, held))[0], record.after):
            return False
        if isinstance(record.before, Absent):
            self._writer.unset(place, record.key)
        else:
            self._writer.set(place, record.key, record.before.raw)
        return True

    def _set_wrapped(self, record: SetRecord) -> bool:
        """The value of an element that is no object."""
        found = self._array(record.path[:-1])
        key = record.path[-1]
        if found is None or key not in found[1].orders or isinstance(record.before, Absent):
            return False
        place, node = found
        held = look(self._txn, place.handle, str(key))
        if not is_map(held) or not held.has(self._txn, VALUE):
            return False
        if not is_still(read(raw_of(self._txn, look(self._txn, held, VALUE)))[0], record.after):
            return False
        tokens = (*place.tokens, str(node.index(str(key))))
        raw = record.before.raw
        path, children = record.path, node.children
        self._writer.set_slot(held, VALUE, raw, path, tokens, children, str(key))
        return True

    def _set_element(self, place: Place, node: ArrayNode, record: SetRecord) -> bool:
        """An element as a whole: one that was removed by its key, or written over."""
        held = look(self._txn, place.handle, record.key)
        gone = held is None and not place.handle.has(self._txn, record.key)
        if isinstance(record.before, Absent):
            return False
        if gone != isinstance(record.after, Absent):
            return False
        if not gone:
            if record.key not in node.orders:
                return False
            if not is_still(read_element(raw_of(self._txn, held))[0], record.after):
                return False
            self._writer.elements.overwrite(place, record.key, record.before.raw)
            return True
        self._writer.elements.create(place, record.key, record.before.raw)
        return True

    # --- text and lists ---------------------------------------------------------------------

    def _text(self, record: TextRecord) -> bool:
        *above, last = record.path
        place = self._open(tuple(above))
        if place is None:
            return False
        if type(place.node) is ListNode:
            return self._text_item(place, place.node, record, last)
        if not isinstance(last, str):
            return False
        handle, key, tokens, children, path = place.handle, last, place.tokens, {}, place.path
        if type(place.node) is ArrayNode:
            if last not in place.node.orders:
                return False
            handle, key = look(self._txn, place.handle, last), VALUE
            if not is_map(handle):
                return False
            tokens, path = (*tokens, str(place.node.index(last))), record.path
            children = place.node.children
        elif type(place.node) is ObjectNode:
            tokens, children = (*tokens, unescape(last)), place.node.children
        new = self._taken_back(look(self._txn, handle, key), record)
        if new is None:
            return False
        self._writer.set_slot(handle, key, new, path, tokens, children, last)
        return True

    def _taken_back(self, held: Any, record: TextRecord) -> str | None:
        if not is_text(held) and not isinstance(held, str):
            return None
        current = raw_of(self._txn, held)
        new = take_back(current, record.hunks, self._effort)
        return None if new == current else new

    def _text_item(self, place: Place, node: ListNode, record: TextRecord, at: object) -> bool:
        if not isinstance(at, int) or not 0 <= at < len(node.children):
            return False
        new = self._taken_back(look(self._txn, place.handle, at), record)
        if new is None:
            return False
        self._writer.replace((*place.tokens, str(at)), new)
        return True

    def _list(self, record: ListRecord) -> bool:
        place = self._open(record.path)
        if place is None or type(place.node) is not ListNode:
            return False
        items, _ = read(raw_of(self._txn, place.handle))
        assert isinstance(items, list)
        count = len(record.inserted)
        starts = sorted(range(len(items) - count + 1), key=lambda at: abs(at - record.at))
        for at in starts:
            here = items[at : at + count]
            if all(map(is_still, here, record.inserted)):
                self._writer.splice(place, at, count, record.removed)
                return True
        return False


def is_still(value: Json, after: Absent | Exactly | Alike) -> bool:
    """Whether a value is the one that a record left."""
    if isinstance(after, Absent):
        return False
    if isinstance(after, Exactly):
        return same(value, after.raw)
    return isinstance(value, dict | list) and known(value) == after
