"""Find the location at the head for a location in the value that a client sees.

The client sees the value at its base, with its own pending patches. The head also has the changes
of other users. `collab.patch.steps` explains steps, and `collab.patch.relocate` explains elements
and places. The search first goes back over the client's own steps.

- When the location existed at the base, the search then goes forward through all steps of the head.
- When a step of the client added the location, the head has this step too, perhaps at another
  location. The search continues at the head's location, through the later steps of the head.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collab.patch.pointer import covers
from collab.patch.relocate import (
    AppliedChange,
    element_after,
    element_after_steps,
    element_before,
    place_after,
    place_before,
)
from collab.patch.steps import Path, Step
from collab.rebase.edits import Edit
from collab.rebase.found import Found, Origin, Removed
from collab.rebase.pairing import paired
from collab.rebase.text_history import TextHistory


@dataclass(frozen=True, slots=True)
class _Written:
    """A location that the client wrote: its `path` after the first `head_steps` head steps."""

    path: Path
    head_steps: int


class ClientView:
    """Relocates locations from the value that a client sees to the head.

    Invariant:

    - `_client_steps` lead from the base to the client's value.
    - `_head_steps` lead from the base to the head.
    - `_applied_at` maps a client's step to its number in `_head_steps`.
    - `_came_from` maps a step of the head to the number of the client's step that caused it.
    """

    def __init__(self) -> None:
        self._client_steps: list[Step] = []
        self._head_steps: list[tuple[Step, Origin | None]] = []
        self._applied_at: dict[int, int] = {}
        self._came_from: dict[int, int] = {}
        self._written: list[_Written] = []
        self._others_moved = False
        self.texts = TextHistory()

    @property
    def cost(self) -> int:
        """The number of steps that a location goes through."""
        return len(self._client_steps) + len(self._head_steps)

    def add_client_steps(self, steps: Sequence[Step]) -> None:
        """Add steps of the client's own patches."""
        self._client_steps += [step for step in steps if step.structural]

    def add_changes(self, changes: Iterable[AppliedChange]) -> None:
        """Add changes of other users to the head, in order."""
        for change in changes:
            if change.structural:
                self.add_head_steps(change.steps, Origin(change.version, change.author))
            else:
                self.texts.add_change(change)

    def add_head_steps(self, steps: Sequence[Step], origin: Origin | None) -> None:
        """Add steps of the head, in order; `origin` is None for the client's own."""
        for step in steps:
            self._add_head_step(step, origin, kept=step.structural)

    def _add_head_step(self, step: Step, origin: Origin | None, *, kept: bool) -> None:
        if kept:
            self._head_steps.append((step, origin))
            self.texts.add_moving(step)
        elif origin is not None:
            self.texts.add_replace(step)
        self._others_moved = self._others_moved or (step.kind == "move" and origin is not None)
        if origin is None and step.kind != "remove":
            self._written.append(_Written(step.path, len(self._head_steps)))

    def overwrites_own(self, place: Path, under: Path | None) -> bool:
        """Whether a location of the head has a value that the client wrote and sees elsewhere.

        This happens when other users moved the value. `under` is the same location in the client's
        value. It is None when the client sees another element there than the head has.
        """
        if not self._others_moved:
            return False
        at = len(self._written) - 1
        for number in range(len(self._head_steps), -1, -1):
            while at >= 0 and self._written[at].head_steps == number:
                written = self._written[at]
                if covers(place, written.path) and self._client_sees_elsewhere(written, under):
                    return True
                at -= 1
            before = element_before(place, self._head_steps[number - 1][0]) if number else None
            if before is None:
                return False
            place = before
        return False

    def _client_sees_elsewhere(self, written: _Written, under: Path | None) -> bool:
        """Whether the head still has a written value that the client does not see under `under`."""
        since = [step for step, _ in self._head_steps[written.head_steps :]]
        if element_after_steps(written.path, since) is None:
            return False
        sent = self._client_location(written)
        if sent is None or under is None:
            return under is None
        path, start = sent
        now = element_after_steps(path, self._client_steps[start:])
        return now is None or not covers(under, now)

    def _client_location(self, written: _Written) -> tuple[Path, int] | None:
        """Where the client wrote a value: a location, and the number of steps from the base.

        None when the client's step that added the value is not known.
        """
        path = written.path
        for step, _ in reversed(self._head_steps[: written.head_steps]):
            before = element_before(path, step)
            if before is None:
                sent = self._came_from.get(id(step))
                if sent is None:
                    return None
                return self._client_steps[sent].path + path[len(step.path) :], sent + 1
            path = before
        return path, 0

    def applied_as(self, edit: Edit, applied: Sequence[Step], where: Path) -> None:
        """Add a client's edit. The head has it as the steps `applied`, with its value at `where`.

        A write to a key counts as two steps: one removes the old element, one adds a new element.
        The reason: other users may have moved an element to this key that the client still sees
        elsewhere. As one step, the write would make this element the client's own value.
        """
        step, steps = edit.step, edit.steps
        if edit.of_text and self.texts:
            self.texts.add_own(where, edit.splices)
        if step.kind == "remove":
            self.add_client_steps(steps)
            self.add_head_steps(applied, None)
            return
        if step.kind == "move" and applied and applied[-1].kind != "move":
            applied = self._as_moves(step, applied)
        brings = step.kind != "replace"
        if edit.upsert and self.element(step.path) != Found(where):
            brings = True
            steps = _as_remove_and_add(step)
        last = applied[-1] if applied else _no_effect(step, where)
        parts = _as_remove_and_add(last) if brings and last.kind == "replace" else (last,)
        self.add_head_steps((*applied[:-1], *parts[:-1]), None)
        self.add_client_steps(steps)
        if steps[-1].structural:
            self._applied_at[id(steps[-1])] = len(self._head_steps)
            self._came_from[id(parts[-1])] = len(self._client_steps) - 1
        kept = steps[-1].structural or parts[-1].structural
        self._add_head_step(parts[-1], None, kept=kept)

    def _as_moves(self, step: Step, applied: Sequence[Step]) -> Sequence[Step]:
        """The steps of a client's move, with a `move` as the last step.

        The head has the move as a `replace`, or as a `remove` and an `add`. Through these steps,
        locations below the moved element would be lost.
        """
        found, last = self.element(step.source), applied[-1]
        if isinstance(found, Removed):
            return applied
        if last.kind == "add":
            return (*applied[:-2], Step("move", last.path, found.path, last.value))
        return (Step("move", last.path, found.path, last.value, last.old),)

    def all_applied_as(self, edits: Sequence[Edit], applied: Sequence[Step]) -> None:
        """Add the client's `edits`. The head has them as `applied`; an edit may have no step."""
        done = 0
        for edit, part in paired(edits, applied, self.element_at):
            self.add_head_steps(applied[done : part.start], None)
            if part:
                self.applied_as(edit, applied[part.start : part.stop], applied[part.stop - 1].path)
            else:
                self._had_no_effect(edit)
            done = part.stop
        self.add_head_steps(applied[done:], None)

    def _had_no_effect(self, edit: Edit) -> None:
        """Add an edit without a step: the head already had the written value or element there.

        An edit of a text has no step of its own when the head has several edits as one.
        """
        step = edit.step
        if edit.of_text and self.texts:
            path = self.element_at(step.path)
            if path is not None:
                self.texts.add_own(path, edit.splices)
        if step.path and type(step.path[-1]) is str and (step.kind == "add" or edit.upsert):
            place = self.place(step.path)
            if isinstance(place, Found):
                self.applied_as(edit, (), place.path)
                return
        self.add_client_steps(edit.steps)

    def element_at(self, path: Path) -> Path | None:
        """The path of an element of the client's value at the head; None when it is gone."""
        found = self.element(path)
        return found.path if isinstance(found, Found) else None

    def element(self, path: Path) -> Found | Removed:
        """Where an element of the client's value is at the head."""
        start = 0
        for step in reversed(self._client_steps):
            before = element_before(path, step)
            if before is not None:
                path = before
            elif id(step) in self._applied_at:
                start = self._applied_at[id(step)]
                landing = self._head_steps[start][0]
                path, start = landing.path + path[len(step.path) :], start + 1
                break
        moved: Origin | None = None
        for step, source in self._head_steps[start:]:
            if step.kind == "move" and step.source == path and source is not None:
                moved = source
            after = element_after(path, step)
            if after is None:
                return Removed(source)
            path = after
        return Found(path, moved)

    def place(self, place: Path) -> Found | Removed:
        """Where a place of the client's value is at the head."""
        start = 0
        behind: dict[int, bool] = {}
        for number in range(len(self._client_steps) - 1, -1, -1):
            step = self._client_steps[number]
            if step.kind in ("add", "move"):
                behind[number] = place > step.path if _are_in_one_list(place, step.path) else False
            before = place_before(place, step)
            if before is not None:
                place = before
            elif id(step) in self._applied_at:
                start = self._applied_at[id(step)]
                landing = self._head_steps[start][0]
                place, start = landing.path + place[len(step.path) :], start + 1
                break
        for step, source in self._head_steps[start:]:
            mine = self._came_from.get(id(step))
            first = mine is not None and behind.get(mine) is False
            after = place_after(place, step, before=first)
            if after is None:
                return Removed(source)
            place = after
        return Found(place)

    def without_element(self, client: Step, head: Step) -> ClientView:
        """A copy of this view, in which these two steps also removed one element on both sides."""
        other = ClientView()
        other._client_steps = [*self._client_steps, client]
        other._head_steps = [*self._head_steps, (head, None)]
        other._applied_at = self._applied_at
        other._came_from = self._came_from
        return other


def _as_remove_and_add(step: Step) -> tuple[Step, Step]:
    """A write as two steps: remove the element at its key, and add a new one."""
    old = Step("remove", step.path, old=step.old)
    return old, Step("add", step.path, value=step.value)


def _no_effect(step: Step, where: Path) -> Step:
    """The step of an edit that changed nothing: the head had its value or element there already."""
    if step.kind == "move":
        return Step("move", where, where, step.value)
    return Step("replace", where, value=step.value, old=step.value)


def _are_in_one_list(a: Path, b: Path) -> bool:
    """Whether both paths name places of the same list."""
    return len(a) == len(b) and bool(a) and a[:-1] == b[:-1] and type(a[-1]) is type(b[-1]) is int
