"""Match the steps of an entry with the client's edits that they came from.

An entry has the exact ops, but it does not state which op of the patch each of them came from. An
edit (`collab.rebase.edits`) may have no step. For example, other users have already moved the
element to the target of a `move`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from collab.patch.pointer import covers, exists, lookup
from collab.patch.relocate import element_after
from collab.patch.steps import Path, Step, to_tokens
from collab.patch.values import same
from collab.rebase.edits import Edit

# Returns where an element of the client's value is at the head; None when it is gone.
Element = Callable[[Path], Path | None]


def paired(
    edits: Sequence[Edit], applied: Sequence[Step], element: Element
) -> Iterator[tuple[Edit, range]]:
    """Yield each edit with the numbers of its steps, ascending. The range may be empty.

    The function calls `element` when it comes to an edit. So the caller handles each edit before it
    asks for the next one.
    """
    every = [kind for edit in edits for kind in edit.kinds] == [step.kind for step in applied]
    start = 0
    for edit in edits:
        if every:
            part = range(start, start + len(edit.kinds))
        else:
            part = _part(edit, applied, start, element)
        yield edit, part
        start = part.stop


def _part(edit: Edit, applied: Sequence[Step], start: int, element: Element) -> range:
    if edit.step.kind == "move":
        return _moved(element(edit.step.source), applied, start)
    numbers = range(start, len(applied))
    at = next((at for at in numbers if _is_alike(edit, applied[at])), None)
    return range(start, start) if at is None else range(at, at + 1)


def _moved(path: Path | None, applied: Sequence[Step], start: int) -> range:
    """The numbers of the steps that move an element: it is at `path` before the step `start`."""
    for at in range(start, len(applied)):
        if path is None:
            break
        step = applied[at]
        if (step.kind == "move" and step.source == path) or _replaces_holder(step, path):
            return range(at, at + 1)
        if step.path == path and _is_lifted(applied[at : at + 2]):
            return range(at, at + 2)
        path = element_after(path, step)
    return range(start, start)


def _is_alike(edit: Edit, other: Step) -> bool:
    """Whether an applied step can come from an edit that writes a value."""
    step = edit.step
    if step.kind == "remove" or other.kind in ("remove", "move"):
        return False
    if edit.upsert and step.path[-1:] != other.path[-1:]:
        return False
    if not edit.upsert and not step.structural:
        return False
    return same(step.value, other.value)


def _replaces_holder(step: Step, path: Path) -> bool:
    """Whether a step moves an element over its holder, the value that contains it."""
    if step.kind != "replace" or not covers(step.path, path):
        return False
    inside = to_tokens(path[len(step.path) :])
    return exists(step.old, inside) and same(lookup(step.old, inside), step.value)


def _is_lifted(steps: Sequence[Step]) -> bool:
    """Whether two steps move an element: the first removes it, the second adds it again."""
    if [step.kind for step in steps] != ["remove", "add"]:
        return False
    return same(steps[0].old, steps[1].value)
