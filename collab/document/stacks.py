"""Undo and redo stacks: a fold over entries, so that they are the same wherever it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from collab.entry import Kind
from collab.yjs.tree_incarnations import Incarnations, Mark
from collab.yjs.tree_records import (
    Atom,
    Exactly,
    Hunk,
    Path,
    Record,
    Reinsertion,
    SetRecord,
    ShownRecord,
    TextRecord,
    atoms,
    hidden_elements,
    joined_hunks,
    place_of,
)

DEPTH = 100
ONE_STEP_MS = 1_000  # one user's edits of one string that follow within this are one step
MOST_EDITS = 200  # in one step, however long a user types without a pause

# Kinds that a user does not take back: making the document, and bringing one in with its past.
_NO_STEP = frozenset({"create", "import"})


class Inverse(Struct, frozen=True, array_like=True):
    """How to take an entry back, and, for an undo or a redo, what it did to the stack.

    `popped` are the versions whose steps went, `kept` what is left of one that was taken back
    only within a scope: the version, and the numbers of its records that stay. `origins` are
    the versions of the edits that it took or put back, `times` when each of them was made.
    `reinsertions` say which characters were inserted again. What changed nothing that shows is
    `silent`: it is no step, and still tells what stands where.
    """

    records: tuple[Record, ...] = ()
    popped: tuple[int, ...] = ()
    kept: tuple[tuple[int, tuple[int, ...]], ...] = ()
    origins: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    reinsertions: tuple[Reinsertion, ...] = ()
    silent: bool = False


class Part(Struct, frozen=True, array_like=True):
    """One entry in a step; `only` are the records that are left, all of them when None.

    `marks` say of each record which incarnation of its place it means.
    """

    version: int
    at: int
    inverse: bytes
    marks: tuple[tuple[Mark, ...], ...]
    only: tuple[int, ...] | None = None
    origins: tuple[int, ...] = ()
    times: tuple[int, ...] = ()


class Step(Struct, array_like=True):
    """What one undo takes back: one entry, or one string's edits in a row, oldest first.

    Edits of one text are joined into one part when the next step begins.
    """

    parts: list[Part]
    text: Path | None = None  # the one string that all of it is about


class Stacks(Struct, array_like=True):
    """One user's steps, newest last."""

    undo: list[Step] = []
    redo: list[Step] = []


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Inverse)
# The tag of a ShownRecord in MessagePack.
_SHOWN = _encoder.encode(ShownRecord((), "", True))[1:3]
# How an inverse began before records named characters by their ids: as an array of five.
_OLD = 0x95


def encode_inverse(inverse: Inverse) -> bytes:
    """Records as an entry keeps them; nothing where there is nothing to tell."""
    told = inverse.records or inverse.popped or inverse.reinsertions
    return _encoder.encode(inverse) if told else b""


def decode_inverse(blob: bytes) -> Inverse:
    """What an entry keeps; nothing where an older Weft wrote it, whose steps end with it."""
    return _decoder.decode(blob) if blob and blob[0] != _OLD else Inverse()


class Left(NamedTuple):
    """A record of a part that is left to take back, with its number and marks."""

    number: int
    record: Record
    marks: tuple[Mark, ...]


def records_of(part: Part) -> list[Left]:
    """The records of a part that are left to take back, oldest first."""
    records = decode_inverse(part.inverse).records
    left = [Left(*one) for one in zip(range(len(records)), records, part.marks, strict=True)]
    return left if part.only is None else [one for one in left if one.number in part.only]


def all_records(stacks: Mapping[str, Stacks]) -> Iterator[tuple[str, Left]]:
    """The records of all steps, with their users."""
    for user, own in stacks.items():
        for step in (*own.undo, *own.redo):
            for part in step.parts:
                for left in records_of(part):
                    yield user, left


def marked_atoms(stacks: Mapping[str, Stacks]) -> Iterator[tuple[Atom, Mark]]:
    """The single changes that steps may ask to take back, with their marks."""
    for _, left in all_records(stacks):
        yield from zip(atoms(left.record), left.marks, strict=True)


def shown_in(stacks: Iterable[Stacks]) -> set[tuple[Path, str]]:
    """The elements that steps show or hide: their arrays and keys."""
    return {
        element
        for own in stacks
        for step in (*own.undo, *own.redo)
        for part in step.parts
        if _SHOWN in part.inverse  # few, and to read a part takes ten times as long as to look
        for left in records_of(part)
        for element in hidden_elements(left.record)
    }


def origins_of(part: Part) -> list[tuple[int, int]]:
    """The edits that a part is about, through every undo and redo since: version and time."""
    if not part.origins:
        return [(part.version, part.at)]
    return list(zip(part.origins, part.times or [part.at] * len(part.origins), strict=True))


def fold(
    stacks: dict[str, Stacks],
    incarnations: Incarnations,
    *,
    user: str,
    kind: Kind,
    version: int,
    at: int,
    inverse: bytes,
    depth: int = DEPTH,
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
    if kind == "undo":
        _take(own.undo, decoded)
        own.redo.append(Step([part]))
    elif kind == "redo":
        _take(own.redo, decoded)
        own.undo.append(Step([part]))
    else:
        own.redo.clear()
        _push(own.undo, part, only_text(decoded.records))
    del own.undo[:-depth], own.redo[:-depth]
    if incarnations.is_full:
        incarnations.forget(list(marked_atoms(stacks)))
    return decoded


def _push(steps: list[Step], part: Part, text: Path | None) -> None:
    if steps:
        parts = steps[-1].parts
        goes_on = text is not None and 0 <= part.at - parts[-1].at <= ONE_STEP_MS
        if goes_on and steps[-1].text == text and len(parts) < MOST_EDITS:
            parts.append(part)
            return
        if len(parts) > 1:
            parts[:] = _joined(parts)
    steps.append(Step([part], text))


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
        if step.parts[0].version not in popped:
            left.append(step)
            continue
        parts = [
            replace(part, only=kept[part.version]) for part in step.parts if part.version in kept
        ]
        if parts:
            left.append(Step(parts, step.text))
    steps[:] = left
