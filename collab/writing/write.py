"""Exact patch ops as writes on Yjs types, each remembered so that it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from collab.entry import Op
from collab.identity.identity import Identity
from collab.identity.items import on_items
from collab.identity.labels import removed_texts
from collab.ids import Json
from collab.patch.apply import apply, replay
from collab.patch.diff import diff
from collab.patch.pointer import Tokens, parse, render
from collab.patch.values import Atomic, named_atomic, same
from collab.types.build import Builder, Layouts, own_id
from collab.types.handles import Shadow, Txn, is_array, is_map, is_text, look, raw_of
from collab.types.layout import VALUE, ArrayNode, ListNode, ObjectNode, Step, escape, read, unescape
from collab.types.place import Place, Slot, open_tokens, step_of, value_at, value_under
from collab.types.records import (
    Absent,
    Exactly,
    Path,
    Record,
    Reinsertion,
    RemovedText,
    SetRecord,
    ShownRecord,
    TransferRecord,
    known,
)
from collab.types.text import Change
from collab.writing.elements import Elements
from collab.writing.lists import Lists
from collab.writing.typing import Typing

Revived: TypeAlias = Sequence[RemovedText] | None
_NOTHING: Final[Mapping[int, Change]] = {}


class Writer:
    """Writes into one document within one open transaction.

    Invariant: after each call the nodes describe the Yjs types again, and `records`, taken back
    in reverse order, undo what has been written; `ops` say the same as exact patch ops. What is
    written is said first: whether a string in it is an atom may hang on what stands around it.
    """

    def __init__(
        self,
        txn: Txn,
        root: Place,
        atomic: Atomic,
        prefix: str,
        value: Json,
        identity: Identity,
        author: str | None = None,
    ) -> None:
        self.txn = txn
        self.root = root
        self.identity = identity
        self.author = author  # of a text that is replaced as a whole; None keeps what it can
        self.by_others = False  # whether several users wrote what is being written
        self.records: list[Record] = []
        self.reinsertions: list[Reinsertion] = []
        self.ops: list[Op] = []
        self.exact: Change | None = None  # what the op that is being written changes in a text
        self.layouts = Layouts(prefix)
        self.build = Builder(txn, self.is_atom)
        self._atomic = atomic
        self._value = value
        self._followed = 0  # how many of the ops `_value` has
        self.elements = Elements(self)
        self.typing = Typing(self)
        self.lists = Lists(self)

    def close(self) -> None:
        """The transaction is over; a cycle would keep all of it until the collector comes."""
        del self.build, self.elements, self.typing, self.lists

    def note(self, record: Record) -> None:
        """Keep a record; what it names counts at once, for what comes later in this write."""
        if not isinstance(self.root.handle, Shadow):
            record = on_items(self.txn, self.root.handle, self.identity, record)
            self.identity.add(self.author or "", record)
        self.records.append(record)

    def add_reinsertion(self, reinsertion: Reinsertion) -> None:
        """Keep that characters or items were inserted again."""
        self.reinsertions.append(reinsertion)
        self.identity.add_reinsertion(reinsertion)

    def apply(
        self, ops: Sequence[Op], under: Tokens = (), exact: Mapping[int, Change] = _NOTHING
    ) -> None:
        """Write exact ops, which are known to apply to what is there under a location.

        `exact` says of ops by their number which change of a text they are.
        """
        for number, op in enumerate(ops):
            self.exact = exact.get(number)
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
            self.lists.splice(place, int(tokens[-1]), 0, [self.layouts.layout(value)])
        else:
            self.set(place, escape(tokens[-1]), self.layouts.layout(value))

    def remove(self, tokens: Tokens) -> None:
        place = open_tokens(self.txn, self.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "remove"})
        elif type(place.node) is ArrayNode:
            self.elements.remove(place, place.node.order[int(tokens[-1])][1])
        elif type(place.node) is ListNode:
            self.lists.splice(place, int(tokens[-1]), 1, [])
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
        before = len(self.records)
        self.remove(source)
        self.add(target, value)
        self._note_transfer(before)

    def _note_transfer(self, before: int) -> None:
        """What was taken out of one container and put into another is one record."""
        moved = self.records[before:]
        if len(moved) == 2 and all(isinstance(one, SetRecord | ShownRecord) for one in moved):
            self.records[before:] = [TransferRecord(*moved)]  # type: ignore[arg-type]  # as asked

    def _replace_container(self, place: Place, tokens: Tokens, value: Json) -> None:
        """Edit in place what stays alike, so that others' edits of it under way survive."""
        old = value_at(self.txn, self.root, tokens)
        live = len(open_tokens(self.txn, self.root, tokens).tokens) == len(tokens)
        if live and type(old) is type(value) and not self._is_another(place, tokens, old, value):
            ops = diff(old, value, moves_left=self.elements.moves_left)
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
        self.lists.splice(place, at, 1, [self.layouts.layout(value)])

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

    def set(
        self, place: Place, key: str, raw: Any, *, texts: Revived = None, token: int | None = None
    ) -> None:
        """Put a layout under a key of an object."""
        node = place.node
        assert type(node) is ObjectNode
        tokens = (*place.tokens, unescape(key))
        slot = Slot(place.handle, key, place.path, tokens, node.children, key)
        self.set_slot(slot, raw, texts=texts, token=token)

    def set_slot(
        self, slot: Slot, raw: Any, *, texts: Revived = None, token: int | None = None
    ) -> None:
        """Put a layout into a slot.

        With `texts` it is what was there before, and these get their identity back.
        """
        old = look(self.txn, slot.handle, slot.key)
        place = slot.path if slot.key == VALUE else (*slot.path, slot.key)
        if texts is None and type(raw) is str and self._edit_text(old, raw, place, slot.tokens):
            return
        present = old is not None or slot.handle.has(self.txn, slot.key)
        before = Exactly(raw_of(self.txn, old)) if present else Absent()
        removed = self.removed(old, place) if present else ()
        value, node = read(raw)
        if node is None:
            slot.children.pop(slot.name, None)
        else:
            slot.children[slot.name] = node
        self.note(SetRecord(slot.path, slot.key, before, known(value), removed, token))
        self.emit("replace" if present else "add", slot.tokens, value)
        self.build.put(slot.handle, slot.key, raw, slot.tokens)
        if texts:
            self.typing.revive(look(self.txn, slot.handle, slot.key), texts)

    def unset(self, place: Place, key: str, *, token: int | None = None) -> None:
        node = place.node
        assert type(node) is ObjectNode
        held = look(self.txn, place.handle, key)
        before = Exactly(raw_of(self.txn, held))
        removed = self.removed(held, (*place.path, key))
        place.handle.remove(self.txn, key)
        node.children.pop(key, None)
        self.note(SetRecord(place.path, key, before, Absent(), removed, token))
        self.emit("remove", (*place.tokens, unescape(key)))

    def removed(self, held: Any, path: Path) -> tuple[RemovedText, ...]:
        """What steps name in the texts of what is about to be removed."""
        if isinstance(held, Shadow) or not (is_map(held) or is_array(held) or is_text(held)):
            return ()
        return removed_texts(self.txn, held, self.identity, path)

    def _edit_text(self, text: Any, new: str, path: Path, tokens: Tokens) -> bool:
        """Edit a text in place; False where that cannot be done."""
        if not is_text(text) or self.is_atom(tokens):
            return False
        return self.typing.edit(text, new, path, tokens, self.exact)
