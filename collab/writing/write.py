"""Writes exact ops into Yjs types, and records each write so that undo can take it back.

Exact ops state what was applied: no `test`, no `splice`, no op that changes nothing (rule P3 of
SPEC.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from collab.entry import Op, TextChanges
from collab.ids import Json
from collab.patch.apply import apply
from collab.patch.diff import diff
from collab.patch.pointer import Tokens, parse, render
from collab.patch.text_changes import NO_TEXTS
from collab.patch.values import same
from collab.types.build import Builder, Layouts, own_id
from collab.types.handles import Txn, get_or_none
from collab.types.layout import (
    KEY_COST,
    MOST_GONE,
    ArrayNode,
    ListNode,
    Node,
    ObjectNode,
    Step,
    escape,
)
from collab.types.place import Place, open_tokens, step_of, value_at, value_under
from collab.types.records import (
    SetRecord,
    ShownRecord,
    TransferRecord,
)
from collab.writing.elements import ElementWriter
from collab.writing.journal import Journal
from collab.writing.lists import ListWriter
from collab.writing.members import MemberWriter
from collab.writing.texts import TextWriter


class Writer:
    """Writes into one document, in the transactions of one write.

    Invariant: after each call the nodes describe the Yjs types again, and the journal holds every
    write.
    """

    def __init__(self, journal: Journal, prefix: str) -> None:
        self.journal = journal
        self._layouts = Layouts(prefix)
        self._build = Builder(journal.open, journal.is_atom)
        self.texts = TextWriter(journal)
        self.members = MemberWriter(journal, self.texts, self._build)

    @cached_property
    def elements(self) -> ElementWriter:
        """Writes keyed arrays. Most patches do not need it."""
        return ElementWriter(self.journal, self._layouts, self._build, self.texts, self.members)

    @cached_property
    def lists(self) -> ListWriter:
        """Writes Y.Arrays. Most patches do not need it."""
        return ListWriter(self.journal, self._build)

    @property
    def txn(self) -> Txn:
        """The transaction that is open now."""
        return self.journal.open.txn

    @property
    def root(self) -> Place:
        return self.journal.root

    def apply(
        self, ops: Sequence[Op], under: Tokens = (), exact: Mapping[int, TextChanges] = NO_TEXTS
    ) -> None:
        """Write exact ops, which must apply to the value at the location `under`.

        `exact` maps the number of an op to the exact changes that it makes in a text.
        """
        for number, op in enumerate(ops):
            self.texts.exact = exact.get(number)
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

    # --- ops --------------------------------------------------------------------------------

    def add(self, tokens: Tokens, value: Json) -> None:
        if not tokens:
            self.replace(tokens, value)
            return
        place = open_tokens(self.journal.open.txn, self.journal.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "add", "value": value})
        elif type(place.node) is ArrayNode:
            self.elements.insert(place, int(tokens[-1]), value)
        elif type(place.node) is ListNode:
            self.lists.splice(place, int(tokens[-1]), 0, [self._layouts.layout(value)])
        else:
            self.members.set(place, escape(tokens[-1]), self._layouts.layout(value))

    def remove(self, tokens: Tokens) -> None:
        place = open_tokens(self.journal.open.txn, self.journal.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "remove"})
        elif type(place.node) is ArrayNode:
            self.elements.remove(place, place.node.order[int(tokens[-1])][1])
        elif type(place.node) is ListNode:
            self.lists.splice(place, int(tokens[-1]), 1, [])
        else:
            self.members.unset(place, escape(tokens[-1]))

    def replace(self, tokens: Tokens, value: Json) -> None:
        place = open_tokens(self.journal.open.txn, self.journal.root, tokens[:-1])
        if len(place.tokens) < len(tokens) - 1:
            self._rewrite_plain(place, tokens, {"op": "replace", "value": value})
        elif isinstance(value, dict | list):
            self._replace_container(place, tokens, value)
        else:
            self._replace_whole(place, step_of(place.node, tokens[-1]), value)

    def move(self, source: Tokens, target: Tokens) -> None:
        if source[:-1] == target[:-1]:
            place = open_tokens(self.journal.open.txn, self.journal.root, target[:-1])
            if len(place.tokens) == len(target) - 1 and type(place.node) is ArrayNode:
                self.elements.move(place, int(source[-1]), int(target[-1]))
                return
        value = value_at(self.txn, self.root, source)
        before = len(self.journal.records)
        self.remove(source)
        self.add(target, value)
        self._note_transfer(before)

    def _note_transfer(self, before: int) -> None:
        """Join the removal from one container and the addition to another into one record."""
        moved = self.journal.records[before:]
        if len(moved) == 2 and all(isinstance(one, SetRecord | ShownRecord) for one in moved):
            self.journal.records[before:] = [TransferRecord(*moved)]  # type: ignore[arg-type]  # as asked

    def _replace_container(self, place: Place, tokens: Tokens, value: Json) -> None:
        """Edit only the parts that differ. So other clients' unsent edits of the rest survive."""
        old = value_at(self.txn, self.root, tokens)
        held = open_tokens(self.journal.open.txn, self.journal.root, tokens)
        live = len(held.tokens) == len(tokens)
        if live and type(old) is type(value) and not self._is_another(place, tokens, old, value):
            ops = diff(old, value, moves_left=self.elements.moves_left)
            if not any(op["path"] == "" for op in ops) and _keeps(held.node, ops):
                self.apply(ops, under=tokens)
                return
        if not tokens:
            self._replace_root(old, value)
        else:
            self._replace_whole(place, step_of(place.node, tokens[-1]), value)

    def _is_another(self, place: Place, tokens: Tokens, old: Json, new: Json) -> bool:
        """Whether an element is replaced by an element with another `id`."""
        return bool(tokens) and type(place.node) is ArrayNode and own_id(old) != own_id(new)

    def _replace_root(self, old: Json, value: Json) -> None:
        """Replace the keys of the root map. The map itself stays."""
        assert isinstance(old, dict)
        assert isinstance(value, dict)
        for key in sorted(old.keys() - value.keys()):
            self.members.unset(self.root, escape(key))
        for key, inner in value.items():
            if key not in old or not same(old[key], inner):
                self.members.set(self.root, escape(key), self._layouts.layout(inner))

    def _replace_whole(self, place: Place, step: Step, value: Json) -> None:
        if type(place.node) is ArrayNode:
            self.elements.replace(place, str(step), value)
        elif type(place.node) is ListNode:
            self._replace_item(place, int(step), value)
        else:
            raw = value if type(value) is str else self._layouts.layout(value)
            self.members.set(place, str(step), raw)

    def _replace_item(self, place: Place, at: int, value: Json) -> None:
        old = get_or_none(self.txn, place.handle, at)
        tokens = (*place.tokens, str(at))
        if type(value) is str and self.texts.edit(old, value, (*place.path, at), tokens):
            return
        self.lists.splice(place, at, 1, [self._layouts.layout(value)])

    def _rewrite_plain(self, place: Place, tokens: Tokens, op: dict[str, Any]) -> None:
        """Write a plain value again as Yjs types, because an op changes something inside it."""
        depth = len(place.tokens)
        step = step_of(place.node, tokens[depth])
        old = value_under(self.txn, place, step)
        whole = apply(old, [{**op, "path": render(tokens[depth + 1 :])}]).value
        self._replace_whole(place, step, whole)


def _keeps(node: Node, ops: Sequence[Op]) -> bool:
    """Whether the map of an object may stay when ops remove keys."""
    gone = sum(len(op["path"]) + KEY_COST for op in ops if op["op"] == "remove")
    return not isinstance(node, ObjectNode) or node.gone + gone <= MOST_GONE
