"""Relocation: where an element, a place or a text cursor is after a step.

A step is the effect of one op on locations (`collab.patch.steps`). An element is the value that a
pointer names. A place is where an `add` puts a value: a gap between elements of a list, or a key of
an object. `element_after` and `place_after` return the location after a step. `element_before` and
`place_before` return the location before it.

Relocation through one edit takes 20 us, and most edits of a page do not need it. They replace
values at pointers that the edits before them do not touch. `are_disjoint` detects such edits: it
compares pointers as texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import UNSET, Struct

from collab.entry import Author, Op, TextChanges
from collab.errors import Rejected
from collab.patch.apply import replay
from collab.patch.pointer import Tokens, covers, lookup
from collab.patch.steps import Path, Step, to_path, to_tokens, trace
from collab.patch.text_changes import NO_TEXTS, difference, relocated

Pointers = tuple[str, ...]


class AppliedChange(Struct, eq=False, dict=True):
    """Relocates pointers and cursors through one applied change.

    Invariant: `ops` are exact on `before`, the value before the change. The steps are computed when
    they are first used. So no change needs its steps while every client is at the head. `texts` has
    the exact changes of a text, by the number of its op.

    `value` is the value after the change, if it is known. `copied` are the bytes of memory of the
    containers that only one of the two values has.
    """

    version: int
    author: Author
    ops: Sequence[Op]
    before: Any
    texts: Mapping[int, TextChanges] = NO_TEXTS
    value: Any = UNSET
    copied: int = 0

    @property
    def after(self) -> Any:
        """The value after the change. It is not cached, because it may be large."""
        return replay(self.before, self.ops) if self.value is UNSET else self.value

    @cached_property
    def replaced_pointers(self) -> Pointers | None:
        """The pointers of a change that only replaces values; None for any other change."""
        return replaced_pointers(self.ops)

    @cached_property
    def exact(self) -> list[Step]:
        """The steps of the ops: one step for each op."""
        return trace(self.before, self.ops, self.texts)[0]

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of the ops. A replaced object or array becomes steps that edit it."""
        return trace(self.before, self.ops, self.texts, expand=True)[0]

    @cached_property
    def structural(self) -> list[Step]:
        """The steps that can affect locations other than their own."""
        return [step for step in self.steps if step.structural]

    @cached_property
    def edited_texts(self) -> dict[Path, list[Step]]:
        """The edits of texts, by the path of the text. The change has no structural steps."""
        edits: dict[Path, list[Step]] = {}
        for step in self.steps:
            if type(step.old) is type(step.value) is str:
                edits.setdefault(step.path, []).append(step)
        return edits

    def relocate(self, tokens: Tokens) -> Tokens | None:
        """Where an element is after this change; None when the change removed it."""
        if not self.structural:
            return tokens
        path = element_after_steps(_existing(self.before, tokens), self.structural)
        return None if path is None else to_tokens(path)

    def relocate_cursor(self, tokens: Tokens, offset: int) -> tuple[Tokens, int] | None:
        """Where a text cursor is after this change; None when the change removed the text.

        `offset` counts UTF-16 units.
        """
        path: Path | None = _existing(self.before, tokens)
        for step in self.steps:
            if path is None:
                return None
            if step.kind == "replace" and step.path == path:
                texts = isinstance(step.old, str) and isinstance(step.value, str)
                offset = relocated(offset, changes_of(step)) if texts else 0
            path = element_after(path, step)
        return None if path is None else (to_tokens(path), offset)


def changes_of(step: Step) -> TextChanges:
    """The changes of a step that replaces a text: as its author stated them, or by comparison."""
    return difference(step.old, step.value) if step.changes is None else step.changes


def element_after_steps(path: Path | None, steps: Iterable[Step]) -> Path | None:
    """Where an element is after several steps; None when one of them removed it."""
    for step in steps:
        if path is None:
            return None
        path = element_after(path, step)
    return path


def element_after(path: Path, step: Step) -> Path | None:
    """Where an element is after a step; None when the step removed it."""
    if step.kind == "add":
        return _after_insert(path, step.path)
    if step.kind == "remove":
        return _after_removal(path, step.path)
    if step.kind == "move":
        if covers(step.source, path):
            return step.path + path[len(step.source) :]
        if step.replaces_holder and covers(step.path, path):
            return None
        without = _after_removal(path, step.source)
        return None if without is None else _after_insert(without, step.path)
    gone = len(path) > len(step.path) and covers(step.path, path)
    return None if gone else path


def element_before(path: Path, step: Step) -> Path | None:
    """Where an element was before a step; None when the step added it."""
    if step.kind == "add":
        return _after_removal(path, step.path)
    if step.kind == "remove":
        return _after_insert(path, step.path)
    if step.kind == "move":
        if covers(step.path, path):
            return step.source + path[len(step.path) :]
        without = _after_removal(path, step.path)
        return None if without is None else _after_insert(without, step.source)
    came = len(path) > len(step.path) and covers(step.path, path)
    return None if came else path


