"""The undo state of a document. It depends only on the document's entries, applied in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from collab.document.snapshot_format import FORMAT, Steps
from collab.document.stacks import fold, shrink, size_of
from collab.document.steps import (
    Inverse,
    Stacks,
    Step,
    UndoBounds,
    all_records,
    contains_version,
    decode_inverse,
    shown_in,
)
from collab.entry import Entry, Kind
from collab.identity.identity_index import IdentityIndex
from collab.identity.incarnations import Incarnations
from collab.types.records import Path, Record, Reinsertion, place_of, single_records, slot_of


class UndoState:
    """The steps of all users, and the indexes that find what the steps changed.

    Invariant: `stacks`, `incarnations` and the reinsertions of `identity` are the result of all
    entries so far, applied in order. So they are the same after the document is opened again.
    """

    def __init__(self, saved: Steps, bounds: UndoBounds) -> None:
        self.bounds = bounds
        self.stacks = saved.stacks
        self._size = sum(own.size for own in self.stacks.values())
        self.incarnations = Incarnations(saved.tokens, saved.most_tokens)
        self.identity = IdentityIndex(saved.reinsertions)
        self.identity.named_records = self._named
        self.identity.is_asked_for = self.incarnations.is_known

    def close(self) -> None:
        """Drop a reference cycle. With it, only garbage collection would free the state."""
        self.identity.close()

    def saved(self) -> Steps:
        """Return the state to be saved."""
        rows, most = self.incarnations.rows(), self.incarnations.most
        return Steps(FORMAT, self.stacks, self.identity.reinsertions, rows, most)

    def add_entry(self, entry: Entry, decoded: Inverse | None = None) -> None:
        """Add an entry from the log. `decoded` is what `expect_entry` has returned for it."""
        self.add_version(
            entry.author.user, entry.kind, entry.version, entry.at, entry.inverse, decoded
        )

    def add_version(
        self,
        user: str,
        kind: Kind,
        version: int,
        at: int,
        inverse: bytes,
        decoded: Inverse | None = None,
    ) -> None:
        """Add a version. For a version that was just made, `decoded` is its decoded `inverse`.

        The reinsertions of such a version are in `identity` already.
        """
        own = self.stacks.get(user)
        before = 0 if own is None else own.size
        folded = fold(
            self.stacks,
            self.incarnations,
            user=user,
            kind=kind,
            version=version,
            at=at,
            inverse=inverse,
            bounds=self.bounds,
            decoded=decoded,
        )
        own = self.stacks.get(user)
        self._size += (0 if own is None else own.size) - before
        if 0 < self.bounds.bytes < self._size:
            shrink(self.stacks, self.bounds, user)
            self._size = sum(own.size for own in self.stacks.values())
        if decoded is None:
            for reinsertion in folded.reinsertions:
                self.identity.add_reinsertion(reinsertion)
        self.identity.end_version()

    def expect(
        self, user: str, records: Iterable[Record], reinsertions: Iterable[Reinsertion]
    ) -> None:
        """Add what a version contains to the identity index, before `add_version` adds the version.

        `add_version` needs this when it gets the decoded inverse.
        """
        for record in records:
            self.identity.add(user, record)
        for reinsertion in reinsertions:
            self.identity.add_reinsertion(reinsertion)

    def expect_entry(self, entry: Entry) -> Inverse:
        """Do the same for an entry that another instance has made. Return its decoded inverse."""
        inverse = decode_inverse(entry.inverse)
        self.expect(entry.author.user, inverse.records, inverse.reinsertions)
        return inverse

    def steps(self, user: str, kind: Kind) -> Sequence[Step]:
        """Return the user's steps to undo, or to redo, newest last."""
        own = self.stacks.get(user, Stacks())
        return own.undo if kind == "undo" else own.redo

    def open_steps(self, user: str) -> dict[str, bool]:
        """Return whether the user has a step to undo, and one to redo, as messages say it."""
        own = self.stacks.get(user, Stacks())
        return {"can_undo": bool(own.undo), "can_redo": bool(own.redo)}

    def size_of_step(self, user: str, kind: Kind, containing: int | None) -> int:
        """Return the bytes of the user's newest step, or of all steps that contain a version."""
        steps = self.steps(user, kind)
        if containing is None:
            return size_of(steps[-1:])
        return size_of(step for step in steps if contains_version(step, containing))

    def unneeded(self, hidden: Sequence[tuple[Path, str]]) -> list[tuple[Path, str]]:
        """Return the hidden elements that no step may show again: array paths and keys."""
        needed = shown_in(self.stacks.values()) if hidden else set()
        return [element for element in hidden if element not in needed]

    def needed_records(self, records: Iterable[Record]) -> list[Record]:
        """Return an invisible change's records whose place is a step's place or above it."""
        slots = [
            (record, slot)
            for record in records
            for single in single_records(record)
            if (slot := slot_of(single)) is not None
        ]
        lengths = {len(slot) for _, slot in slots}
        if not lengths:
            return []
        asked = (single for _, record in self._named() for single in single_records(record))
        places = (slot_of(single) or place_of(single) for single in asked)
        # An update may have as many records as the steps have.
        above = {place[:length] for place in places for length in lengths if length <= len(place)}
        return [record for record, slot in slots if slot in above]

    def _named(self) -> Iterator[tuple[str, Record]]:
        """Yield the records of all steps, with their users."""
        return ((user, left.record) for user, left in all_records(self.stacks))
