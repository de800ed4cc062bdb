"""What a patch overwrites and what it is merged with, while it is rebased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.pointer import covers, render
from collab.patch.relocate import element_after_steps
from collab.patch.steps import Path, Step


class Conflicts:
    """The values that a patch overwrites, and the texts that it is merged with.

    Invariant: an entry's number says how many steps of the patch were in the head when its path
    was right. A merged text has no conflict.
    """

    def __init__(self) -> None:
        self._added: list[tuple[int, Path, Conflict | None]] = []
        self._waiting: list[tuple[Path, Conflict | None]] = []

    def add(self, path: Path, base: Any, theirs: Any, yours: Any) -> None:
        """Keep a conflict whose path is right once the edit under way is applied."""
        conflict = Conflict(
            path=render(path), base=base, theirs=theirs, yours=yours, resolution="yours"
        )
        self._waiting.append((path, conflict))

    def add_merged(self, path: Path) -> None:
        """Keep the path of a text that has both edits, as `add` does."""
        self._waiting.append((path, None))

    def edit_applied(self, steps: int) -> None:
        """The edit is in the head, which has now `steps` steps of the patch."""
        self._added += [(steps, path, conflict) for path, conflict in self._waiting]
        self._waiting.clear()

    def after(self, steps: Sequence[Step]) -> tuple[list[Conflict], list[str]]:
        """The conflicts, and the pointers of merged texts, as they are after all `steps`.

        A merged text that the rest of the patch removes or overwrites is left out.
        """
        moving = [(at, step) for at, step in enumerate(steps) if step.structural]
        conflicts: list[Conflict] = []
        merged: dict[str, None] = {}
        for noted, path, conflict in self._added:
            rest = element_after_steps(path, [step for at, step in moving if at >= noted])
            where = None if rest is None else render(rest)
            if conflict is not None:
                conflicts.append(conflict if where is None else replace(conflict, path=where))
            elif where is not None:
                merged[where] = None
        overwritten = {conflict.path for conflict in conflicts}
        return conflicts, [place for place in merged if place not in overwritten]


def without(value: Any, at: Path, element: Path | None) -> Any:
    """The value at a location, without an element that lies in it."""
    if element is None or not covers(at, element):
        return value
    return apply(value, [{"op": "remove", "path": render(element[len(at) :])}]).value
