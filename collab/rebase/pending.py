"""Rebase a client's own unanswered patches over each version that comes in.

Client and server apply the same rules, one version at a time. So the server knows what the client
sees when it sends its next patch.

- Pointers are relocated.
- Texts stay as they were sent. The answer brings the merged texts.
- When the target of a patch is gone, the list ends before that patch. The server will refuse it,
  and the patches that build on it.
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
    """The exact ops of a client's own patch. A failing `test` does not stop them in the client."""
    return apply(seen, ops, bounds=TRUSTED, splices=True, tests=False).ops


def normalize(seen: Any, ops: Sequence[Op]) -> list[Op]:
    """A client's own patch in the form that is rebased: its effect on the value that it saw.

    A copy or a splice is stated by the value that it made, so later edits elsewhere do not change
    that value.
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
    """The patches after the first, rebased over its answer: `applied` are its ops on `before`."""
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
