"""Corrects forbidden changes of a client's update, in the same version as the update.

A change is forbidden when it breaks a lock, the schema, a limit, or the sections that the user may
change. An *area* is the location of a section in a value (`collab/rights/sections.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from collab.entry import Op
from collab.identity.incarnations import Incarnations, TrialIncarnations
from collab.ids import Json
from collab.patch.apply import Applied, apply
from collab.patch.diff import diff, diff_at, places
from collab.patch.pointer import Tokens, lookup
from collab.patch.values import same
from collab.structs.subtrees import MOST_HIDDEN
from collab.tree.difference import Integrated, RolledBack
from collab.tree.tree import Tree
from collab.types.merging import merge_updates
from collab.types.place import pointer_tokens
from collab.types.records import Record, Reinsertion, place_of
from collab.writing.journal import Journal
from collab.writing.revert import Reverter
from collab.writing.write import Writer
from collab.yjs.update import decode_state_vector

Correct = Callable[[Json, Applied], "Json | None"]


class Correction(NamedTuple):
    """The value that the document must have after an update, instead of the update's value.

    `ops` turn the value before the update into this value.
    """

    value: Json
    ops: list[Op]


class Before(NamedTuple):
    """The document before an update: its types, its value, and the bytes of its value.

    `version` is the version that the update makes.
    """

    tree: Tree
    value: Json
    size: int
    version: int
    incarnations: Incarnations


class Written(NamedTuple):
    """An update and its correction as one change. `reinsertions` are those of the correction."""

    update: bytes
    applied: Applied
    records: Sequence[Record]
    reinsertions: Sequence[Reinsertion]


def corrected(before: Before, integrated: Integrated, correct: Correct | None) -> Written:
    """Correct an update that the document has just applied. Return both as one change."""
    update, ops, records, rolled_back, texts = integrated
    tree, value, size, version, incarnations = before
    applied = apply(value, ops, size=size, texts=texts)
    correction = correction_of(value, size, applied, rolled_back, correct)
    if correction is None:
        return Written(update, applied, records, [])
    back, journal = compensate(
        tree, applied.value, value, correction, version, records, incarnations
    )
    return Written(
        merge_updates([update, back]),
        apply(value, correction.ops, size=size),
        [*records, *journal.records],
        journal.reinsertions,
    )


def correction_of(
    before: Json,
    size: int,
    applied: Applied,
    rolled_back: RolledBack | None,
    correct: Correct | None,
) -> Correction | None:
    """Return the correction of an update, or None when its value may stay.

    `size` is the number of bytes of the value before the update. When the update was rolled back,
    its changes inside the areas are kept.
    """
    if rolled_back is None:
        corrected = correct(before, applied) if correct and applied.ops else None
        return None if corrected is None else Correction(corrected, diff(before, corrected))
    areas = rolled_back.kept.items()
    ops = [op for at, value in areas for op in diff_at(at, lookup(before, at), value)]
    kept = apply(before, ops, size=size)
    corrected = correct(before, kept) if correct and kept.ops else None
    if corrected is not None:
        return Correction(corrected, diff(before, corrected))
    return Correction(kept.value, kept.ops) if kept.ops or applied.ops else None


def compensate(
    tree: Tree,
    applied: Json,
    before: Json,
    correction: Correction,
    version: int,
    records: Sequence[Record],
    incarnations: Incarnations,
) -> tuple[bytes, Journal]:
    """Change a document from the value `applied` to the corrected value.

    `records` are the records of the update (`collab/types/records.py`). When its changes in a wrong
    place can be taken back by their records, the values there are not written again. So other
    clients' unsent edits in this place survive.
    """
    wrong = _Wrong(applied, correction.value)
    is_back = same(applied, before)
    marks = TrialIncarnations(incarnations).add(records, version)

    def work(writer: Writer) -> None:
        reverter = Reverter(writer)
        for record, own in reversed(list(zip(records, marks, strict=True))):
            at = pointer_tokens(tree.root, place_of(record))
            if wrong.touches(at):
                reverter.revert(record, own)
        reverter.write_texts()
        writer.apply(correction.ops if is_back else diff(writer.journal.value, correction.value))

    clocks = sum(decode_state_vector(tree.state_vector()).values())
    structs = tree.index_structs if clocks >= MOST_HIDDEN else None
    return tree.write(f"{version:x}", applied, work, structs=structs)


class _Wrong:
    """The locations in a value that differ from the right value."""

    def __init__(self, value: Json, right: Json) -> None:
        self._places = set(places(value, right))
        self._above = {at[:length] for at in self._places for length in range(len(at))}

    def touches(self, at: Tokens) -> bool:
        """Whether a wrong place is at this location, above it or below it."""
        return at in self._above or any(
            at[:length] in self._places for length in range(len(at) + 1)
        )
