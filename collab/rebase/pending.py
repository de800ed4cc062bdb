"""Rebase a client's pending patches over each version that the client receives.

A pending patch is a patch that the server has not answered yet. The client and the server apply the
same rules, one version at a time. So the server knows which value the client sees when the client
sends its next patch.

- Pointers are relocated.
- Texts stay as the client sent them. The merged text comes with the answer.
- When the target of a patch is gone, the list ends before this patch. The server will refuse this
  patch, and the patches that build on it.
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
from collab.rebase.client_view import ClientView
from collab.rebase.edits import edits_of
from collab.rebase.found import Origin
from collab.rebase.rebase import Rebasing

Patches = Sequence[Sequence[Op]]


def exact_ops(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """The exact ops of a client's own patch. As in the client, a failing `test` is ignored."""
    return apply(seen, ops, bounds=TRUSTED, splices=True, tests=False).ops


def normalize(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """A client's own patch, normalized: its effect on the value `seen`, which the client saw.

    A copy or a splice becomes an op with the resulting value. So later edits elsewhere do not
    change this value.
    """
    return Rebasing(ClientView(), seen, seen, answered=False).run(ops).ops


def rebase_over(patches: Patches, change: AppliedChange) -> Patches:
    """The normalized patches, rebased over a change by another author."""
    if not change.structural:
        return patches
    view = ClientView()
    view.add_head_steps(change.structural, Origin(change.version, change.author))
    return _rebase(view, change.before, change.after, patches)


def rebase_over_answer(patches: Patches, before: Any, applied: Sequence[Op]) -> Patches:
    """The patches after the first one, rebased over the answer to the first patch.

    `applied` are the ops of the answer. They apply to the value `before`.
    """
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
