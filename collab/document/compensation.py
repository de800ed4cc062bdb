"""Taking back what of a client's update may not stand, in the version that brings it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collab.ids import Json
from collab.patch.carry import backward, place_backward
from collab.patch.diff import diff
from collab.patch.pointer import Tokens, covers
from collab.patch.steps import Path, Step, trace, untyped
from collab.yjs.tree import Tree
from collab.yjs.tree_incarnations import Incarnations, TrialIncarnations
from collab.yjs.tree_place import pointer_tokens
from collab.yjs.tree_records import Record, place_of
from collab.yjs.tree_revert import Reverter
from collab.yjs.tree_write import Writer


def compensate(
    tree: Tree,
    value: Json,
    wanted: Json,
    version: int,
    records: Sequence[Record],
    incarnations: Incarnations,
) -> tuple[bytes, Writer]:
    """Take a document whose value is `value` to the one that was judged right.

    `records` are those of the update. What it did to the wrong places is taken back by identity
    where that is possible, so that edits under way in there survive.
    """
    wrongs = list(_wrong_places(value, wanted))
    marks = TrialIncarnations(incarnations).take_in(records, version)

    def work(writer: Writer) -> None:
        reverter = Reverter(writer)
        for record, own in reversed(list(zip(records, marks, strict=True))):
            at = pointer_tokens(tree.root, place_of(record))
            if any(covers(at, wrong) or covers(wrong, at) for wrong in wrongs):
                reverter.revert(record, own)
        reverter.settle()
        writer.apply(diff(writer.value, wanted))

    return tree.write(f"{version:x}", value, work)


def _wrong_places(value: Json, wanted: Json) -> Iterator[Tokens]:
    """Where a value differs from the one that is wanted, as the value itself counts."""
    steps, _ = trace(value, diff(value, wanted))
    for number, step in enumerate(steps):
        for path in (step.path, step.source) if step.kind == "move" else (step.path,):
            at = _before(path, step, steps[:number])
            if at is not None:
                yield untyped(at)


def _before(path: Path, step: Step, earlier: Sequence[Step]) -> Path | None:
    """Where a path of a step was before the earlier ones; None when one of these brought it."""
    is_place = path is step.path and step.kind in ("add", "move")
    at: Path | None = path
    for one in reversed(earlier):
        at = None if at is None else (place_backward if is_place else backward)(at, one)
    return at
