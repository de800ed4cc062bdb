"""Exact patch ops as writes on Yjs types, each remembered so that it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.entry import Op
from collab.ids import Json
from collab.patch.apply import apply, replay
from collab.patch.atoms import Atomic, named_atomic
from collab.patch.diff import diff
from collab.patch.equality import same
from collab.patch.pointer import Tokens, parse, render
from collab.yjs.tree_build import Builder, Layouts, own_id
from collab.yjs.tree_elements import Elements
from collab.yjs.tree_handles import Txn, is_text, look, raw_of
from collab.yjs.tree_layout import (
    VALUE,
    ArrayNode,
    ListNode,
    ObjectNode,
    Step,
    escape,
    read,
    unescape,
)
from collab.yjs.tree_place import Place, open_tokens, step_of, value_at, value_under
from collab.yjs.tree_records import (
    Absent,
    Exactly,
    ListRecord,
    Record,
    SetRecord,
    TextRecord,
    known,
)
from collab.yjs.tree_text import hunks_between


class Writer:
    """Writes into one document within one open transaction.

    Invariant: after each call the nodes describe the Yjs types again, and `records`, taken back
    in reverse order, undo what has been written; `ops` say the same as exact patch ops. What is
    written is said first: whether a string in it is an atom may hang on what stands around it.
    """

    def __init__(self, txn: Txn, root: Place, atomic: Atomic, prefix: str, value: Json) -> None:
        self.txn = txn
        self.root = root
        self.records: list[Record] = []
        self.ops: list[Op] = []
        self.layouts = Layouts(prefix)
        self.build = Builder(txn, self.is_atom)
        self._atomic = atomic
        self._value = value
        self._followed = 0  # how many of the ops `_value` has
        self.elements = Elements(self)

    def close(self) -> None:
        """The transaction is over; a cycle would keep all of it until the collector comes."""
        del self.build, self.elements

    def apply(self, ops: Sequence[Op], under: Tokens = ()) -> None:
        """Write exact ops, which are known to apply to what is there under a location."""
        for op in ops:
            tokens = (*under, *parse(op["path"]))
            match op["op"]:
                case "add":
                    self.add(tokens, op["value"])
                case "remove":
                    self.remove(tokens)
                case "replace":
                    self.replace(tokens, op["value"])
                case "move":
                    self.move((*under, *parse(op["from"])), tokens)
                case "copy":
                    source = (*under, *parse(op["from"]))
                    self.add(tokens, value_at(self.txn, self.root, source))

    @property
    def value(self) -> Json:
        """The document's value as it has been written so far."""
        if self._followed < len(self.ops):
            self._value = replay(self._value, self.ops[self._followed :])
            self._followed = len(self.ops)
        return self._value

    def is_atom(self, tokens: Tokens) -> bool:
        """Whether the string at a location is replaced as a whole: a plain value, no text."""
        if self._atomic is named_atomic:  # asks for no value, which would have to be made
            return named_atomic(tokens, None)
        return self._atomic(tokens, self.value)

    # --- ops --------------------------------------------------------------------------------

    def add(self, tokens: Tokens, value: Json) -> None:
        if not tokens:
            self.replace(tokens, value)
            return
        place = open_tokens(self.txn, self.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "add", "value": value})
        elif type(place.node) is ArrayNode:
            self.elements.insert(place, int(tokens[-1]), value)
        elif type(place.node) is ListNode:
            self.splice(place, int(tokens[-1]), 0, [self.layouts.layout(value)])
        else:
            self.set(place, escape(tokens[-1]), self.layouts.layout(value))

    def remove(self, tokens: Tokens) -> None:
        place = open_tokens(self.txn, self.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "remove"})
        elif type(place.node) is ArrayNode:
            self.elements.remove(place, place.node.order[int(tokens[-1])][1])
        elif type(place.node) is ListNode:
            self.splice(place, int(tokens[-1]), 1, [])
        else:
            self.unset(place, escape(tokens[-1]))

    def replace(self, tokens: Tokens, value: Json) -> None:
        place = open_tokens(self.txn, self.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "replace", "value": value})
        elif isinstance(value, dict | list):
            self._replace_container(place, tokens, value)
        else:
            self._replace_whole(place, step_of(place.node, tokens[-1]), value)

    def move(self, source: Tokens, target: Tokens) -> None:
        if source[:-1] == target[:-1]:
            place = open_tokens(self.txn, self.root, target[:-1])
            if len(place.tokens) == len(target) - 1 and type(place.node) is ArrayNode:
                self.elements.move(place, int(source[-1]), int(target[-1]))
                return
        value = value_at(self.txn, self.root, source)
        self.remove(source)
        self.add(target, value)

    def _replace_container(self, place: Place, tokens: Tokens, value: Json) -> None:
        """Edit in place what stays alike, so that others' edits of it under way survive."""
        old = value_at(self.txn, self.root, tokens)
        live = len(open_tokens(self.txn, self.root, tokens).tokens) == len(tokens)
        if live and type(old) is type(value) and not self._is_another(place, tokens, old, value):
            ops = diff(old, value)
            if not any(op["path"] == "" for op in ops):
                self.apply(ops, under=tokens)
                return
        if not tokens:
            self._replace_root(old, value)
        else:
            self._replace_whole(place, step_of(place.node, tokens[-1]), value)

    def _is_another(self, place: Place, tokens: Tokens, old: Json, new: Json) -> bool:
        """Whether an element gives way to one with another id."""
        return bool(tokens) and type(place.node) is ArrayNode and own_id(old) != own_id(new)

    def _replace_root(self, old: Json, value: Json) -> None:
        """The root map stays; what it holds goes."""
        assert isinstance(old, dict)
        assert isinstance(value, dict)
        for key in sorted(old.keys() - value.keys()):
            self.unset(self.root, escape(key))
        for key, inner in value.items():
            if key not in old or not same(old[key], inner):
                self.set(self.root, escape(key), self.layouts.layout(inner))

    def _replace_whole(self, place: Place, step: Step, value: Json) -> None:
        if type(place.node) is ArrayNode:
            self.elements.replace(place, str(step), value)
        elif type(place.node) is ListNode:
            self._replace_item(place, int(step), value)
        else:
            self.set(place, str(step), self.layouts.layout(value))

    def _replace_item(self, place: Place, at: int, value: Json) -> None:
        old = look(self.txn, place.handle, at)
        tokens = (*place.tokens, str(at))
        if type(value) is str and self._edit_text(old, value, (*place.path, at), tokens):
            return
        self.splice(place, at, 1, [self.layouts.layout(value)])

    def _rewrite_plain(self, place: Place, tokens: Tokens, op: dict[str, Any]) -> None:
        """Something inside a plain value changes: the whole of it is written anew, as types."""
        depth = len(place.tokens)
        step = step_of(place.node, tokens[depth])
        old = value_under(self.txn, place, step)
        whole = apply(old, [{**op, "path": render(tokens[depth + 1 :])}]).value
        self._replace_whole(place, step, whole)

    def emit(self, kind: str, tokens: Tokens, value: Json = None) -> None:
        """Say what was written as an op."""
        op: Op = {"op": kind, "path": render(tokens)}
        if kind != "remove":
            op["value"] = value
        self.ops.append(op)

    # --- writes by key, by layout -----------------------------------------------------------

    def set(self, place: Place, key: str, raw: Any) -> None:
        """Put a layout under a key of an object."""
        node = place.node
        assert type(node) is ObjectNode
        tokens = (*place.tokens, unescape(key))
        self.set_slot(place.handle, key, raw, place.path, tokens, node.children, key)

    def set_slot(
        self,
        handle: Any,
        key: str,
        raw: Any,
        path: tuple[Step, ...],
        tokens: Tokens,
        children: dict[str, Any],
        slot: str,
    ) -> None:
        """Put a layout under a map's key, whose node is kept in `children` under `slot`."""
        old = look(self.txn, handle, key)
        place = path if key == VALUE else (*path, key)
        if type(raw) is str and self._edit_text(old, raw, place, tokens):
            return
        present = old is not None or handle.has(self.txn, key)
        before = Exactly(raw_of(self.txn, old)) if present else Absent()
        value, node = read(raw)
        if node is None:
            children.pop(slot, None)
        else:
            children[slot] = node
        self.records.append(SetRecord(path, key, before, known(value)))
        self.emit("replace" if present else "add", tokens, value)
        self.build.put(handle, key, raw, tokens)

    def unset(self, place: Place, key: str) -> None:
        node = place.node
        assert type(node) is ObjectNode
        before = Exactly(raw_of(self.txn, look(self.txn, place.handle, key)))
        place.handle.remove(self.txn, key)
        node.children.pop(key, None)
        self.records.append(SetRecord(place.path, key, before, Absent()))
        self.emit("remove", (*place.tokens, unescape(key)))

    def splice(self, place: Place, at: int, count: int, raws: Sequence[Any]) -> None:
        """Take `count` items of a Y.Array out and put layouts in."""
        node = place.node
        assert type(node) is ListNode
        removed = tuple(
            raw_of(self.txn, look(self.txn, place.handle, index)) for index in range(at, at + count)
        )
        if count:
            place.handle.remove_range(self.txn, at, count)
        pairs = [read(raw) for raw in raws]
        node.children[at : at + count] = [inner for _, inner in pairs]
        inserted = tuple(known(value) for value, _ in pairs)
        self.records.append(ListRecord(place.path, at, removed, inserted))
        for _ in range(count):
            self.emit("remove", (*place.tokens, str(at)))
        for offset, (raw, (value, _)) in enumerate(zip(raws, pairs, strict=True)):
            tokens = (*place.tokens, str(at + offset))
            self.emit("add", tokens, value)
            self.build.put_at(place.handle, at + offset, raw, tokens)

    def _edit_text(self, text: Any, new: str, path: tuple[Step, ...], tokens: Tokens) -> bool:
        """Edit a text in place by its smallest hunks; False where that cannot be done."""
        if not is_text(text) or self.is_atom(tokens):
            return False
        old = text.get_string(self.txn)
        if text.len(self.txn) != byte_length(old):
            return False  # embeds count in its indexes and do not show in its string
        hunks = hunks_between(old, new)
        for hunk in hunks:
            at = byte_length(new[: hunk.at])
            if hunk.deleted:
                text.remove_range(self.txn, at, byte_length(hunk.deleted))
            if hunk.inserted:
                text.insert(self.txn, at, hunk.inserted, None)
        if hunks:
            self.records.append(TextRecord(path, hunks))
            self.emit("replace", tokens, new)
        return True


def byte_length(text: str) -> int:
    """pycrdt counts text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())
