"""The results of changes to a document: of an accepted change, and of an undo."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from collab.entry import Entry, Op, TextChanges
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import Applied, apply
from collab.patch.diff import diff
from collab.patch.splices import as_received
from collab.patch.values import same
from collab.tree.summary import NO_SUMMARY, UpdateSummary
from collab.yjs.update import STORED_BOUNDS, inspect


class Change(Struct, frozen=True):
    """The result of one accepted change.

    Invariant: `ops` turn `before` into exactly `value`. `update` brings a Yjs copy of the version
    before to this version. `inverse` has the facts that undo needs to take the change back. `ops`
    are empty when only root types other than `content` changed. `texts` has the exact changes of a
    text, by the number of its op. `copied` are the bytes of memory of the containers that only one
    of the two values has.
    """

    ops: list[Op]
    update: bytes
    inverse: bytes
    before: Json
    value: Json
    texts: dict[int, TextChanges] = {}
    copied: int = 0


class Followed(Struct, frozen=True):
    """An entry that another instance has committed, ready to be applied (`Document.follow`).

    `applied` is what its ops do to the value before it. `summary` describes its update.
    """

    entry: Entry
    applied: Applied
    summary: UpdateSummary

    @classmethod
    def of(cls, entry: Entry, before: Json, size: int) -> Followed:
        """Prepare an entry for the value `before`, which has `size` bytes.

        Raise `Rejected` when its ops or its update cannot be read. The entry may be as the log
        stores it. The prepared entry is as clients receive it (`collab/patch/splices.py`).
        """
        applied = apply(before, entry.ops, size=size, splices=True, texts=entry.texts)
        summary = NO_SUMMARY
        if entry.update:
            inspected = inspect(entry.update, STORED_BOUNDS)
            summary = UpdateSummary.of(inspected, {}, has_arrays=False)
        return cls(as_received(entry, applied), applied, summary)


@dataclass(frozen=True, slots=True)
class UndoneEntry:
    """An entry that was taken back or put back, and where its changes are visible now."""

    version: int
    at: int
    pointers: list[str]


@dataclass(frozen=True, slots=True)
class Undone:
    """The result of an undo or a redo.

    `reverts` are the versions that it took back or put back. `skipped` are the places that it did
    not change, because other users have changed them since.
    """

    change: Change
    reverts: list[int]
    undone: list[UndoneEntry]
    skipped: list[str]


def cancels_out(before: Json, applied: Applied) -> bool:
    """Whether several ops together change nothing, like a removal and its reversal."""
    several = len(applied.ops) > 1 or applied.ops[0]["op"] == "move"
    return several and same(before, applied.value)


def with_object_root(before: Json, applied: Applied, size: int) -> Applied:
    """Return the same change with ops that can be written; `before` has `size` bytes.

    Raise `invalid_document` when the value after the change is no object.

    The Yjs root is always a map. So an op that sets another kind of root cannot be written. A diff
    has no such ops.
    """
    if not isinstance(applied.value, dict):
        raise Rejected(Code.INVALID_DOCUMENT, "the document must be a JSON object", path="")
    for op in applied.ops:
        if not op["path"] and not isinstance(op["value"], dict):
            return apply(before, diff(before, applied.value), size=size)
    return applied