def place_after(place: Path, step: Step, *, before: bool = False) -> Path | None:
    """Where a place is after a step; None when the step removed the container of the place.

    When two authors insert at one place, the value that was committed earlier stays first. So when
    the step inserted a value at the place, the place after the step is behind this value. With
    `before`, it is in front of this value.
    """
    if step.kind == "replace" or not place:
        return element_after(place, step) if step.path != place else place
    cut = step.source if step.kind == "move" else step.path
    if step.kind == "move" and covers(cut, place[:-1]):
        return step.path + place[len(cut) :]
    if step.kind != "add":
        if covers(step.path if step.replaces_holder else cut, place[:-1]):
            return None
        place = _gap_after_removal(place, cut)
    if step.kind == "remove":
        return place
    if before and place == step.path:
        return place
    return _after_insert(place, step.path)


def place_before(place: Path, step: Step) -> Path | None:
    """Where a place was before a step; None when the step added the container of the place."""
    if step.kind == "replace" or not place:
        return element_before(place, step) if step.path != place else place
    if step.kind == "remove":
        return _gap_before_removal(place, step.path)
    if covers(step.path, place[:-1]):
        if step.kind == "move":
            return step.source + place[len(step.path) :]
        return None
    place = _gap_after_removal(place, step.path)
    return _gap_before_removal(place, step.source) if step.kind == "move" else place


def _existing(value: Any, tokens: Tokens) -> Path:
    """The path of an element. When the element does not exist, return its tokens unchanged."""
    try:
        lookup(value, tokens)
    except Rejected:
        return tokens
    return to_path(value, tokens)


def _after_insert(path: Path, inserted: Path) -> Path:
    """The path after an insertion: elements from the inserted index on get the next index."""
    at = len(inserted) - 1
    index = inserted[at] if at >= 0 else ""
    if type(index) is not int or len(path) <= at or path[:at] != inserted[:at]:
        return path
    mine = path[at]
    if type(mine) is not int or mine < index:
        return path
    return (*path[:at], mine + 1, *path[at + 1 :])


def _after_removal(path: Path, removed: Path) -> Path | None:
    """The path after a removal: later elements get the index before. None in the removed value."""
    if covers(removed, path):
        return None
    return _moved_down(path, removed)


def _moved_down(path: Path, removed: Path) -> Path:
    at = len(removed) - 1
    index = removed[at] if at >= 0 else ""
    if type(index) is not int or len(path) <= at or path[:at] != removed[:at]:
        return path
    mine = path[at]
    if type(mine) is not int or mine <= index:
        return path
    return (*path[:at], mine - 1, *path[at + 1 :])


def _gap_after_removal(place: Path, removed: Path) -> Path:
    """A gap after a removal. When the element after the gap is removed, the gap keeps its index."""
    return _moved_down(place, removed)


def _gap_before_removal(place: Path, inserted: Path) -> Path:
    """A gap before a removal. A gap at the removed element's index was in front of this element."""
    return place if place == inserted else _after_insert(place, inserted)


# --- by the text of pointers alone ----------------------------------------------------------


def replaced_pointers(ops: Sequence[Any]) -> Pointers | None:
    """The pointers of a patch that only replaces values; None for any other patch."""
    found = []
    for op in ops:
        if not isinstance(op, dict) or op.get("op") != "replace":
            return None
        path = op.get("path")
        if not isinstance(path, str):
            return None
        found.append(path)
    return tuple(found)


def are_disjoint(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    """Return False when a pointer in `mine` equals, or is above or below, a pointer in `theirs`.

    Use this for patches that only replace values. A replacement moves nothing, so disjoint pointers
    mean the same before and after the other patch. RFC 6901 has one way to write a key, so pointers
    can be compared as texts.
    """
    others = [f"{path}/" for path in theirs]
    for path in mine:
        own = f"{path}/"
        if any(own.startswith(other) or other.startswith(own) for other in others):
            return False
    return True


def moved_prefixes(ops: Sequence[Op]) -> tuple[str, ...]:
    """The prefixes of all pointers whose elements these ops may have moved or removed.

    With 500 cursors or locks, comparing prefixes is a hundred times cheaper than relocation.
    """
    prefixes: dict[str, None] = {}
    for op in ops:
        if op["op"] == "test":
            continue
        inside = op["op"] in ("replace", "splice")
        for pointer in (op["path"], op.get("from")):
            if isinstance(pointer, str):
                # An insertion or a removal also moves the later elements of the same array. So the
                # prefix is the pointer of this array.
                prefixes[pointer if inside else pointer[: pointer.rfind("/") + 1]] = None
    return tuple(prefixes)
