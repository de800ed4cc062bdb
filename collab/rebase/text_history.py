"""What other users changed in a text, from the value that a client sees to the head.

Two texts do not tell this when letters are equal. So the history keeps the exact changes of each
text. It keeps the client's own splices too, because the client sees them already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collab.entry import Op, TextChange, TextChanges
from collab.patch.relocate import AppliedChange, element_after_steps, element_before
from collab.patch.steps import Path, Step, trace
from collab.patch.text_changes import all_composed, bounded, composed, difference, lead_to, rebased

# Returns the changes from one text to another, when no author has stated them.
Compare = Callable[[str, str], Sequence[TextChange]]
# A patch with more texts than this sorts the waiting edits in.
MANY_LOOKS = 8


def merged_texts(
    changes: Sequence[AppliedChange], before: Any, ops: Sequence[Op]
) -> dict[int, TextChanges]:
    """The exact changes of each text that `ops` replace, by the number of the op.

    `ops` are the difference that the `changes` made to the value `before`.
    """
    if not any(change.texts for change in changes) or not any(map(_replaces_text, ops)):
        return {}
    history = TextHistory()
    for change in changes:
        history.add_change(change)
    texts: dict[int, TextChanges] = {}
    steps = trace(before, ops)[0]
    moving = [(number, step) for number, step in enumerate(steps) if step.structural]
    for number, step in enumerate(steps):
        if not _replaces_text(ops[number]):
            continue
        path = element_after_steps(step.path, [one for at, one in moving if at > number])
        found = None if path is None else history.stated(path)
        if found and lead_to(step.old, step.value, found):
            texts[number] = bounded(step.old, found)
    return texts


def _replaces_text(op: Op) -> bool:
    return op["op"] == "replace" and type(op["value"]) is str


@dataclass(frozen=True, slots=True)
class _Own:
    """The client's own edit of a text: its splices, or None when it replaced the whole text."""

    splices: Sequence[TextChange] | None


class TextHistory:
    """The edits of texts in the head, and the client's own, in order.

    Invariant: `_edits` has one more item than `_moving`. An item has the edits after one of the
    moving steps, by the path of the text at that time. A moving step may change the paths of texts.
    `_waiting` are edits, in order, that come after the newest item and are not in it yet. Most
    patches edit no text or one. So a look at each waiting edit costs less than sorting them all in.
    """

    def __init__(self) -> None:
        self._edits: list[dict[Path, list[Step | _Own]]] = [{}]
        self._moving: list[Step] = []
        self._waiting: list[Mapping[Path, Sequence[Step | _Own]]] = []
        self._looks = 0

    def __bool__(self) -> bool:
        return len(self._edits) > 1 or bool(self._edits[0]) or bool(self._waiting)

    def add_change(self, change: AppliedChange) -> None:
        """Add a change of another user."""
        if not change.structural:
            if change.edited_texts:
                self._waiting.append(change.edited_texts)
            return
        for step in change.steps:
            if step.structural:
                self.add_moving(step)
            else:
                self.add_replace(step)

    def add_moving(self, step: Step) -> None:
        """Add a step of the head that may change the paths of texts."""
        self._sort_in()
        self._moving.append(step)
        self._edits.append({})

    def add_replace(self, step: Step) -> None:
        """Add another user's step that replaces a value, if it edits a text."""
        if type(step.old) is type(step.value) is str:
            self._waiting.append({step.path: (step,)})

    def add_own(self, path: Path, splices: Sequence[TextChange] | None) -> None:
        """Add the client's own edit of the text that is at `path` in the head."""
        self._waiting.append({path: (_Own(splices),)})

    def changes(self, path: Path, seen: str, now: str, compare: Compare) -> Sequence[TextChange]:
        """The changes of others, from the client's text to the text at `path` in the head."""
        found = self.stated(path, compare)
        if found is not None and lead_to(seen, now, found):
            return found
        return compare(seen, now)

    def stated(self, path: Path, compare: Compare = difference) -> TextChanges | None:
        """The changes as their authors stated them; None when they are not known."""
        changes: TextChanges = ()
        later: list[Sequence[TextChange]] = []
        for edit in self._edits_of(path):
            if isinstance(edit, Step):
                stated = compare(edit.old, edit.value) if edit.changes is None else edit.changes
                later.append(stated)
                continue
            changes, later = composed(changes, all_composed(later)), []
            both = None if edit.splices is None else rebased(edit.splices, changes)
            if both is None:
                return None
            changes = tuple(both[1])
        return composed(changes, all_composed(later))

    def _sort_in(self) -> None:
        """Sort the waiting edits in: they are the newest ones."""
        newest = self._edits[-1]
        for waiting in self._waiting:
            for path, edits in waiting.items():
                newest.setdefault(path, []).extend(edits)
        self._waiting.clear()

    def _edits_of(self, path: Path) -> list[Step | _Own]:
        """The edits of the text at `path` in the head, oldest first."""
        self._looks += 1
        if self._looks > MANY_LOOKS:
            self._sort_in()
        found: list[Sequence[Step | _Own]] = [
            waiting[path] for waiting in reversed(self._waiting) if path in waiting
        ]
        for number in range(len(self._moving), -1, -1):
            found.append(self._edits[number].get(path, []))
            before = element_before(path, self._moving[number - 1]) if number else None
            if before is None:
                break
            path = before
        return [edit for edits in reversed(found) for edit in edits]
