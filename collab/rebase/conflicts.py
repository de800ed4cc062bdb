"""The result of a rebase: its ops, conflicts and merged texts, or its refusal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.pointer import covers, render
from collab.patch.relocate import element_after_steps
from collab.patch.steps import Path, Step
from collab.rebase.found import Origin


class Rebased(Struct, frozen=True):
    """The result of a rebase: a patch for the head, its conflicts, and its merged texts.

    `ops` need not be exact; applying them gives exact ops. `merged` are pointers.
    """

    ops: list[Op]
    conflicts: list[Conflict] = []
    merged: list[str] = []


class Conflicts:
    """Keeps the values that a patch overwrites, and the texts that its rebase has merged.

    Invariant: each item of `_added` has a number of steps, a path and a conflict. The path is a
    location at the head after this number of the patch's steps. The conflict of a merged text is
    None.
    """

    def __init__(self) -> None:
        self._added: list[tuple[int, Path, Conflict | None]] = []
        self._waiting: list[tuple[Path, Conflict | None]] = []

    def add(self, path: Path, base: Any, theirs: Any, yours: Any) -> None:
        """Keep a conflict. `path` is its location at the head after the current edit."""
        conflict = Conflict(
            path=render(path), base=base, theirs=theirs, yours=yours, resolution="yours"
        )
        self._waiting.append((path, conflict))

    def add_merged(self, path: Path) -> None:
        """Keep the path of a merged text. As in `add`, it is the location after the edit."""
        self._waiting.append((path, None))

    def edit_applied(self, steps: int) -> None:
        """Note that the current edit is applied. The head now has `steps` steps of the patch."""
        self._added += [(steps, path, conflict) for path, conflict in self._waiting]
        self._waiting.clear()

    def after(self, steps: Sequence[Step]) -> tuple[list[Conflict], list[str]]:
        """The conflicts and the pointers of merged texts, relocated to the end of all `steps`.

        A merged text is left out when later steps of the patch remove or overwrite it.
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
    """The value of a location `at`, without an element inside this value."""
    if element is None or not covers(at, element):
        return value
    return apply(value, [{"op": "remove", "path": render(element[len(at) :])}]).value


def refused(
    op: int, path: str, message: str, conflict: Conflict | None, by: Origin | None
) -> Rejected:
    """The refusal of a patch because of one op. `by` is the origin of the removal of its target."""
    extra: dict[str, Any] = {"op": op, "path": path}
    extra["conflicts"] = [conflict] if conflict else []
    if by is not None:
        extra["removed_by"] = by.author
    return Rejected(Code.CONFLICT, message, **extra)
