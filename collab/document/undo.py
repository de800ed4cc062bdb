"""One undo or redo: takes back a step, except in places that other users have changed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NotRequired, TypedDict

from collab.document.change import UndoneEntry
from collab.document.steps import (
    Inverse,
    MadeBy,
    Part,
    RemainingRecord,
    Step,
    contains_version,
    origins_of,
    records_of,
)
from collab.entry import Kind, Op, TextChanges
from collab.errors import Code, Rejected
from collab.identity.incarnations import Incarnations
from collab.ids import Json
from collab.patch.pointer import parse, render
from collab.tree.tree import Tree
from collab.types.layout import Node
from collab.types.place import pointer_tokens
from collab.types.records import Path, Record, Reinsertion, place_of
from collab.types.yjs_document import Structs
from collab.writing.revert import Reverter
from collab.writing.write import Writer

Check = Callable[[Json, list[Op]], None]

# The most places that an answer names, when several edits are taken back as one. Without this
# limit, the answer for 1,000 edits at 1,000 places would name a million places, most of them often.
MOST_PLACES: Final = 2_000


class UndoOptions(TypedDict):
    """The options of an undo or a redo, besides its user and its scope.

    `version` is the version that the undo creates. `containing` is a version in the wanted step.
    Without it, the newest step is taken. `check` is called with the value and the ops before they
    are applied. `structs` returns the index of the document's structs.
    """

    version: int
    at: int
    containing: NotRequired[int | None]
    check: NotRequired[Check | None]
    made_by: NotRequired[MadeBy]
    structs: NotRequired[Structs | None]


@dataclass(frozen=True, slots=True)
class UndoCall:
    """One undo or redo: its scope, and the prefix for the keys of new elements.

    With `containing`, the undo takes back the step that contains this version. Without it, the undo
    takes back the newest step.
    """

    scope: str
    prefix: str
    incarnations: Incarnations
    containing: int | None = None
    is_redo: bool = False

    @classmethod
    def of(cls, kind: Kind, scope: str, incarnations: Incarnations, asked: UndoOptions) -> UndoCall:
        """Return the call for the options of an undo or a redo."""
        prefix = f"{asked['version']:x}"
        return cls(scope, prefix, incarnations, asked.get("containing"), kind == "redo")


@dataclass(slots=True)
class UndoRun:
    """An undo or redo in progress: what it has done so far, from the newest step backwards."""

    update: bytes = b""
    ops: list[Op] = field(default_factory=list)
    texts: dict[int, TextChanges] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    reinsertions: list[Reinsertion] = field(default_factory=list)
    popped: list[int] = field(default_factory=list)
    kept: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    done: list[tuple[Part, list[Path]]] = field(default_factory=list)
    failed: list[Path] = field(default_factory=list)
    undone: list[UndoneEntry] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def origins(self) -> list[tuple[int, int]]:
        """The original edits that were taken back or put back: version and time."""
        return sorted({origin for part, _ in self.done for origin in origins_of(part)})

    def inverse(self, made_by: MadeBy) -> Inverse:
        """Return the inverse that the undo's entry keeps."""
        versions, times = zip(*self.origins, strict=True)
        return Inverse(
            tuple(self.records),
            tuple(self.popped),
            tuple(self.kept),
            versions,
            times,
            tuple(self.reinsertions),
            made_by=made_by,
        )


def checked_undo(
    tree: Tree, value: Json, steps: Sequence[Step], call: UndoCall, asked: UndoOptions
) -> UndoRun:
    """Call the check of the options, if there is one, with the ops of the undo. Then perform it."""
    check = asked.get("check")
    if check is not None:
        check(value, dry_run_undo(tree, value, steps, call))
    return perform_undo(tree, value, steps, call, asked.get("structs"))


