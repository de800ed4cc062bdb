"""One undo or redo: the step that it takes back, and what of it others have since changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collab.document.stacks import Part, Step, origins_of, records_of
from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.pointer import parse, render
from collab.yjs.tree_place import pointer_tokens
from collab.yjs.tree_records import Path, Record, place_of
from collab.yjs.tree_revert import Reverter

if TYPE_CHECKING:
    from collab.document.document import Change
    from collab.yjs.tree import Tree
    from collab.yjs.tree_write import Writer


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An entry that was taken back or put back, and where that shows now."""

    version: int
    at: int
    pointers: list[str]


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo or a redo did.

    `reverts` are the versions that it took back or put back; `skipped` where it left what others
    have since changed.
    """

    change: Change
    reverts: list[int]
    undone: list[TakenBack]
    skipped: list[str]


@dataclass(slots=True)
class Run:
    """One call under way: what it found to do, from the newest step to the first that does it."""

    update: bytes = b""
    ops: list[Op] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    popped: list[int] = field(default_factory=list)
    kept: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    done: list[tuple[Part, list[Path]]] = field(default_factory=list)
    failed: list[Path] = field(default_factory=list)
    undone: list[TakenBack] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def origins(self) -> list[tuple[int, int]]:
        """The edits themselves, also where undos and redos lie between: version and time."""
        return sorted({origin for part, _ in self.done for origin in origins_of(part)})


def revert(tree: Tree, value: Json, steps: Sequence[Step], scope: str, prefix: str) -> Run:
    """Take back the newest step under `scope` of which anything is left, in one transaction.

    Raises `nothing_to_undo`, and nothing has happened, when there is no such step.
    """
    tokens = parse(scope)
    run = Run()

    def work(writer: Writer) -> None:
        reverter = Reverter(writer)
        for step in reversed(steps):
            if _take_step(tree, reverter, step, tokens, run):
                break
        run.ops, run.records = writer.ops, writer.records

    run.update, _ = tree.write(prefix, value, work)
    if not run.done:
        raise Rejected(Code.NOTHING_TO_UNDO, "there is nothing left to take back or put back")
    for part, paths in run.done:
        for version, at in origins_of(part):
            run.undone.append(TakenBack(version, at, _pointers(tree, paths)))
    run.skipped = _pointers(tree, run.failed)
    return run


def foresee(tree: Tree, value: Json, steps: Sequence[Step], scope: str, prefix: str) -> list[Op]:
    """What `revert` will do, found out on a copy: there is no way back from doing it."""
    copy = tree.copy()
    try:
        return revert(copy, value, steps, scope, prefix).ops
    finally:
        copy.close()


def _take_step(
    tree: Tree, reverter: Reverter, step: Step, scope: tuple[str, ...], run: Run
) -> bool:
    """Whether anything of the step was there to be taken back."""
    chosen = {part.version: _under(tree, part, scope) for part in step.parts}
    if not any(chosen.values()):
        return False
    before = len(run.done)
    for part in reversed(step.parts):
        reverted: list[Path] = []
        for _, record in reversed(chosen[part.version]):
            (reverted if reverter.revert(record) else run.failed).append(place_of(record))
        if reverted:
            run.done.append((part, reverted))
    _settle(step, chosen, run)
    return len(run.done) > before


def _under(tree: Tree, part: Part, scope: tuple[str, ...]) -> list[tuple[int, Record]]:
    records = records_of(part)
    if not scope:
        return records
    return [
        (number, record)
        for number, record in records
        if pointer_tokens(tree.root, place_of(record))[: len(scope)] == scope
    ]


def _settle(step: Step, chosen: dict[int, list[tuple[int, Record]]], run: Run) -> None:
    """The step goes from the stack, but for its records outside the scope."""
    run.popped.append(step.parts[0].version)
    for part in step.parts:
        taken = {number for number, _ in chosen[part.version]}
        left = tuple(number for number, _ in records_of(part) if number not in taken)
        if left:
            run.kept.append((part.version, left))


def _pointers(tree: Tree, paths: Sequence[Path]) -> list[str]:
    return list(dict.fromkeys(render(pointer_tokens(tree.root, path)) for path in paths))
