"""The conflicts of one patch while it is rebased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.carry import element
from collab.patch.pointer import covers, render
from collab.patch.steps import Path, Step


class Conflicts:
    """What a patch overwrites or is merged with, each with its location.

    Invariant: an entry's number says how many steps of the patch were in the head when its path
    was right.
    """

    def __init__(self) -> None:
        self._noted: list[tuple[int, Path, Conflict]] = []
        self._waiting: list[tuple[Path, Conflict]] = []

    def note(self, path: Path, base: Any, theirs: Any, yours: Any, resolution: Any) -> None:
        """Keep a conflict whose path is right once the edit that is judged has landed."""
        conflict = Conflict(
            path=render(path), base=base, theirs=theirs, yours=yours, resolution=resolution
        )
        self._waiting.append((path, conflict))

    def landed(self, steps: int) -> None:
        """The edit that was judged is in the head, which has now `steps` steps of the patch."""
        self._noted += [(steps, path, conflict) for path, conflict in self._waiting]
        self._waiting.clear()

    def settled(self, steps: Sequence[Step]) -> list[Conflict]:
        """The conflicts with their paths as they are at the end of the patch, after all `steps`."""
        moving = [(at, step) for at, step in enumerate(steps) if step.structural]
        settled: list[Conflict] = []
        for noted, path, conflict in self._noted:
            rest = element(path, [step for at, step in moving if at >= noted])
            where = render(rest) if rest is not None else conflict.path
            settled.append(replace(conflict, path=where))
        return settled


def without(value: Any, at: Path, element: Path | None) -> Any:
    """The value at a location, without an element that lies in it."""
    if element is None or not covers(at, element):
        return value
    return apply(value, [{"op": "remove", "path": render(element[len(at) :])}]).value
