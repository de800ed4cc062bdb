"""Applies entries to the undo and redo stacks.

The stacks depend only on the entries and their order. So every instance gets equal stacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from msgspec.structs import replace

from collab.document.steps import (
    UNDO_BOUNDS,
    Group,
    Inverse,
    MadeBy,
    Part,
    Stacks,
    Step,
    UndoBounds,
    decode_inverse,
    marked_records,
    origins_of,
)
from collab.entry import Kind
from collab.identity.incarnations import Incarnations
from collab.types.records import (
    Exactly,
    Hunk,
    Path,
    Record,
    SetRecord,
    TextRecord,
    joined_hunks,
    place_of,
)

ONE_STEP_MS = 1_000  # edits of one string within this time of each other are one step
MOST_EDITS = 200  # edits in one step of typing without a pause
MOST_NAMED = 1_000  # edits in a step that a client names; about half a minute of dragging
NAMED_SHARE = 4  # a named step may take 1/NAMED_SHARE of the bytes for a document's steps

# Kinds that a user cannot take back: creating the document, and importing it with its history.
_NO_STEP = frozenset({"create", "import"})
# Bytes of a part besides its inverse.
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
    """Apply an accepted entry to its author's stacks and to the incarnations.

    Return the decoded `inverse`. A caller that has it already passes it as `decoded`.
    """
    if decoded is None:
        decoded = decode_inverse(inverse)
    if kind == "create" or not inverse:
        return decoded
    marks = tuple(incarnations.add(decoded.records, version))
    if kind in _NO_STEP or decoded.silent:
        return decoded
    own = stacks.setdefault(user, Stacks())
    part = Part(version, at, inverse, marks, None, decoded.origins, decoded.times)
    if kind == "edit" and not own.redo:
        own.size += _push(own.undo, kind, part, decoded, bounds)
        if len(own.undo) > bounds.steps:
            own.size -= _drop_oldest(own.undo, bounds.steps)
    else:
        _apply_undo_or_redo(own, kind, part, decoded, bounds)
        _drop_oldest(own.undo, bounds.steps)
        _drop_oldest(own.redo, bounds.steps)
        own.size = size_of(own.undo) + size_of(own.redo)
    if incarnations.is_full:
        incarnations.prune(list(marked_records(stacks)))
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
        size = size_of(oldest[:1])
        del oldest[0]
        own.size -= size
        total -= size
        if not own.undo and not own.redo:
            del stacks[most]


def _droppable(own: Stacks, is_author: bool) -> int:
    """Return the size of a user's steps, or 0 when none of them may be dropped."""
    return own.size if len(own.undo) + len(own.redo) > is_author else 0


def _apply_undo_or_redo(
    own: Stacks, kind: Kind, part: Part, inverse: Inverse, bounds: UndoBounds
) -> None:
    """Apply an undo, a redo, or an edit that clears the redo stack."""
    if kind == "undo":
        _remove_taken_back(own.undo, inverse)
        _end_groups(_open(own.undo)[1], inverse.made_by)
        own.redo.append(Step([part]))
    elif kind == "redo":
        _remove_taken_back(own.redo, inverse)
        _end_groups(_open(own.undo)[1], inverse.made_by)
        own.undo.append(Step([part]))
    else:
        own.redo.clear()
        _push(own.undo, kind, part, inverse, bounds)


def _drop_oldest(steps: list[Step], most: int) -> int:
    """Drop the oldest steps beyond `most`. Return how many bytes they took."""
    gone = steps[:-most]
    del steps[:-most]
    return size_of(gone)


def size_of(steps: Iterable[Step]) -> int:
    """Return about how many bytes steps take."""
    size = 0
    for step in steps:
        for part in step.parts:
            size += len(part.inverse) + _PART_BYTES
    return size


def _push(steps: list[Step], kind: Kind, part: Part, inverse: Inverse, bounds: UndoBounds) -> int:
    """Add an edit to its step, or as a new step. Return how many bytes that adds.

    A change of another kind, such as a restore, is always a step of its own.
    """
    made_by = inverse.made_by
    group = made_by.group if kind == "edit" else None
    text = None if group is None or group.name else only_text(inverse.records)
    added = len(part.inverse) + _PART_BYTES
    step, others = _open(steps, group)
    if step is None or not _continues(steps, step, part, text, bounds):
        added += _end_groups(others, made_by) if others else 0
        added += _end_groups([step], made_by) if step is not None else 0
        steps.append(Step([part], text, group))
        return added
    added += _end_groups(others, made_by) if others else 0
    step.parts.append(part)
    if step is not steps[-1]:
        steps[:] = [*(one for one in steps if one is not step), step]
    return added


def _open(steps: Iterable[Step], group: Group | None = None) -> tuple[Step | None, list[Step]]:
    """Return the step with this group, and the other steps with a group. Most users have none."""
    own: Step | None = None
    others: list[Step] = []
    for step in steps:
        if step.group is None:
            continue
        if step.group == group:
            own = step
        else:
            others.append(step)
    return own, others


def _continues(
    steps: Sequence[Step], step: Step, part: Part, text: Path | None, bounds: UndoBounds
) -> bool:
    """Whether an edit continues one of the steps, which has the same group."""
    assert step.group is not None
    if step.group.name:
        most = bounds.bytes // NAMED_SHARE or inf
        return len(step.parts) < MOST_NAMED and size_of([step]) + len(part.inverse) <= most
    if step.group.lane == "yjs" and step is not steps[-1]:
        return False
    soon = 0 <= part.at - step.parts[-1].at <= ONE_STEP_MS
    return soon and text is not None and text == step.text and len(step.parts) < MOST_EDITS


def _end_groups(open_steps: Iterable[Step], made_by: MadeBy) -> int:
    """End the groups that a change does not continue. Return how much larger the steps get.

    `open_steps` are the steps with a group: later changes of the group may join them.

    Any other change by a client ends that client's group. Any other change by the user ends the
    group of the Yjs lane.
    """
    added = 0
    for step in open_steps:
        group = step.group
        assert group is not None
        if group.lane == "patch" and group.client != made_by.client:
            continue
        step.group = None
        if len(step.parts) > 1:
            before = size_of([step])
            step.parts[:] = _joined(step.parts)
            added += size_of([step]) - before
    return added


def _joined(parts: Sequence[Part]) -> Sequence[Part]:
    """Join edits of one text into one part, whose size depends on the number of characters."""
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
    inverse = Inverse((TextRecord(first.path, first.text, hunks),)).encoded()
    origins, times = zip(*(origin for part in parts for origin in origins_of(part)), strict=True)
    begun, ended = parts[0], parts[-1]
    return [Part(begun.version, ended.at, inverse, begun.marks, None, origins, times)]


def only_text(records: Sequence[Record]) -> Path | None:
    """Return the path of the only string that the records change. None for more than one place."""
    paths = set(map(_string_of, records))
    return paths.pop() if len(paths) == 1 else None


def _string_of(record: Record) -> Path | None:
    match record:
        case TextRecord():
            return record.path
        case SetRecord(before=Exactly(raw=str()), after=Exactly(raw=str())):
            return place_of(record)  # an atom, such as a colour or a link, is a string too
        case _:
            return None


def _remove_taken_back(steps: list[Step], inverse: Inverse) -> None:
    """Remove the steps that were taken back. Keep their parts outside the scope."""
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
