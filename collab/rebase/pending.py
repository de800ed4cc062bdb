"""A client's own unanswered patches, rebased as versions come in.

Server and client both keep to these rules, one version at a time, so that the server knows what
the client sees when it sends the next patch. Pointers are relocated. Texts stay as they were sent,
until the answer brings the merged ones. When the target of a patch is gone, the server will refuse
it and the patches that build on it, so the list ends before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.entry import Op
from collab.errors import Rejected
from collab.patch.apply import apply, replay
from collab.patch.bounds import TRUSTED
from collab.patch.relocate import AppliedChange
from collab.patch.steps import trace
from collab.rebase.client_view import ClientView, Origin
from collab.rebase.edits import edits_of
from collab.rebase.rebase import Rebasing

Patches = Sequence[Sequence[Op]]


def exact_ops(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """The exact ops of an own patch, which its author does not hold back for a failing test."""
    return apply(seen, ops, bounds=TRUSTED, splices=True, tests=False).ops


def normalize(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """An own patch in the form that is rebased: what its author saw it do, and nothing else.

    Copies and splices say what they made, so that later edits elsewhere do not change it.
    """
    return Rebasing(ClientView(), seen, seen, answered=False).run(ops).ops


def rebase_over(patches: Patches, change: AppliedChange) -> Patches:
    """The normalized patches after another author's change."""
    if not change.structural:
        return patches
    view = ClientView()
    view.add_head_steps(change.structural, Origin(change.version, change.author))
    return _rebase(view, change.before, change.after, patches)


def rebase_over_answer(patches: Patches, before: Any, applied: Sequence[Op]) -> Patches:
    """The patches but the first, which was answered: `applied` on `before` is what came of it."""
    if len(patches) < 2 or list(applied) == patches[0]:
        return patches[1:]
    sent, seen = edits_of(before, patches[0])
    applied_steps = trace(before, applied)[0]
    view = ClientView()
    view.all_applied_as(sent, applied_steps)
    return _rebase(view, seen, replay(before, applied), patches[1:])


def _rebase(view: ClientView, seen: Any, head: Any, patches: Patches) -> Patches:
    rebasing = Rebasing(view, seen, head, answered=False)
    rebased: list[Sequence[Op]] = []
    for ops in patches:
        start = len(rebasing.ops)
        try:
            rebasing.run(ops)
        except Rejected:
            break
        rebased.append(rebasing.ops[start:])
    return rebased
