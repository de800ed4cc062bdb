"""A document: its value, its Yjs state, its undo stacks, and the one way in which they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from collab.document.change import Change, Undone, cancels_out
from collab.document.compensation import Correct, compensate, correction_of
from collab.document.numbers import canonical_ops
from collab.document.opening import Opening
from collab.document.snapshot_format import FORMAT, Body, encode, encode_json, encode_steps
from collab.document.steps import (
    BY_PATCH,
    BY_YJS,
    UNDO_BOUNDS,
    Inverse,
    MadeBy,
    UndoBounds,
    encode_inverse,
)
from collab.document.undo import Check, UndoCall, UndoOptions, dry_run_undo, perform_undo
from collab.document.undo_state import UndoState
from collab.document.value_count import ValueCount, WorkSize
from collab.entry import Entry, Kind, Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import Applied, apply
from collab.patch.bounds import UNBOUNDED, Bounds, json_size
from collab.patch.diff import diff
from collab.patch.values import Atomic, named_atomic
from collab.ports.store import Snapshot
from collab.tree.sections import Limits
from collab.tree.summary import UpdateSummary, summary_of
from collab.tree.tree import Tree, merge_updates
from collab.yjs.server_ids import server_id
from collab.yjs.update import decode_state_vector


class Document:
    """One document in memory.

    Invariant: `value` is what the Yjs types read as, and the stacks are the fold over all
    entries up to `version`. There is no rollback: a document whose change could not be committed
    is closed and opened again. Its own Yjs client id is its epoch's: nothing leaves before it
    is committed, so applying again may use the same clocks. `opening_seconds` says how long
    opening it may take: what it took, and what the updates since then took.
    """

    def __init__(
        self, opening: Opening, atomic: Atomic = named_atomic, undo: UndoBounds = UNDO_BOUNDS
    ) -> None:
        body, entries = opening.body, opening.entries
        self.epoch = opening.epoch
        self.version = entries[-1].version if entries else body.version
        self.opening_seconds = opening.opening_seconds
        self._leases = body.leases
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
        self._count, self._work_size = ValueCount(), WorkSize(opening.loader.size)

    @classmethod
    def create(
        cls,
        epoch: int,
        atomic: Atomic = named_atomic,
        *,
        version: int = 0,
        undo: UndoBounds = UNDO_BOUNDS,
    ) -> Document:
        """A document before its first version: `{}`."""
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
        """A document from its snapshot and the entries since."""
        return cls(Opening.of(snapshot, entries, epoch), atomic, undo)

    def snapshot(self, *, steps: bool = True) -> Snapshot:
        """The whole state, for `open`; with the steps that can be undone, or without."""
        value = encode_json(self.value)
        body = Body(
            FORMAT, self.version, self._tree.state(), self._leases, self.opening_seconds, value
        )
        return Snapshot(
            self.version, encode(body), encode_steps(self._undo.saved()) if steps else b""
        )

    def close(self) -> None:
        """Let go of what would keep the document in memory."""
        self._tree.close()
        self._undo.close()

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
    ) -> Change | None:
        """Apply a patch whole or not at all; None where it changes nothing.

        Whatever is wrong with it, or `check` finds, is raised before anything has happened.
        """
        applied = apply(
            self.value, canonical_ops(ops), size=self.size, bounds=bounds, splices=splices
        )
        if not isinstance(applied.value, dict):
            raise Rejected(Code.INVALID_DOCUMENT, "a document is an object", path="")
        if not all(op["path"] or isinstance(op["value"], dict) for op in applied.ops):
            # The Yjs root is a map all the way: a root of another kind in between has no types.
            applied = apply(self.value, diff(self.value, applied.value), size=self.size)
        if not applied.ops or cancels_out(self.value, applied):
            return None
        if not self.allows_values(applied.value, applied.ops, applied.size, bounds.max_values):
            raise Rejected(Code.TOO_LARGE, f"a document holds at most {bounds.max_values} values")
        if check is not None:
            check(applied.value, applied.ops)
        update, journal = self._tree.write(
            f"{version:x}",
            self.value,
            lambda writer: writer.apply(applied.ops, exact=applied.spliced),
            user,
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
        made_by: MadeBy = BY_YJS,
    ) -> Change | None:
        """Apply a client's update, which has passed the validator; None where it adds nothing.

        It may come in slices: what is handed out while it is applied is one change.

        `correct` may answer with the value that the document must have instead; what takes it
        there is part of the change. `summary` is what it says that it does, which is read
        from it where it is not given. What it does beyond its `limits` is rolled back.
        """
        if summary is None:
            summary = summary_of(update, self.state_vector())
        written, ops, records, rolled_back = self._tree.integrate(
            update, self.value, summary, limits
        )
        if not written:
            return None
        applied = apply(self.value, ops, size=self.size)
        reinsertions = [] if rolled_back is None else rolled_back.reinserted
        for record in records:
            self._undo.identity.add(user, record)
        for reinsertion in reinsertions:
            self._undo.identity.add_reinsertion(reinsertion)
        correction = correction_of(self.value, applied, rolled_back, correct)
        if correction is not None:
            incarnations = self._undo.incarnations
            back, journal = compensate(
                self._tree, applied.value, self.value, correction, version, records, incarnations
            )
            applied = apply(self.value, correction.ops, size=self.size)
            written = merge_updates([written, back])
            records = [*records, *journal.records]
            reinsertions = [*reinsertions, *journal.reinsertions]
        self._lease(leases, user)
        # A change that does not show, such as an order key that changes no order, is no step.
        if not applied.ops:
            records = self._undo.needed_records(records)
        inverse = Inverse(
            tuple(records),
            reinsertions=tuple(reinsertions),
            silent=not applied.ops,
            made_by=made_by,
        )
        return self._accept(applied, written, inverse, version, user, at, kind)

    def advance_to(self, version: int) -> None:
        """Count a version that changed nothing."""
        self.version = version

    def allows_values(self, after: Json, ops: Sequence[Op], size: int, most: int) -> bool:
        """Whether the document may have the value `after`, of `size` bytes, by its values."""
        return self._count.allows(self.value, after, ops, size, most)

    @property
    def work_size(self) -> int:
        """How large it is for what walks through all of it."""
        return self._work_size.of(self.value, self.size)

    def mark_unneeded(self) -> int:
        """Mark the hidden elements that no step needs any more; how many there are.

        The next patch or undo removes them for good: that costs no version.
        """
        hidden = self._tree.hidden()
        needed = self._undo.needed_elements() if hidden else set()
        unneeded = [element for element in hidden if element not in needed]
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
        before, self.value = self.value, applied.value
        self.size, self.version = applied.size, version
        self._work_size.change(update)
        blob = b"" if kind == "create" else encode_inverse(inverse)
        self._undo.accept(user, kind, version, at, blob, inverse)
        return Change(applied.ops, update, blob, before, applied.value)

    # --- undo and redo ----------------------------------------------------------------------

    def undo(self, user: str, scope: str = "", **asked: Unpack[UndoOptions]) -> Undone:
        """Take back a step of the user under `scope`; `nothing_to_undo` where there is none."""
        return self._undo_or_redo("undo", user, scope, asked)

    def redo(self, user: str, scope: str = "", **asked: Unpack[UndoOptions]) -> Undone:
        """Put back what an undo of the user's took back."""
        return self._undo_or_redo("redo", user, scope, asked)

    def undo_size(self, user: str, kind: Kind, containing: int | None = None) -> int:
        """About how many bytes take back what an undo or a redo would."""
        return self._undo.size_of_step(user, kind, containing)

    def _undo_or_redo(self, kind: Kind, user: str, scope: str, asked: UndoOptions) -> Undone:
        version, check = asked["version"], asked.get("check")
        steps, incarnations = self._undo.steps(user, kind), self._undo.incarnations
        call = UndoCall(
            scope, f"{version:x}", incarnations, asked.get("containing"), kind == "redo"
        )
        if check is not None:
            check(self.value, dry_run_undo(self._tree, self.value, steps, call))
        run = perform_undo(self._tree, self.value, steps, call)
        self._count.reset()
        applied = apply(self.value, run.ops, size=self.size)
        inverse = run.inverse(asked.get("made_by", BY_PATCH))
        change = self._accept(applied, run.update, inverse, version, user, asked["at"], kind)
        return Undone(change, list(inverse.origins), run.undone, run.skipped)

    def _lease(self, client_ids: Sequence[int], user: str) -> None:
        for client_id in client_ids:
            self._leases.setdefault(client_id, user)

    # --- the Yjs lane -----------------------------------------------------------------------

    @property
    def leases(self) -> Mapping[int, str]:
        """Which user writes under which Yjs client id."""
        return self._leases

    def encode_state_vector(self) -> bytes:
        return self._tree.state_vector()

    def state_vector(self) -> dict[int, int]:
        return decode_state_vector(self._tree.state_vector())

    def update_since(self, state_vector: bytes) -> bytes:
        """What a peer with this state vector lacks; it has passed the validator."""
        return self._tree.update_since(state_vector)

    def read(self) -> Json:
        """The value, read again from the Yjs types."""
        return self._tree.read()
