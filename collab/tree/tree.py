"""A Yjs document as a tree of JSON: applies patches and updates, and returns ops and updates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from collab.entry import Op
from collab.identity.characters import Deletions
from collab.identity.identity_index import IdentityIndex
from collab.identity.items import on_items
from collab.ids import Json
from collab.patch.apply import replay
from collab.patch.values import Atomic
from collab.structs.struct_index import StructIndex
from collab.tree.difference import Difference, Integrated, RolledBack
from collab.tree.early_deletion import (
    CopiedEntries,
    EarlyDeletion,
    delete_early,
    empty_early,
    put_back,
)
from collab.tree.following import FollowedDifference
from collab.tree.large_deletions import Sizes, large_deletions
from collab.tree.purge import Purge
from collab.tree.read import Reader
from collab.tree.renewal import rewrite_content
from collab.tree.sections import Limits, PlacedAreas, TrialCopy
from collab.tree.summary import NO_SUMMARY, Deletes, TextsBefore, UpdateSummary
from collab.types.depth import apply_of_log, apply_update
from collab.types.handles import Txn, raw_at_once, raw_of
from collab.types.layout import hidden_in, read_object
from collab.types.loader import Loader
from collab.types.merging import merge_updates
from collab.types.records import Path, Record, Reinsertion
from collab.types.yjs_document import OpenTransaction, Structs, Transactions, YjsDocument
from collab.writing.journal import Journal
from collab.writing.overlay import MapOverlay
from collab.writing.write import Writer
from collab.yjs.update import decode_state_vector

EMPTY_STATE_VECTOR = b"\x00"
LARGE = 128 * 1024  # bytes of updates, about 10,000 values; above, types are read one by one


class Tree:
    """One Yjs document, and the nodes that describe the shape of its containers.

    Invariant: between calls no transaction is open, and `root` is the current node of `content`.
    """

    def __init__(
        self,
        client_id: int,
        updates: Iterable[bytes],
        atomic: Atomic,
        loader: Loader | None = None,
        identity: IdentityIndex | None = None,
    ) -> None:
        loader = loader or Loader(client_id)
        loader.apply(updates)
        self._yjs = YjsDocument(loader)
        self._observer = self._yjs.observer
        self.atomic = atomic
        self.initial: dict[str, Json]
        raw = self._raw(raw_of if loader.size > LARGE else raw_at_once)
        self.initial, self.root = read_object(raw)
        self.identity = identity or IdentityIndex()
        self.identity.deletions = Deletions(self._yjs)
        self._purge = Purge()
        self._sizes = Sizes(self._yjs.hidden)

    def close(self) -> None:
        """Drop the callbacks."""
        self._yjs.close()

    # --- transactions -----------------------------------------------------------------------

    def write(
        self,
        prefix: str,
        value: Json,
        work: Callable[[Writer], None],
        author: str | None = None,
        structs: Structs | None = None,
    ) -> tuple[bytes, Journal]:
        """Run `work` on the document, whose current value is `value`.

        With `structs`, a large deletion does not block the interpreter for long. Return the update
        of all transactions, which is empty when nothing changed, and the journal. When the change
        replaces a whole text, the words that change become `author`'s own.
        """
        self._observer.listening = False
        self._yjs.mute()  # yrs would sort the events of all changed types
        transactions = Transactions(self._yjs, structs)
        journal = Journal(transactions, self.root, self.atomic, value, self.identity, author)
        try:
            work(Writer(journal, prefix))
            if journal.records and self._purge.marked:
                self._purge.unmark(journal.records)
                self._purge.delete_some(transactions, self.root)
        finally:
            update = transactions.close()
            self._observer.listening = True
        return update, journal

    def dry_run(self, prefix: str, value: Json, work: Callable[[Writer], None]) -> None:
        """Run `work` on overlays. Its writes go to its writer's journal, not to the document."""
        txn = self._yjs.doc.create_transaction()
        overlay = OpenTransaction(txn, MapOverlay(txn, self._yjs.content, self.identity))
        journal = Journal(overlay, self.root.copy(), self.atomic, value, self.identity)
        try:
            work(Writer(journal, prefix))
        finally:
            txn.drop()

    def integrate(
        self,
        update: bytes | Iterable[bytes],
        value: Json,
        summary: UpdateSummary = NO_SUMMARY,
        limits: Limits | None = None,
        structs: StructIndex | None = None,
    ) -> Integrated:
        """Apply a client's update to the document, whose current value is `value`.

        All slices that an iterable `update` yields are one change. `summary` describes the whole
        update. An update that changes something outside `limits` is rolled back. With the
        document's `structs`, a large deletion does not block the interpreter for long.
        """
        slices: Iterable[bytes] = (update,) if isinstance(update, bytes) else update
        before = self._texts_before(summary.deletes) if summary.deletes else TextsBefore()
        areas = None if limits is None else self._placed_areas(limits)
        early = EarlyDeletion()
        if structs is not None and (summary.deletes or summary.values):
            cut = not isinstance(update, bytes)
            early = self._delete_early(summary, structs, areas, may_be_cut=cut)
        deleted, trial, stays_within = Integrated(early.update, [], []), None, True
        if limits is not None and areas is not None:
            if early.update:  # inside the areas it stays, even if the update is rolled back
                deleted = self._read_changes(early.update, value, summary, before)
                value = replay(value, deleted.ops)
            slices = list(slices)
            trial = TrialCopy(self._yjs.doc.client_id(), self.state(), areas, limits.roots)
            stays_within = trial.stays_within(slices, early.entries_outside())
        merged = list(apply_update(self._yjs.doc, self._yjs.content, self._observer, slices))
        if early.outside:
            early.note(self._yjs)
        integrated = self._read_changes(merge_updates(merged), value, summary, before)
        self._purge.unmark(integrated.records)
        if trial is not None:
            if not stays_within:
                ops = integrated.ops
                integrated = self._roll_back(trial, early.outside, merged, value, ops, before)
            trial.close()
        return integrated.after(deleted) if early.update else integrated

    def renew(self, value: Json) -> tuple[bytes, list[Reinsertion]]:
        """Write all of `content`, whose value is `value`, again (`collab/tree/renewal.py`)."""
        clocks = decode_state_vector(self.state_vector())
        before = self._texts_before({client: [(0, end)] for client, end in clocks.items()})
        update = rewrite_content(self._yjs)
        changed = self._read_changes(update, value, NO_SUMMARY, TextsBefore())
        assert not changed.ops, "a renewed document has another value"
        return update, self._reinserted(before)

    def _placed_areas(self, limits: Limits) -> PlacedAreas:
        txn = self._yjs.doc.create_transaction()
        try:
            return PlacedAreas(txn, self._yjs.content, self.root, limits)
        finally:
            txn.drop()

    def _delete_early(
        self,
        summary: UpdateSummary,
        structs: StructIndex,
        areas: PlacedAreas | None,
        *,
        may_be_cut: bool,
    ) -> EarlyDeletion:
        """Delete the large containers that an update deletes or overwrites, in portions."""
        txn = self._yjs.doc.create_transaction()
        content, sizes = self._yjs.content, self._sizes
        found = large_deletions(txn, content, structs, summary, sizes, self._yjs.state)
        txn.drop()
        if found.types and areas is None:
            early = empty_early(self._yjs, found.types, deletes=may_be_cut)
            if early is not None:
                return early
        if found.entries and (found.is_large or areas is not None):
            return delete_early(self._yjs, found.entries, areas)
        return EarlyDeletion()

    def follow(
        self, update: bytes, value: Json, summary: UpdateSummary, records: Sequence[Record]
    ) -> None:
        """Apply the update of an entry of another instance. `records` are those of the entry."""
        if update:
            apply_of_log(self._yjs.doc, self._observer, update)
            self._read_changes(update, value, summary, TextsBefore(), FollowedDifference)
            self._purge.unmark(records)

    def _read_changes(
        self,
        update: bytes,
        value: Json,
        summary: UpdateSummary,
        before: TextsBefore,
        collects: type[Difference] = Difference,
    ) -> Integrated:
        """Update the nodes. Return `update` with its ops from `value`, and with their records."""
        dirty = self._observer.take_dirty()
        txn = self._yjs.doc.create_transaction()
        content, identity = self._yjs.content, self.identity
        difference = collects(txn, identity, summary, before)
        try:
            if dirty is not None:
                reader = Reader(difference)
                reader.refresh(content, self.root, value, dirty, (), "")
                reader.forget_unread(content, dirty)
            records = [on_items(txn, content, identity, record) for record in difference.records]
        finally:
            txn.drop()
        return Integrated(update, difference.ops, records, texts=difference.texts)

    def _roll_back(
        self,
        trial: TrialCopy,
        deleted: Sequence[CopiedEntries],
        merged: list[bytes],
        value: Json,
        ops: list[Op],
        before: TextsBefore,
    ) -> Integrated:
        """Roll back the last update. The result keeps the values of the areas within the limits."""
        after = replay(value, ops)
        kept = trial.kept(self.root, after)
        for back_again in trial.roll_back():
            merged += apply_update(self._yjs.doc, self._yjs.content, self._observer, [back_again])
        if deleted:
            merged.append(put_back(self._yjs, deleted))
        back = self._read_changes(b"", after, NO_SUMMARY, TextsBefore()).ops
        rolled_back = RolledBack(kept, self._reinserted(before))
        return Integrated(merge_updates(merged), [*ops, *back], [], rolled_back)

    def _reinserted(self, before: TextsBefore) -> list[Reinsertion]:
        txn = self._yjs.doc.create_transaction()
        try:
            return before.reinserted(txn, self._yjs.content, self.identity)
        finally:
            txn.drop()

    def _texts_before(self, deletes: Deletes) -> TextsBefore:
        """Return the ids of the texts and lists that lose parts which steps name."""
        txn = self._yjs.doc.create_transaction()
        try:
            return TextsBefore.of(txn, self._yjs.content, self.identity, deletes)
        finally:
            txn.drop()

    # --- state ------------------------------------------------------------------------------

    def state(self) -> bytes:
        return self.update_since(EMPTY_STATE_VECTOR)

    def index_structs(self) -> StructIndex:
        """Return a new index of the document's structs."""
        return StructIndex.of(self.state())

    def update_since(self, state_vector: bytes) -> bytes:
        txn = self._yjs.doc.create_transaction()
        try:
            return bytes(self._yjs.doc.get_update(txn, state_vector))
        finally:
            txn.drop()

    def state_vector(self) -> bytes:
        txn = self._yjs.doc.create_transaction()
        try:
            return bytes(self._yjs.doc.get_state(txn))
        finally:
            txn.drop()

    def read(self) -> Json:
        """Read the value from the Yjs types again. For tests and checks."""
        return read_object(self._raw())[0]

    def _raw(self, reads: Callable[[Txn, Any], Any] = raw_of) -> Any:
        """Return the content in the layout's JSON form.

        By default, the types are read one by one: the document may have become large meanwhile.
        """
        txn = self._yjs.doc.create_transaction()
        try:
            return reads(txn, self._yjs.content)
        finally:
            txn.drop()

    def hidden(self, *, is_small: bool = False) -> list[tuple[Path, str]]:
        """Return the hidden elements: the path of each one's array, and its key.

        A document that `is_small` is read at once.
        """
        return list(hidden_in(self._raw(raw_at_once if is_small else raw_of)))

    def mark_for_purge(self, elements: Sequence[tuple[Path, str]]) -> None:
        """Mark elements for purge. Later writes delete them, unless a change shows them first."""
        self._purge.marked = list(elements)
