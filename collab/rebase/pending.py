"""A client's own unanswered patches, carried on as versions come in.

Server and client both keep to these rules, one version at a time, so that the server knows what
the client sees when it sends the next patch. Pointers are carried; texts stay as they were sent,
until the answer brings the merged ones. Where the target of one is gone, it and what stands on it
will be refused, and the list ends before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.entry import Op
from collab.errors import Rejected
from collab.patch.apply import apply, replay
from collab.patch.bounds import JUDGED
from collab.patch.relocate import AppliedChange
from collab.patch.steps import trace
from collab.rebase.client_view import Passage, Source
from collab.rebase.edits import edits_of
from collab.rebase.rebase import Rebasing

Patches = Sequence[Sequence[Op]]


def exact(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """The exact ops of an own patch, which its author does not hold back for a failing test."""
    return apply(seen, ops, bounds=JUDGED, splices=True, tests=False).ops


def settle(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """An own patch in the form that is carried: what its author saw it do, and nothing else.

    Copies and splices say what they made, so that later edits elsewhere do not change it.
    """
    return Rebasing(Passage(), seen, seen, answered=False).run(ops).ops


def carry_over(patches: Patches, change: AppliedChange) -> Patches:
    """The patches, settled ones, after somebody else's change."""
    if not change.structural:
        return patches
    passage = Passage()
    passage.happened(change.structural, Source(change.version, change.author))
    return _carry(passage, change.before, change.after, patches)


def carry_answered(patches: Patches, before: Any, applied: Sequence[Op]) -> Patches:
    """The patches but the first, which was answered: `applied` on `before` is what came of it."""
    if len(patches) < 2 or list(applied) == patches[0]:
        return patches[1:]
    sent, seen = edits_of(before, patches[0])
    landed = trace(before, applied)[0]
    passage = Passage()
    passage.landed(sent, landed)
    return _carry(passage, seen, replay(before, applied), patches[1:])


def _carry(passage: Passage, seen: Any, head: Any, patches: Patches) -> Patches:
    rebasing = Rebasing(passage, seen, head, answered=False)
    carried: list[Sequence[Op]] = []
    for ops in patches:
        start = len(rebasing.ops)
        try:
            rebasing.run(ops)
        except Rejected:
            break
        carried.append(rebasing.ops[start:])
    return carried
