"""The journal of one write: its records, its ops and the resulting value.

A record describes a change so that undo can take it back (`collab/types/records.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from collab.entry import Op, TextChanges
from collab.identity.draft import Edit
from collab.identity.identity_index import IdentityIndex
from collab.identity.items import on_items
from collab.ids import Json
from collab.patch.apply import replay
from collab.patch.pointer import Tokens, render
from collab.patch.text_changes import bounded
from collab.patch.values import Atomic, named_atomic
from collab.types.handles import StandIn, Txn, get_or_none
from collab.types.layout import MOST_GONE, VALUE, Node, ObjectNode, Step
from collab.types.place import Place, open_path
from collab.types.records import Path, Record, Reinsertion, TextRecord
from collab.types.yjs_document import OpenTransaction, Transactions
from collab.writing.emptying import empty_at
from collab.writing.removal import Reloaded, Remover


class Journal:
    """The open transaction of a write, and the changes that the write has made so far.

    Invariant: `records`, taken back in reverse order, undo all changes. `ops` describe the same
    changes as exact ops (rule P3 of SPEC.md). A change that creates values adds its op before it
    creates them. The reason: the new values around a string may decide whether the string is an
    atom, and is stored as a plain value. A journal has no reference to its writers. So there is no
    reference cycle, and Python frees the journal and the writers when the write ends.
    """

    def __init__(
        self,
        open_transaction: OpenTransaction,
        root: ObjectNode,
        atomic: Atomic,
        value: Json,
        identity: IdentityIndex,
        author: str | None = None,
    ) -> None:
        self.open = open_transaction
        self._root = Place(open_transaction.content, root, (), ())
        self.identity = identity
        self.author = author  # becomes the author of words that a whole-text `replace` changes
        self.records: list[Record] = []
        self.reinsertions: list[Reinsertion] = []
        self.ops: list[Op] = []
        self.texts: dict[int, TextChanges] = {}  # exact changes, by the number of the op
        self._atomic = atomic
        self._value = value
        self._followed = 0  # how many of the ops are applied to `_value`

    @property
    def txn(self) -> Txn:
        """The transaction that is open now."""
        return self.open.txn

    @property
    def root(self) -> Place:
        if self._root.handle is not self.open.content:  # the document was loaded again
            self._root = self._root._replace(handle=self.open.content)
        return self._root

    def note(self, record: Record) -> None:
        """Keep a record, and add it to the identity index at once.

        Later changes of the same write may look it up there.
        """
        content = self.open.content
        if not isinstance(content, StandIn):
            if not isinstance(record, TextRecord):
                record = on_items(self.open.txn, content, self.identity, record)
            self.identity.add(self.author or "", record)
        self.records.append(record)

    def clear(self, holder: Any, path: Path, key: str, node: Node | None = None) -> Any:
        """Before the removal of an entry, delete its content if large. Return the entry's map.

        `holder` is the entry's map, `path` is the path of its `Slot`, and `node` is the node of
        its content. For very large
        content the document is loaded again. Then the returned map is a new handle, and the entry
        itself is already deleted.
        """
        if not isinstance(self.open, Transactions):
            return holder
        remover = Remover(self.open)
        within = path if key == VALUE else (*path, key)
        if empty_at(self.open, [(*path, key)]):
            holder = self._holder(path, key)
        while True:
            try:
                # Each reload doubles the limit: an object may hold very many such objects.
                for worn in _worn(node, within, MOST_GONE << self.open.reloads):
                    place = open_path(self.txn, self.root, worn)
                    if place is not None:
                        remover.remove_map(place.handle)
                self.open.spend(remover.clear(get_or_none(self.txn, holder, key)))
                return holder
            except Reloaded:
                holder = self._holder(path, key)

    def remove_entry(self, holder: Any, path: Path, key: str, node: Node | None = None) -> Any:
        """Delete an entry of a map, with its content. Return the map, as `clear` does."""
        holder = self.clear(holder, path, key, node)
        if holder.has(self.txn, key):
            holder.remove(self.txn, key)
        return holder

    def clear_items(self, place: Place, at: int, count: int) -> Any:
        """Before the removal of items of a Y.Array, delete their content if large.

        Return the array, which may be a new handle.
        """
        if not isinstance(self.open, Transactions):
            return place.handle
        if not empty_at(self.open, [(*place.path, index) for index in range(at, at + count)]):
            return place.handle
        again = open_path(self.txn, self.root, place.path)
        assert again is not None
        return again.handle

    def _holder(self, path: Path, key: str) -> Any:
        """Return the map that has the entry of a slot."""
        place = open_path(self.txn, self.root, path[:-1] if key == VALUE else path)
        assert place is not None
        return place.handle.get(self.txn, path[-1]) if key == VALUE else place.handle

    def add_reinsertion(self, reinsertion: Reinsertion) -> None:
        """Note that characters or items were inserted again."""
        self.reinsertions.append(reinsertion)
        self.identity.add_reinsertion(reinsertion)

    def emit(self, kind: str, tokens: Tokens, value: Json = None) -> None:
        """Add the op that describes a write."""
        op: Op = {"op": kind, "path": render(tokens)}
        if kind != "remove":
            op["value"] = value
        self.ops.append(op)

    def emit_text(self, tokens: Tokens, old: str, new: str, edits: Sequence[Edit]) -> None:
        """Add the op that describes edits of a text, with its exact changes."""
        changes = tuple([(edit.start, edit.end, edit.text) for edit in edits])
        self.texts[len(self.ops)] = bounded(old, changes)
        self.emit("replace", tokens, new)

    @property
    def value(self) -> Json:
        """The document's value after the writes so far."""
        if self._followed < len(self.ops):
            self._value = replay(self._value, self.ops[self._followed :])
            self._followed = len(self.ops)
        return self._value

    def is_atom(self, tokens: Tokens) -> bool:
        """Whether the string at a location is an atom: a plain value that is never merged."""
        if self._atomic is named_atomic:  # needs no value, and it takes time to make the value
            return named_atomic(tokens, None)
        return self._atomic(tokens, self.value)


def _worn(node: Node | None, path: Path, most: int) -> Iterator[Path]:
    """Return the paths of the objects that lost more than `most` of keys, innermost first."""
    if node is None:
        return
    children = node.children
    steps: Iterable[tuple[Step, Node | None]] = (
        enumerate(children) if isinstance(children, list) else children.items()
    )
    for step, child in steps:
        yield from _worn(child, (*path, step), most)
    if isinstance(node, ObjectNode) and node.gone > most:
        yield path
