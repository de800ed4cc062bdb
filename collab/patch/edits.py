"""Edits: what each op of a patch does for its author.

An op becomes one exact op or two. Two exact ops are still one edit: a `move` or `copy` over a
member removes the member first, and a `move` to before its own holder is a `remove` and an `add`.
To rebase the two one by one would lose what they mean together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from collab.entry import Op
from collab.patch.bounds import JUDGED
from collab.patch.steps import Step, Trail


@dataclass(frozen=True, slots=True)
class Edit:
    """What one op does for its author.

    `over` removes the member that a `move` or `copy` overwrites. `upsert` says that the op is an
    `add` over a member: it needs the key, and no element. `copies` says that it is a `copy`.
    """

    step: Step
    over: Step | None = None
    upsert: bool = False
    copies: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        return (self.step,) if self.over is None else (self.over, self.step)

    @property
    def overwritten(self) -> Any:
        """The value that its author saw at the key that it writes; None where there was none."""
        return self.step.old if self.over is None else self.over.old


def edit_of(trail: Trail, op: Op, span: range) -> Edit | None:
    """The edit that `trail` made of an op, as the exact ops in `span`; None for no change."""
    if not span:
        return None
    step = trail.steps[span[-1]]
    over = trail.steps[span[0]] if len(span) > 1 else None
    if over is not None and op["op"] == "move" and step.kind == "add":
        return Edit(Step("move", step.path, over.path, step.value))
    upsert = op["op"] == "add" and step.kind == "replace"
    return Edit(step, over, upsert, copies=trail.ops[span[-1]]["op"] == "copy")


def edits_of(seen: Any, ops: Sequence[Op]) -> tuple[list[Edit], Any]:
    """The edits of an own patch on what its author saw, and the value after them."""
    trail = Trail(seen, JUDGED, splices=True, tests=False)
    parts = trail.perform(ops)
    made = [edit_of(trail, op, span) for op, span in zip(ops, parts, strict=True)]
    return [edit for edit in made if edit is not None], trail.root