def perform_undo(
    tree: Tree, value: Json, steps: Sequence[Step], call: UndoCall, structs: Structs | None = None
) -> UndoRun:
    """Take back the wanted step in one write, as far as its changes are still there.

    When there is no such step, raise `nothing_to_undo` and change nothing.
    """
    run = UndoRun()
    run.update, _ = tree.write(
        call.prefix,
        value,
        lambda writer: _take_back_steps(writer, steps, call, run),
        structs=structs,
    )
    if not run.done:
        raise _nothing_left(call)
    root = tree.root
    for part, paths in run.done:
        origins, pointers = origins_of(part), _pointers(root, paths)
        if len(origins) > 1:  # it is unknown which place belongs to which edit
            pointers = pointers[-max(1, MOST_PLACES // len(origins)) :]
        run.undone += [UndoneEntry(version, at, pointers) for version, at in origins]
    run.skipped = _pointers(root, run.failed)
    return run


def _nothing_left(call: UndoCall) -> Rejected:
    sentence = f"no change of yours is left to {'redo' if call.is_redo else 'undo'}"
    if call.containing is None:
        return Rejected(Code.NOTHING_TO_UNDO, sentence)
    which = f"{sentence} in version {call.containing}"
    return Rejected(Code.NOTHING_TO_UNDO, which, version=call.containing)


def dry_run_undo(tree: Tree, value: Json, steps: Sequence[Step], call: UndoCall) -> list[Op]:
    """Return the ops that `perform_undo` would make.

    A Yjs transaction has no rollback, so this is a dry run on overlays
    (`collab/writing/overlay.py`).
    """
    run = UndoRun()
    tree.dry_run(call.prefix, value, lambda writer: _take_back_steps(writer, steps, call, run))
    return run.ops


def _take_back_steps(writer: Writer, steps: Sequence[Step], call: UndoCall, run: UndoRun) -> None:
    scope = parse(call.scope)
    reverter = Reverter(writer, call.incarnations)
    for step in reversed(steps):
        if reverter.is_spent:
            break  # the other steps stay on the stack
        if call.containing is None:
            if _take_back_step(writer, reverter, step, scope, run):
                break
        elif contains_version(step, call.containing):
            # An undo within a scope may have split the step into two.
            _take_back_step(writer, reverter, step, scope, run)
    journal = writer.journal
    run.ops, run.texts = journal.ops, journal.texts
    run.records, run.reinsertions = journal.records, journal.reinsertions


def _take_back_step(
    writer: Writer, reverter: Reverter, step: Step, scope: tuple[str, ...], run: UndoRun
) -> bool:
    """Take back a step. Return whether that changed anything.

    When that takes too long, the step's older records stay on the stack, for the next undo.
    """
    root = writer.root.node
    chosen = {part.version: _under(root, part, scope) for part in step.parts}
    if not any(chosen.values()):
        return False
    journal = writer.journal
    before = len(journal.records), len(journal.ops)
    done: list[tuple[Part, list[Path]]] = []
    taken: dict[int, set[int]] = {part.version: set() for part in step.parts}
    for part in reversed(step.parts):
        reverted: list[Path] = []
        for left in reversed(chosen[part.version]):
            if reverter.is_spent:
                break
            taken[part.version].add(left.number)
            was_there = reverter.revert(left.record, left.marks, part.version)
            (reverted if was_there else run.failed).append(place_of(left.record))
        if reverted:
            done.append((part, reverted))
    reverter.write_texts()
    run.failed += reverter.partly_reverted
    reverter.partly_reverted.clear()
    _pop(step, taken, run)
    if (len(journal.records), len(journal.ops)) == before:
        return False  # also when its changes cancel each other out
    run.done += done
    return True


def _under(root: Node, part: Part, scope: tuple[str, ...]) -> list[RemainingRecord]:
    records = records_of(part)
    if not scope:
        return records
    return [
        left
        for left in records
        if pointer_tokens(root, place_of(left.record))[: len(scope)] == scope
    ]


def _pop(step: Step, taken: dict[int, set[int]], run: UndoRun) -> None:
    """Pop the step from the stack, except its records that were not taken back."""
    run.popped.append(step.parts[0].version)
    for part in step.parts:
        own = taken[part.version]
        left = tuple(one.number for one in records_of(part) if one.number not in own)
        if left:
            run.kept.append((part.version, left))


def _pointers(root: Node, paths: Sequence[Path]) -> list[str]:
    places = dict.fromkeys(paths)  # many records of an edit may have the same place
    return list(dict.fromkeys(render(pointer_tokens(root, path)) for path in places))
