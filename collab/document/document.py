"""A document: its value, its Yjs state and its undo stacks, and the operations that change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Unpack

from collab.document.change import Change, Followed, Undone, cancels_out, with_object_root
from collab.document.compensation import Before, Correct, corrected
from collab.document.numbers import canonical_ops
from collab.document.opening import Opening
from collab.document.snapshot_format import FORMAT, Body, Draft, encode_json, encode_steps
from collab.document.steps import BY_PATCH, BY_YJS, UNDO_BOUNDS, Inverse, MadeBy, UndoBounds
from collab.document.undo import Check, UndoCall, UndoOptions, checked_undo
from collab.document.undo_state import UndoState
from collab.document.value_count import ValueCount, WorkSize, require_short_lists
from collab.entry import Entry, Kind
from collab.ids import Json
from collab.patch.apply import Applied, apply
from collab.patch.bounds import UNBOUNDED, Bounds, json_size
from collab.patch.values import Atomic, named_atomic
from collab.ports.store import Snapshot
from collab.structs.block_estimate import BlockEstimate
from collab.structs.state_updates import StateUpdates
from collab.structs.struct_index import StructIndex
from collab.tree.sections import Limits
from collab.tree.summary import UpdateSummary, summary_of
from collab.tree.tree import LARGE, Tree
from collab.types.yjs_document import Structs
from collab.writing.write import Writer
from collab.yjs.server_ids import server_id
from collab.yjs.update import decode_state_vector


class Document:
    """One document in memory.

    Invariant: `value` is the JSON value of the Yjs types. The undo stacks are the result of all
    entries up to `version`, applied in order.

    There is no rollback. When a change cannot be committed, the document is closed and opened
    again. Each epoch has its own Yjs client id for the changes of the server. No client gets a
    change before its commit, so a second attempt may use the same clocks. `opening_seconds`
    estimates the next opening: the time of the last opening plus that of long updates since then.

    An *inverse* is the stored form of the facts that undo needs about an entry
    (`collab/document/steps.py`).
    """

    def __init__(
        self, opening: Opening, atomic: Atomic = named_atomic, undo: UndoBounds = UNDO_BOUNDS
    ) -> None:
        body, entries = opening.body, opening.entries
        self.epoch = opening.epoch
        self.version = entries[-1].version if entries else body.version
        self.opening_seconds = opening.opening_seconds
        self.leases = body.leases  # the Yjs client ids in use, each with its user
        self._undo = UndoState(opening.steps, undo)
        for entry in opening.earlier:
            self._undo.add_entry(entry)
        for entry in entries:
            self._lease(entry.leases, entry.author.user)
            self._undo.add_entry(entry)
        client_id = server_id(self.epoch)
        self._tree = Tree(client_id, opening.rest(), atomic, opening.loader, self._undo.identity)
        self.value: Json = self._tree.initial
        self.size = json_size(self.value)
        self.count = ValueCount()
        self.work = WorkSize(opening.loader.size, opening.deleted)
        self.blocks = BlockEstimate(opening.uncounted, opening.replaced, opening.blocks)
        self.updates = StateUpdates(opening.logged_updates(), opening.blocks)

    @classmethod
    def create(
        cls,
        epoch: int,
        atomic: Atomic = named_atomic,
        *,
        version: int = 0,
        undo: UndoBounds = UNDO_BOUNDS,
    ) -> Document:
        """Return a document before its first version: `{}`."""
        return cls(Opening.blank(epoch, version), atomic, undo)

    @classmethod
    def open(
        cls,
        snapshot: Snapshot | None,
        entries: Sequence[Entry],
        epoch: int,
        atomic: Atomic = named_atomic,
        undo: UndoBounds = UNDO_BOUNDS,
    ) -> Document:
        """Return a document from its snapshot and the entries since then."""
        return cls(Opening.of(snapshot, entries, epoch), atomic, undo)

    def snapshot(self, *, steps: bool = True) -> Snapshot:
        """Return the whole state for `open`, with or without the undo steps."""
        draft, state = self.draft(steps=steps), self._tree.state()
        self.updates.reset(state)
        return draft.with_state(state)

    def draft(self, *, steps: bool = True) -> Draft:
        """Return a snapshot without its Yjs state: encoding that takes long in a large document."""
        value, seconds, leases = encode_json(self.value), self.opening_seconds, dict(self.leases)
        replaced = dict(self.blocks.replaced)
        body = Body(FORMAT, self.version, b"", leases, seconds, value, replaced)
        saved = encode_steps(self._undo.saved()) if steps else b""
        return Draft(body, saved, self.updates.all(), self.encode_state_vector())

    def close(self) -> None:
        """Drop the references that would keep the document in memory."""
        self._tree.close()
        self._undo.close()

    def use(self, atomic: Atomic) -> None:
        """Decide by another function from now on which texts are written as single values."""
        self._tree.atomic = atomic

    # --- changes ----------------------------------------------------------------------------

    def patch(
        self,
        ops: Sequence[Any],
        *,
        version: int,
        user: str,
        at: int,
        kind: Kind = "edit",
        bounds: Bounds = UNBOUNDED,
        splices: bool = False,
        check: Check | None = None,
        made_by: MadeBy = BY_PATCH,
        structs: Structs | None = None,
    ) -> Change | None:
        """Apply a whole patch, or nothing of it. Return None when it changes nothing.

        When the patch is invalid or `check` refuses it, raise before any change. With `structs`, a
        large deletion does not block the interpreter for long.
        """
        applied = apply(
            self.value, canonical_ops(ops), size=self.size, bounds=bounds, splices=splices
        )
        applied = with_object_root(self.value, applied, self.size)
        if not applied.ops or cancels_out(self.value, applied):
            return None
        self.count.require(self.value, applied, bounds.max_values)
        require_short_lists(self._tree.root, self.value, applied.ops, applied.size)
        if check is not None:
            check(applied.value, applied.ops)
        update, journal = self._tree.write(
            f"{version:x}",
            self.value,
            partial(Writer.apply, ops=applied.ops, exact=applied.texts),
            user,
            structs,
        )
        inverse = Inverse(
            tuple(journal.records), reinsertions=tuple(journal.reinsertions), made_by=made_by
        )
        return self._accept(applied, update, inverse, version, user, at, kind)

    def integrate(
        self,
        update: bytes | Iterable[bytes],
        *,
        version: int,
        user: str,
        at: int,
        kind: Kind = "edit",
        correct: Correct | None = None,
        leases: Sequence[int] = (),
        summary: UpdateSummary | None = None,
        limits: Limits | None = None,
        structs: StructIndex | None = None,
        made_by: MadeBy = BY_YJS,
    ) -> Change | None:
        """Apply a client's validated update. Return None when it adds nothing.

        An iterable `update` yields an update in slices. All its slices are one change.

        `correct` may return another value that the document must have. The change then includes
        the correction. `summary` describes the update; when it is None, it is made here. Changes
        outside `limits` are rolled back. `structs` are the document's structs before the update.
        With them, a large deletion does not block the interpreter for long.
        """
        if summary is None:
            summary = summary_of(update, self.state_vector())
        integrated = self._tree.integrate(update, self.value, summary, limits, structs)
        if not integrated.update:
            return None
        self._undo.expect(user, integrated.records, reinserted := integrated.reinserted)
        before = Before(self._tree, self.value, self.size, version, self._undo.incarnations)
        written, applied, records, reinsertions = corrected(before, integrated, correct)
        if leases:
            self._lease(leases, user)
        # An invisible change, such as a new order key that keeps the order, is no undo step.
        if not applied.ops:
            records = self._undo.needed_records(records)
        again, silent = (*reinserted, *reinsertions), not applied.ops
        inverse = Inverse(tuple(records), reinsertions=again, silent=silent, made_by=made_by)
        return self._accept(applied, written, inverse, version, user, at, kind)

    def renew(self, *, version: int, user: str, at: int) -> Change | None:
        """Drop the blocks of deleted content (rule D19). Return None when there is no container."""
        update, reinsertions = self._tree.renew(self.value)
        if not update:
            return None
        for one in reinsertions:
            self._undo.identity.add_reinsertion(one)
        self.blocks.note_renewal(update)
        inverse = Inverse((), reinsertions=tuple(reinsertions), silent=True)
        same = Applied(self.value, [], [], self.size)
        return self._accept(same, update, inverse, version, user, at, "edit")

    def follow(self, followed: Followed) -> Change:
        """Apply an entry that another instance has committed as the next version (rule D20)."""
        entry = followed.entry
        inverse = self._undo.expect_entry(entry)
        self._tree.follow(entry.update, self.value, followed.summary, inverse.records)
        self._lease(entry.leases, entry.author.user)
        self.count.reset()
        change = self._advance(followed.applied, entry.update, entry.inverse, entry.version)
        self._undo.add_entry(entry, inverse)
        return change

    def advance_to(self, version: int) -> None:
        """Set the version, after a version that changed nothing."""
        self.version = version

    @property
    def work_size(self) -> int:
        """The size of the document for work that walks through all of it."""
        return self.work.of(self.value, self.size)

    def mark_unneeded(self) -> int:
        """Mark the hidden elements that no step needs. Return how many there are.

        Later patches and undos delete these elements. So the deletion needs no separate version.
        """
        unneeded = self._undo.unneeded(self._tree.hidden(is_small=self.work_size < LARGE))
        self._tree.mark_for_purge(unneeded)
        return len(unneeded)

    def _accept(
        self,
        applied: Applied,
        update: bytes,
        inverse: Inverse,
        version: int,
        user: str,
        at: int,
        kind: Kind,
    ) -> Change:
        blob = b"" if kind == "create" else inverse.encoded()
        change = self._advance(applied, update, blob, version)
        self._undo.add_version(user, kind, version, at, blob, inverse)
        return change

    def _advance(self, applied: Applied, update: bytes, blob: bytes, version: int) -> Change:
        before, self.value = self.value, applied.value
        if applied.size < self.size:
            self.work.note_deletion(self.size - applied.size)
        self.size, self.version = applied.size, version
        self.work.change(update, applied.ops)
        self.blocks.since += len(update)
        self.updates.add(update)
        copied, texts, value = applied.copied, applied.texts, applied.value
        return Change(applied.ops, update, blob, before, value, texts, copied)

    # --- undo and redo ----------------------------------------------------------------------

    def undo(self, user: str, scope: str = "", **asked: Unpack[UndoOptions]) -> Undone:
        """Take back a step of the user under `scope`. Raise `nothing_to_undo` if there is none."""
        return self._undo_or_redo("undo", user, scope, asked)

    def redo(self, user: str, scope: str = "", **asked: Unpack[UndoOptions]) -> Undone:
        """Put back what an undo by the user took back."""
        return self._undo_or_redo("redo", user, scope, asked)

    def undo_size(self, user: str, kind: Kind, containing: int | None = None) -> int:
        """Return about how many bytes of inverses an undo or a redo would take back."""
        return self._undo.size_of_step(user, kind, containing)

    def open_steps(self, user: str) -> dict[str, bool]:
        """Return whether the user has a step to undo, and one to redo, as messages say it."""
        return self._undo.open_steps(user)

    def _undo_or_redo(self, kind: Kind, user: str, scope: str, asked: UndoOptions) -> Undone:
        steps = self._undo.steps(user, kind)
        call = UndoCall.of(kind, scope, self._undo.incarnations, asked)
        run = checked_undo(self._tree, self.value, steps, call, asked)
        self.count.reset()
        applied = apply(self.value, run.ops, size=self.size, texts=run.texts)
        inverse = run.inverse(asked.get("made_by", BY_PATCH))
        version, at = asked["version"], asked["at"]
        change = self._accept(applied, run.update, inverse, version, user, at, kind)
        return Undone(change, list(inverse.origins), run.undone, run.skipped)

    def _lease(self, client_ids: Sequence[int], user: str) -> None:
        for client_id in client_ids:
            self.leases.setdefault(client_id, user)

    # --- the Yjs lane -----------------------------------------------------------------------

    def encode_state_vector(self) -> bytes:
        return self._tree.state_vector()

    def state_vector(self) -> dict[int, int]:
        return decode_state_vector(self._tree.state_vector())

    def update_since(self, state_vector: bytes) -> bytes:
        """Return what a peer with this validated state vector lacks."""
        return self._tree.update_since(state_vector)

    def read(self) -> Json:
        """Read the value from the Yjs types again."""
        return self._tree.read()
