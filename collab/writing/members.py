"""Writes entries of Y.Maps: members of objects, and values of elements that are not objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from collab.types.build import Builder
from collab.types.handles import get_or_none, is_type, raw_of
from collab.types.layout import VALUE, ObjectNode, read, unescape
from collab.types.place import Place, Slot
from collab.types.records import Absent, Exactly, RemovedText, SetRecord, fingerprint
from collab.writing.journal import Journal
from collab.writing.texts import TextWriter

RemovedTexts: TypeAlias = Sequence[RemovedText] | None


class MemberWriter(Struct, eq=False):
    """Writes layouts into the entries of maps, and removes entries."""

    _journal: Journal
    _texts: TextWriter
    _build: Builder

    def set(
        self,
        place: Place,
        key: str,
        raw: Any,
        *,
        texts: RemovedTexts = None,
        token: int | None = None,
    ) -> None:
        """Set a key of an object to a layout."""
        node = place.node
        assert type(node) is ObjectNode
        tokens = (*place.tokens, unescape(key))
        slot = Slot(place.handle, key, place.path, tokens, node.children, key)
        self.set_slot(slot, raw, texts=texts, token=token)

    def set_slot(
        self, slot: Slot, raw: Any, *, texts: RemovedTexts = None, token: int | None = None
    ) -> None:
        """Set a map's entry to a layout.

        When undo puts an earlier value back, `texts` are the texts in this value. They get their
        former first ids back.
        """
        journal, txn = self._journal, self._journal.open.txn
        old = get_or_none(txn, slot.handle, slot.key)
        place = slot.path if slot.key == VALUE else (*slot.path, slot.key)
        if texts is None and type(raw) is str and self._texts.edit(old, raw, place, slot.tokens):
            return
        present = old is not None or slot.handle.has(txn, slot.key)
        before = Exactly(raw_of(txn, old)) if present else Absent()
        removed = self._texts.removed(old, place) if present else ()
        holder = slot.handle
        if is_type(old):
            holder = journal.clear(holder, slot.path, slot.key, slot.children.get(slot.name))
        value, node = read(raw)
        if node is None:
            slot.children.pop(slot.name, None)
        else:
            slot.children[slot.name] = node
        journal.note(SetRecord(slot.path, slot.key, before, fingerprint(value), removed, token))
        journal.emit("replace" if present else "add", slot.tokens, value)
        self._build.put(holder, slot.key, raw, slot.tokens)
        if texts:
            self._texts.restore_identity(
                get_or_none(self._journal.open.txn, holder, slot.key), texts
            )

    def unset(self, place: Place, key: str, *, token: int | None = None) -> None:
        """Remove an existing key of an object."""
        node = place.node
        assert type(node) is ObjectNode
        held = get_or_none(self._journal.open.txn, place.handle, key)
        before = Exactly(raw_of(self._journal.open.txn, held))
        removed = self._texts.removed(held, (*place.path, key))
        self._journal.remove_entry(place.handle, place.path, key, node.children.get(key))
        node.children.pop(key, None)
        node.note_gone(key)
        self._journal.note(SetRecord(place.path, key, before, Absent(), removed, token))
        self._journal.emit("remove", (*place.tokens, unescape(key)))
