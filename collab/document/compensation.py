"""Taking back what of a client's update may not stand, in the version that brings it."""

from __future__ import annotations

from collections.abc import Sequence

from collab.ids import Json
from collab.patch.diff import diff
from collab.patch.pointer import covers, parse
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
    wrongs = [parse(op["path"]) for op in diff(value, wanted)]
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
