"""Collect the edits of texts in one patch: all edits of one text become one edit.

Consecutive edits of texts are a run. An edit of a text moves no location, so the rebase can handle
a run text by text. Edit by edit, it would compare and merge the whole text each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from collab.entry import Op, TextChange
from collab.patch.steps import Path, Step, TracedRun


@dataclass(slots=True)
class TextEdit:
    """All edits of one text in a run, as one edit.

    - `splices` are the splices of the text, in order. Each counts in the text after the splices
      before it. It is None when an op replaced the whole text.
    - `index` is the number of the first edit in the patch.
    - `upsert` is set when the first edit was an `add`.
    """

    step: Step
    splices: list[TextChange] | None
    index: int
    upsert: bool


class TextEdits:
    """Keeps a run of edits of texts, by the path of the text."""

    def __init__(self) -> None:
        self._edits: dict[Path, TextEdit] = {}

    def add(self, op: Op, seen: TracedRun, span: range, index: int) -> bool:
        """Keep an op when it edits a text of the value that its author saw.

        Return whether the op is such an edit. An op that changes nothing counts as one, except a
        `test`.
        """
        if not span:
            return bool(op["op"] != "test")
        if len(span) > 1:
            return False
        number = span.start
        step = seen.steps[number]
        if step.kind != "replace" or not type(step.old) is type(step.value) is str:
            return False
        self._keep(step, index, upsert=op["op"] == "add")
        return True

    def _keep(self, step: Step, index: int, *, upsert: bool) -> None:
        known, changes = self._edits.get(step.path), step.changes
        if known is None:
            splices = None if changes is None else list(changes)
            self._edits[step.path] = TextEdit(step, splices, index, upsert)
            return
        known.step = Step("replace", step.path, value=step.value, old=known.step.old)
        if changes is None:
            known.splices = None
        elif known.splices is not None:
            known.splices += changes

    def drain(self) -> list[TextEdit]:
        """Return the edits so far, in the order of their first ops, and forget them."""
        edits = list(self._edits.values())
        self._edits.clear()
        return edits
