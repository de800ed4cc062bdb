"""Edits of texts in one patch, gathered: however many there are of one text, they are one edit.

An edit of a text moves no location, so a run of them is rebased text by text. To rebase each by
itself would compare and merge the whole text each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from collab.entry import Op
from collab.patch.steps import Path, Step, TracedRun
from collab.rebase.text_merge import Splice


@dataclass(slots=True)
class TextEdit:
    """What a run of edits makes of one text.

    `splices` are its splices, each on the text after those before; None where another op replaced
    the whole text. `index` is the first one's number in the patch. With `upsert` it was an `add`.
    """

    step: Step
    splices: list[Splice] | None
    index: int
    upsert: bool


class TextEdits:
    """A run of edits of texts, by the path of the text."""

    def __init__(self) -> None:
        self._edits: dict[Path, TextEdit] = {}

    def add(self, op: Op, seen: TracedRun, span: range, index: int) -> bool:
        """Whether an op, done on what its author saw, is an edit of a text; then it is kept."""
        if not span:
            return bool(op["op"] != "test")  # it changed nothing
        if len(span) > 1:
            return False
        number = span.start
        step = seen.steps[number]
        if step.kind != "replace" or not type(step.old) is type(step.value) is str:
            return False
        self._keep(step, seen.spliced.get(number), index, upsert=op["op"] == "add")
        return True

    def _keep(self, step: Step, splice: Splice | None, index: int, *, upsert: bool) -> None:
        known = self._edits.get(step.path)
        if known is None:
            splices = None if splice is None else [splice]
            self._edits[step.path] = TextEdit(step, splices, index, upsert)
            return
        known.step = Step("replace", step.path, value=step.value, old=known.step.old)
        if splice is None:
            known.splices = None
        elif known.splices is not None:
            known.splices.append(splice)

    def drain(self) -> list[TextEdit]:
        """The edits so far, by the first op of each; none are kept."""
        edits = list(self._edits.values())
        self._edits.clear()
        return edits
