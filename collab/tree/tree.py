"""A Yjs document as a tree of JSON: patches in, updates in, exact ops and update bytes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pycrdt import _pycrdt as native

from collab.entry import Op
from collab.identity.characters import Deletions, text_id
from collab.identity.identity_index import IdentityIndex
from collab.identity.items import on_items
from collab.identity.labels import reach
from collab.ids import Json
from collab.patch.apply import replay
from collab.patch.pointer import Tokens
from collab.patch.values import Atomic
from collab.tree.difference import Difference
from collab.tree.read import Reader
from collab.tree.sections import Limits, TrialCopy
from collab.tree.summary import NO_SUMMARY, Deletes, TextsBefore, UpdateSummary
from collab.types.depth import apply_update
from collab.types.events import DirtyPlace, Observer
from collab.types.handles import Txn, raw_at_once, raw_of
from collab.types.layout import ArrayNode, hidden_in, read_object
from collab.types.loader import Loader
from collab.types.place import Place, open_path, pointer_tokens
from collab.types.records import Path, Record, Reinsertion
from collab.writing.journal import Journal
from collab.writing.overlay import MapOverlay
from collab.writing.write import Writer

EMPTY_STATE_VECTOR = b"\x00"
LARGE = 128 * 1024  # bytes of updates, some 10,000 values: their types are read one by one


class RolledBack(NamedTuple):
    """What is left of an update that was rolled back.

    `kept` is what the areas were by it, by their places before it; `reinserted` are the characters
    that stand again where it deleted them.
    """

    kept: Mapping[Tokens, Json]
    reinserted: list[Reinsertion]


class Integrated(NamedTuple):
    """What became of a client's update: its own update, the ops, and the records of them.

    `rolled_back` is there when the update went beyond its limits.
    """

    update: bytes
    ops: list[Op]
    records: list[Record]
    rolled_back: RolledBack | None = None


class Tree:
    """One Yjs document, the nodes that mirror its shape, and what its last transaction did.

    Invariant: between calls no transaction is open, and `root` describes `content`.
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
        self._doc, self._content = loader.doc, loader.content
        self._raw_of = raw_of if loader.size > LARGE else raw_at_once
        self._atomic = atomic
        self.initial: dict[str, Json]
        self.initial, self.root = read_object(self._raw())
        self.identity = identity or IdentityIndex()
        self.identity.deletions = Deletions(self._doc)
        self._to_purge: list[tuple[Path, str]] = []
        self._observer = observer = Observer()
        # Native callbacks, not pycrdt's wrappers: these copy every event into Python objects.
        self._subscriptions = [
            self._content.observe_deep(observer.on_events),
            self._doc.observe(observer.on_commit),
        ]

    def close(self) -> None:
        """Let go of the callbacks."""
        for subscription in self._subscriptions:
            subscription.drop()
        self._subscriptions.clear()

    # --- transactions -----------------------------------------------------------------------

    def write(
        self,
        prefix: str,
        value: Json,
        work: Callable[[Writer], None],
        author: str | None = None,
    ) -> tuple[bytes, Journal]:
        """One transaction of our own on the document whose value is `value`.

        Its update, empty where it did nothing, and what was written. `author` is the user who
        replaces texts as a whole.
        """
        self._observer.listening = False
        txn = self._doc.create_transaction()
        place = Place(self._content, self.root, (), ())
        journal = Journal(txn, place, self._atomic, value, self.identity, author)
        try:
            work(Writer(journal, prefix))
            if journal.records:
                self._purge(txn)
        finally:
            txn.commit()
            txn.drop()
            self._observer.listening = True
        return self._observer.take_update(), journal

    def dry_run(self, prefix: str, value: Json, work: Callable[[Writer], None]) -> None:
        """The same on overlays: the writer's journal has what would be written, and nothing is."""
        txn = self._doc.create_transaction()
        overlay = MapOverlay(txn, self._content, self.identity)
        place = Place(overlay, self.root.copy(), (), ())
        journal = Journal(txn, place, self._atomic, value, self.identity)
        try:
            work(Writer(journal, prefix))
        finally:
            txn.drop()

    def _purge(self, txn: Txn) -> None:
        elements, self._to_purge = self._to_purge, []
        for path, key in elements:
            place = open_path(txn, Place(self._content, self.root, (), ()), path)
            if place is None or type(place.node) is not ArrayNode:
                continue
            if key not in place.node.orders and place.handle.has(txn, key):
                place.handle.remove(txn, key)

    def integrate(
        self,
        update: bytes | Iterable[bytes],
        value: Json,
        summary: UpdateSummary = NO_SUMMARY,
        limits: Limits | None = None,
    ) -> Integrated:
        """One client update on the document whose value is `value`; what it added, and did.

        Where it comes in slices, those that there are when it is their turn. `summary` is what
        all of it says. An update that goes beyond its limits is rolled back.
        """
        slices: Iterable[bytes] = (update,) if isinstance(update, bytes) else update
        trial, stays_within = None, True
        if limits is not None:
            slices = list(slices)
            trial = TrialCopy(self._doc.client_id(), self.state(), self.root, limits)
            stays_within = trial.stays_within(slices)
        before = self._texts_before(summary.deletes)
        merged = apply_update(self._doc, self._content, self._observer, slices)
        ops, records = self._read_changes(value, self._observer.take_dirty(), summary, before)
        integrated = Integrated(merge_updates(merged), ops, records)
        if trial is not None:
            if not stays_within:
                integrated = self._roll_back(trial, merged, value, ops, before)
            trial.close()
        return integrated

    def _read_changes(
        self, value: Json, dirty: DirtyPlace | None, summary: UpdateSummary, before: TextsBefore
    ) -> tuple[list[Op], list[Record]]:
        """The ops from `value` to what is there now, and their records; the nodes follow."""
        txn = self._doc.create_transaction()
        difference = Difference(txn, self.identity, summary, before)
        try:
            if dirty is not None:
                self._forget_unread(txn, dirty, ())
                Reader(difference).refresh(self._content, self.root, value, dirty, (), "")
            content, identity = self._content, self.identity
            records = [on_items(txn, content, identity, one) for one in difference.records]
        finally:
            txn.drop()
        return difference.ops, records

    def _roll_back(
        self, trial: TrialCopy, merged: list[bytes], value: Json, ops: list[Op], before: TextsBefore
    ) -> Integrated:
        """Roll back what the last transactions did; the answer has what lies in the limits."""
        after = replay(value, ops)
        kept = trial.kept(self.root, after)
        for back_again in trial.roll_back():
            merged += apply_update(self._doc, self._content, self._observer, [back_again])
        back, _ = self._read_changes(after, self._observer.take_dirty(), NO_SUMMARY, TextsBefore())
        txn = self._doc.create_transaction()
        try:
            reinserted = before.reinserted(txn, self._content, self.identity)
        finally:
            txn.drop()
        return Integrated(merge_updates(merged), [*ops, *back], [], RolledBack(kept, reinserted))

    def _forget_unread(self, txn: Txn, dirty: DirtyPlace, path: Path) -> None:
        """Forget the characters of edited texts that do not show: the reader passes over these."""
        for step, deeper in dirty.below.items():
            here = (*path, step)
            if deeper.deltas and len(pointer_tokens(self.root, here)) < len(here):
                text = reach(txn, self._content, here)
                if text is not None:
                    self.identity.cache(self.identity.first_id(text_id(txn, text)), None)
            self._forget_unread(txn, deeper, here)

    def _texts_before(self, deletes: Deletes) -> TextsBefore:
        """What steps name of the characters that are about to be deleted."""
        if not deletes:
            return TextsBefore()
        txn = self._doc.create_transaction()
        try:
            return TextsBefore.of(txn, self._content, self.identity, deletes)
        finally:
            txn.drop()

    # --- state ------------------------------------------------------------------------------

    def state(self) -> bytes:
        return self.update_since(EMPTY_STATE_VECTOR)

    def update_since(self, state_vector: bytes) -> bytes:
        txn = self._doc.create_transaction()
        try:
            return self._doc.get_update(txn, state_vector)
        finally:
            txn.drop()

    def state_vector(self) -> bytes:
        txn = self._doc.create_transaction()
        try:
            return self._doc.get_state(txn)
        finally:
            txn.drop()

    def read(self) -> Json:
        """The value, read again from the Yjs types; for tests and checks."""
        return read_object(self._raw())[0]

    def _raw(self) -> Any:
        """The content in the layout's JSON form."""
        txn = self._doc.create_transaction()
        try:
            return self._raw_of(txn, self._content)
        finally:
            txn.drop()

    def hidden(self) -> list[tuple[Path, str]]:
        """The elements that are soft-deleted: their arrays and keys."""
        return list(hidden_in(self._raw()))

    def mark_for_purge(self, elements: Sequence[tuple[Path, str]]) -> None:
        """The next write removes those of these elements for good that are still hidden then."""
        self._to_purge = list(elements)


def merge_updates(updates: Sequence[bytes]) -> bytes:
    """One update that does what all of them do, in whatever order they arrive."""
    some = [update for update in updates if update]
    if len(some) <= 1:
        return some[0] if some else b""
    return native.merge_updates(tuple(some))
