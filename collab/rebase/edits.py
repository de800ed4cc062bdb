"""Edits: what each op of a patch does for its author.

An op becomes one or two exact ops (`collab.patch.apply.Applied`). Together they are one edit. The
rebase handles them together, because one exact op alone does not show what the author did:

- A `move` or a `copy` over a member of an object first removes this member.
- A `move` of a value to the place before the list element that contains it becomes a `remove` and
  an `add`.
- A `move` of a value over its holder, the member that contains it, becomes a `replace`. The edit
  still is a move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from collab.entry import Op, TextChange
from collab.patch.bounds import TRUSTED
from collab.patch.pointer import parse
from collab.patch.steps import Path, Step, TracedRun, to_path


@dataclass(frozen=True, slots=True)
class Edit:
    """What one op does for its author.

    - `over` is the step that removes the member that a `move` or `copy` overwrites.
    - `upsert` is set when an `add` or a `copy` writes over a member. Such an edit still works when
      the member is gone.
    - `copies` is set for a `copy`.
    - `splices` are the exact changes of a text. Each counts in the text after those before it. None
      for any other edit.
    """

    step: Step
    over: Step | None = None
    upsert: bool = False
    copies: bool = False
    splices: Sequence[TextChange] | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return (self.step,) if self.over is None else (self.over, self.step)

    @property
    def of_text(self) -> bool:
        """Whether it replaces a text by a text."""
        step = self.step
        return step.kind == "replace" and type(step.old) is type(step.value) is str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the exact ops that this edit was for its author."""
        if self.step.replaces_holder:
            return ("replace",)
        if self.step.moves_before_holder:
            return ("remove", "add")
        return tuple([step.kind for step in self.steps])

    @property
    def written(self) -> Edit:
        """A move over its holder, as a `replace` with the value that it writes to the key."""
        step = self.step
        return Edit(Step("replace", step.path, value=step.value, old=step.old))

    @property
    def overwritten(self) -> Any:
        """The value that the author saw at the written key; None when there was none."""
        return self.step.old if self.over is None else self.over.old

    @property
    def overwrites(self) -> Path | None:
        """Where the author saw the member that a `move` or `copy` overwrites; else None."""
        if self.step.replaces_holder:
            return self.step.path
        return None if self.over is None else self.over.path


def edit_of(trail: TracedRun, op: Op, span: range) -> Edit | None:
    """The edit of an op that `trail` applied as the exact ops in `span`; None without a change."""
    if not span:
        return None
    step = trail.steps[span[-1]]
    over = trail.steps[span[0]] if len(span) > 1 else None
    if over is not None and op["op"] == "move" and step.kind == "add":
        return Edit(Step("move", step.path, over.path, step.value))
    if op["op"] == "move" and step.kind == "replace":
        inside = to_path(step.old, parse(op["from"])[len(step.path) :])
        return Edit(Step("move", step.path, step.path + inside, step.value, step.old))
    upsert = op["op"] in ("add", "copy") and step.kind == "replace"
    copies = trail.ops[span[-1]]["op"] == "copy"
    return Edit(step, over, upsert, copies, step.changes)


def edits_of(seen: Any, ops: Sequence[Op]) -> tuple[list[Edit], Any]:
    """The edits of a patch on the value that its author saw, and the value after them."""
    trail = TracedRun(seen, TRUSTED, splices=True, tests=False)
    parts = trail.perform(ops)
    made = [edit_of(trail, op, span) for op, span in zip(ops, parts, strict=True)]
    return [edit for edit in made if edit is not None], trail.root
