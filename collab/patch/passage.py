"""The way from what a client sees to the head: back over its own unanswered ops, then forward.

A location in the client's value is carried backward over the steps that only the client has made
so far. Either that reaches the base, and from there it goes forward through everything since; or
it ends at the step of the client's own that brought the location, and goes on from where that
step landed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collab.entry import Author
from collab.patch.carry import backward, forward, place_backward, place_forward
from collab.patch.equality import same
from collab.patch.steps import Path, Step


@dataclass(frozen=True, slots=True)
class Source:
    """Where a step comes from: a version and its author."""

    version: int
    author: Author


@dataclass(frozen=True, slots=True)
class Found:
    """Where a location is at the head; `moved` names who moved the element itself meanwhile."""

    path: Path
    moved: Source | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The location is gone, and whose step took it; None where it cannot be told."""

    by: Source | None


class Passage:
    """From a client's value to the head.

    Invariant: `_back` leads from the base to the client's value and `_ahead` from the base to the
    head; `_landed` says where in `_ahead` a step of `_back` took effect.
    """

    def __init__(self) -> None:
        self._back: list[Step] = []
        self._ahead: list[tuple[Step, Source | None]] = []
        self._landed: dict[int, int] = {}
        self._sent: dict[int, Step] = {}

    @property
    def cost(self) -> int:
        """How many steps a location is carried through."""
        return len(self._back) + len(self._ahead)

    def sent(self, steps: Sequence[Step]) -> None:
        """The client made these, and they are not answered yet."""
        self._back += [step for step in steps if step.structural]

    def happened(self, steps: Sequence[Step], source: Source | None) -> None:
        """These are part of the head, in order; `source` is None for the client's own."""
        self._ahead += [(step, source) for step in steps if step.structural]

    def landed(self, sent: Sequence[Step], applied: Sequence[Step]) -> None:
        """The client's `sent` are in the head as `applied`: a step for a step, in order."""
        start = len(self._ahead)
        self.happened(applied, None)
        ours = [step for step in sent if step.structural and step.kind != "remove"]
        theirs = list(range(start, len(self._ahead)))
        theirs = [at for at in theirs if self._ahead[at][0].kind != "remove"]
        for step in ours:
            at = next((at for at in theirs if self._alike(step, at)), None)
            if at is None:
                continue
            self._landed[id(step)] = at
            self._sent[id(self._ahead[at][0])] = step
            theirs = theirs[theirs.index(at) + 1 :]

    def _alike(self, step: Step, at: int) -> bool:
        other = self._ahead[at][0]
        if (step.kind == "move") != (other.kind == "move"):
            return False
        return step.kind == "move" or same(step.value, other.value)

    def element(self, path: Path) -> Found | Lost:
        """Where an element of the client's value is at the head."""
        start = 0
        for step in reversed(self._back):
            before = backward(path, step)
            if before is not None:
                path = before
            elif id(step) in self._landed:
                start = self._landed[id(step)]
                landing = self._ahead[start][0]
                path, start = landing.path + path[len(step.path) :], start + 1
                break
        moved: Source | None = None
        for step, source in self._ahead[start:]:
            if step.kind == "move" and step.source == path and source is not None:
                moved = source
            after = forward(path, step)
            if after is None:
                return Lost(source)
            path = after
        return Found(path, moved)

    def place(self, place: Path) -> Found | Lost:
        """Where a place of the client's value is at the head."""
        start = 0
        behind: dict[int, bool] = {}
        for step in reversed(self._back):
            if step.kind in ("add", "move"):
                behind[id(step)] = place > step.path if _beside(place, step.path) else False
            before = place_backward(place, step)
            if before is not None:
                place = before
            elif id(step) in self._landed:
                start = self._landed[id(step)]
                landing = self._ahead[start][0]
                place, start = landing.path + place[len(step.path) :], start + 1
                break
        for step, source in self._ahead[start:]:
            mine = self._sent.get(id(step))
            first = mine is not None and behind.get(id(mine)) is False
            after = place_forward(place, step, before=first)
            if after is None:
                return Lost(source)
            place = after
        return Found(place)

    def cut(self, client: Step, head: Step) -> Passage:
        """This passage from where both sides have taken one element out."""
        other = Passage()
        other._back = [*self._back, client]
        other._ahead = [*self._ahead, (head, None)]
        other._landed = self._landed
        other._sent = self._sent
        return other


def _beside(a: Path, b: Path) -> bool:
    """Whether both are of one list."""
    return len(a) == len(b) and bool(a) and a[:-1] == b[:-1] and type(a[-1]) is type(b[-1]) is int
