"""What an entry does to undo and redo stacks: a fold, so that they are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from msgspec.structs import replace

from collab.document.steps import (
    UNDO_BOUNDS,
    Inverse,
    Part,
    Stacks,
    Step,
    UndoBounds,
    decode_inverse,
    encode_inverse,
    marked_atoms,
    origins_of,
)
from collab.entry import Kind
from collab.yjs.tree_incarnations import Incarnations
from collab.yjs.tree_records import (
    Exactly,
    Hunk,
    Path,
    Record,
    SetRecord,
    TextRecord,
    joined_hunks,
    place_of,
)

ONE_STEP_MS = 1_000  # one user's edits of one string that follow within this are one step
MOST_EDITS = 200  # in one step, however long a user types without a pause

# Kinds that a user does not take back: making the document, and bringing one in with its past.
_NO_STEP = frozenset({"create", "import"})
# What a part takes beside what takes it back.
_PART_BYTES = 200


def fold(
    stacks: dict[str, Stacks],
    incarnations: Incarnations,
    *,
    user: str,
    kind: Kind,
    version: int,
    at: int,
    inverse: bytes,
    bounds: UndoBounds = UNDO_BOUNDS,
    decoded: Inverse | None = None,
) -> Inverse:
    """What an accepted entry does to the stacks of its author, and to what stands where.

    `decoded` is what `inverse` says, where that is at hand.
    """
    if decoded is None:
        decoded = decode_inverse(inverse)
    if kind == "create" or not inverse:
        return decoded
    marks = tuple(incarnations.take_in(decoded.records, version))
    if kind in _NO_STEP or decoded.silent:
        return decoded
    own = stacks.setdefault(user, Stacks())
    part = Part(version, at, inverse, marks, None, decoded.origins, decoded.times)
    if kind == "edit" and not own.redo:
        own.size += _push(own.undo, part, only_text(decoded.records))
        own.size -= _cut(own.undo, bounds.steps)
    else:
        _turn(own, kind, part, decoded)
        _cut(own.undo, bounds.steps)
        _cut(own.redo, bounds.steps)
        own.size = _size(own.undo) + _size(own.redo)
    if incarnations.is_full:
        incarnations.forget(list(marked_atoms(stacks)))
    return decoded


def shrink(stacks: dict[str, Stacks], bounds: UndoBounds, author: str) -> None:
    """Drop the oldest steps of the user with the most bytes, but not the author's newest step."""
    total = sum(own.size for own in stacks.values())
    while total > bounds.bytes:
        most = max(stacks, key=lambda user: (_droppable(stacks[user], user == author), user))
        own = stacks[most]
        if not _droppable(own, most == author):
            return
        oldest = min((own.undo, own.redo), key=lambda steps: steps[0].version if steps else inf)
        size = _size(oldest[:1])
        del oldest[0]
        own.size -= size
        total -= size
        if not own.undo and not own.redo:
            del stacks[most]


def _droppable(own: Stacks, is_author: bool) -> int:
    """The size of steps of which one may be dropped."""
    return own.size if len(own.undo) + len(own.redo) > is_author else 0


def _turn(own: Stacks, kind: Kind, part: Part, inverse: Inverse) -> None:
    """What is no edit on top of others: an undo, a redo, or what ends what was undone."""
    if kind == "undo":
        _take(own.undo, inverse)
        own.redo.append(Step([part]))
    elif kind == "redo":
        _take(own.redo, inverse)
        own.undo.append(Step([part]))
    else:
        own.redo.clear()
        _push(own.undo, part, only_text(inverse.records))


def _cut(steps: list[Step], most: int) -> int:
    """Drop the oldest of too many steps; how many bytes that was."""
    gone = steps[:-most]
    del steps[:-most]
    return _size(gone)


def _size(steps: Iterable[Step]) -> int:
    return sum(len(part.inverse) + _PART_BYTES for step in steps for part in step.parts)


def _push(steps: list[Step], part: Part, text: Path | None) -> int:
    """Add an edit to the newest step, or as a step of its own; how many bytes that adds."""
    added = len(part.inverse) + _PART_BYTES
    if steps:
        parts = steps[-1].parts
        goes_on = text is not None and 0 <= part.at - parts[-1].at <= ONE_STEP_MS
        if goes_on and steps[-1].text == text and len(parts) < MOST_EDITS:
            parts.append(part)
            return added
        if len(parts) > 1:
            before = _size(steps[-1:])
            parts[:] = _joined(parts)
            added += _size(steps[-1:]) - before
    steps.append(Step([part], text))
    return added


def _joined(parts: Sequence[Part]) -> Sequence[Part]:
    """The edits of one text as one part: a step of typing costs its characters, not its keys."""
    records = [record for part in parts for record in decode_inverse(part.inverse).records]
    first = records[0]
    if len(records) > len(parts) or not isinstance(first, TextRecord):
        return parts
    hunks: tuple[Hunk, ...] = ()
    for record in records:
        if not isinstance(record, TextRecord) or record.text != first.text:
            return parts
        hunks = joined_hunks(hunks, record.hunks)
    if any(part.only is not None for part in parts):
        return parts
    inverse = encode_inverse(Inverse((TextRecord(first.path, first.text, hunks),)))
    origins, times = zip(*(origin for part in parts for origin in origins_of(part)), strict=True)
    begun, ended = parts[0], parts[-1]
    return [Part(begun.version, ended.at, inverse, begun.marks, None, origins, times)]


def only_text(records: Sequence[Record]) -> Path | None:
    """The one string that records are about, None where they are about more."""
    paths = set(map(_string_of, records))
    return paths.pop() if len(paths) == 1 else None


def _string_of(record: Record) -> Path | None:
    match record:
        case TextRecord():
            return record.path
        case SetRecord(before=Exactly(raw=str()), after=Exactly(raw=str())):
            return place_of(record)  # a colour or a link is replaced whole, and is a string too
        case _:
            return None


def _take(steps: list[Step], inverse: Inverse) -> None:
    """Remove the steps that were taken back, but for what of them was kept."""
    popped = set(inverse.popped)
    if not popped:
        return
    kept = dict(inverse.kept)
    left: list[Step] = []
    for step in steps:
        if step.version not in popped:
            left.append(step)
            continue
        parts = [
            replace(part, only=kept[part.version]) for part in step.parts if part.version in kept
        ]
        if parts:
            left.append(Step(parts, step.text))
    steps[:] = left
