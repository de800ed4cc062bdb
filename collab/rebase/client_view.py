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
from collab.patch.pointer import covers
from collab.patch.relocate import backward, element, forward, place_backward, place_forward
from collab.patch.steps import Path, Step
from collab.rebase.edits import Edit
from collab.rebase.pairing import paired


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

    def tell(self, path: str) -> str:
        """What has become of `path`, as a sentence."""
        if self.by is None:
            return f"{path!r} is no longer there"
        author = self.by.author
        return f"{author.name or author.user} removed {path!r} in version {self.by.version}"


@dataclass(frozen=True, slots=True)
class _Written:
    """What the client wrote, and where: a location of the head, `ahead` steps from the base."""

    path: Path
    ahead: int


class Passage:
    """From a client's value to the head.

    Invariant: `_back` leads from the base to the client's value and `_ahead` from the base to the
    head. `_landed` says where in `_ahead` a step of `_back` took effect, and `_sent` which step of
    `_back` a step of `_ahead` came of.
    """

    def __init__(self) -> None:
        self._back: list[Step] = []
        self._ahead: list[tuple[Step, Source | None]] = []
        self._landed: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._written: list[_Written] = []
        self._others_move = False

    @property
    def cost(self) -> int:
        """How many steps a location is carried through."""
        return len(self._back) + len(self._ahead)

    def sent(self, steps: Sequence[Step]) -> None:
        """The client made these, and they are not answered yet."""
        self._back += [step for step in steps if step.structural]

    def happened(self, steps: Sequence[Step], source: Source | None) -> None:
        """These are part of the head, in order; `source` is None for the client's own."""
        for step in steps:
            self._happen(step, source, kept=step.structural)

    def _happen(self, step: Step, source: Source | None, *, kept: bool) -> None:
        if kept:
            self._ahead.append((step, source))
        self._others_move = self._others_move or (step.kind == "move" and source is not None)
        if source is None and step.kind != "remove":
            self._written.append(_Written(step.path, len(self._ahead)))

    def overwrites_own(self, place: Path, under: Path | None) -> bool:
        """Whether a location of the head holds what the client wrote, and still sees elsewhere.

        That is so where others have moved it. `under` is the location for the client; None where
        the client does not see there what the head has.
        """
        if not self._others_move:
            return False
        at = len(self._written) - 1
        for number in range(len(self._ahead), -1, -1):
            while at >= 0 and self._written[at].ahead == number:
                if covers(place, self._written[at].path) and self._strays(self._written[at], under):
                    return True
                at -= 1
            before = backward(place, self._ahead[number - 1][0]) if number else None
            if before is None:
                return False
            place = before
        return False

    def _strays(self, written: _Written, under: Path | None) -> bool:
        """Whether the head still has what the client wrote, and the client not under a location."""
        since = [step for step, _ in self._ahead[written.ahead :]]
        if element(written.path, since) is None:
            return False
        sent = self._sent_to(written)
        if sent is None or under is None:
            return under is None
        path, start = sent
        now = element(path, self._back[start:])
        return now is None or not covers(under, now)

    def _sent_to(self, written: _Written) -> tuple[Path, int] | None:
        """Where the client has what it wrote: a location, and so many steps from the base.

        None where no step of the client's can be told to have brought it.
        """
        path = written.path
        for step, _ in reversed(self._ahead[: written.ahead]):
            before = backward(path, step)
            if before is None:
                sent = self._sent.get(id(step))
                if sent is None:
                    return None
                return self._back[sent].path + path[len(step.path) :], sent + 1
            path = before
        return path, 0

    def land(self, edit: Edit, applied: Sequence[Step], where: Path) -> None:
        """The client's edit is in the head as `applied`; what it brings is at `where`.

        A write to a key ends the element that it overwrites there. Else what others moved to this
        key, and the client still sees elsewhere, would be taken for what the client wrote.
        """
        step, steps = edit.step, edit.steps
        if step.kind == "remove":
            self.sent(steps)
            self.happened(applied, None)
            return
        if step.kind == "move" and applied and applied[-1].kind != "move":
            applied = self._as_moves(step, applied)
        brings = step.kind != "replace"
        if edit.upsert and self.element(step.path) != Found(where):
            brings = True
            steps = _anew(step)
        last = applied[-1] if applied else _nothing(step, where)
        parts = _anew(last) if brings and last.kind == "replace" else (last,)
        self.happened((*applied[:-1], *parts[:-1]), None)
        self.sent(steps)
        if steps[-1].structural:
            self._landed[id(steps[-1])] = len(self._ahead)
            self._sent[id(parts[-1])] = len(self._back) - 1
        kept = steps[-1].structural or parts[-1].structural
        self._happen(parts[-1], None, kept=kept)

    def _as_moves(self, step: Step, applied: Sequence[Step]) -> Sequence[Step]:
        """A move that the head states by values, as the moves that it is for what lies under it."""
        found, last = self.element(step.source), applied[-1]
        if isinstance(found, Lost):
            return applied
        if last.kind == "add":
            return (*applied[:-2], Step("move", last.path, found.path, last.value))
        return (Step("move", last.path, found.path, last.value, last.old),)

    def landed(self, edits: Sequence[Edit], applied: Sequence[Step]) -> None:
        """The client's `edits` are in the head as `applied`: in order, some without a step."""
        done = 0
        for edit, part in paired(edits, applied, self.element_at):
            self.happened(applied[done : part.start], None)
            if part:
                self.land(edit, applied[part.start : part.stop], applied[part.stop - 1].path)
            else:
                self._came_to_nothing(edit)
            done = part.stop
        self.happened(applied[done:], None)

    def _came_to_nothing(self, edit: Edit) -> None:
        """The head had at a key what the client's edit writes there, so no step came of it."""
        step = edit.step
        if step.path and type(step.path[-1]) is str and (step.kind == "add" or edit.upsert):
            place = self.place(step.path)
            if isinstance(place, Found):
                self.land(edit, (), place.path)
                return
        self.sent(edit.steps)

    def element_at(self, path: Path) -> Path | None:
        """Where an element of the client's value is at the head; None where it is gone."""
        found = self.element(path)
        return found.path if isinstance(found, Found) else None

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
        for number in range(len(self._back) - 1, -1, -1):
            step = self._back[number]
            if step.kind in ("add", "move"):
                behind[number] = place > step.path if _beside(place, step.path) else False
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
            first = mine is not None and behind.get(mine) is False
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


def _anew(step: Step) -> tuple[Step, Step]:
    """A write as the end of what it overwrites and a new element at its key."""
    old = Step("remove", step.path, old=step.old)
    return old, Step("add", step.path, value=step.value)


def _nothing(step: Step, where: Path) -> Step:
    """What came of an edit where the head had its value, or its element, at its place already."""
    if step.kind == "move":
        return Step("move", where, where, step.value)
    return Step("replace", where, value=step.value, old=step.value)


def _beside(a: Path, b: Path) -> bool:
    """Whether both are of one list."""
    return len(a) == len(b) and bool(a) and a[:-1] == b[:-1] and type(a[-1]) is type(b[-1]) is int
