"""Undo and redo stacks as they are kept: steps, their parts, and what takes each part back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from collab.entry import Lane
from collab.identity.incarnations import Mark
from collab.types.records import (
    Path,
    Record,
    Reinsertion,
    ShownRecord,
    SingleRecord,
    hidden_elements,
    single_records,
)


class UndoBounds(NamedTuple):
    """How much of the past can be undone: steps of a user, and bytes of all of a document's.

    0 is no bound.
    """

    steps: int = 100
    bytes: int = 16 << 20


UNDO_BOUNDS = UndoBounds()


class MadeBy(Struct, frozen=True, array_like=True, gc=False):
    """How a change was made, as far as that decides which step it is part of.

    `client` is the tab or program of the user. `name` is the step that a patch names. `splices`
    is true where all of the patch's ops are splices.
    """

    lane: Lane = "patch"
    client: str = ""
    name: str = ""
    splices: bool = False

    @property
    def group(self) -> Group | None:
        """The changes that this one may be one step with; None where it is a step of its own."""
        if self.lane == "yjs":
            return Group("yjs")
        if self.lane == "patch" and (self.name or self.splices):
            return Group("patch", self.client, self.name)
        return None


class Group(Struct, frozen=True, array_like=True, gc=False):
    """Changes of one user that may be one step: those that one client names alike, the splices
    of one client, or all that came by the Yjs lane."""

    lane: Lane
    client: str = ""
    name: str = ""


BY_PATCH: Final = MadeBy("patch")
BY_YJS: Final = MadeBy("yjs")


class Inverse(Struct, frozen=True, array_like=True, gc=False):
    """How to take an entry back, and, for an undo or a redo, what it did to the stack.

    `popped` are the versions whose steps went, `kept` what is left of one that was taken back
    only within a scope: the version, and the numbers of its records that stay. `origins` are
    the versions of the edits that it took or put back, `times` when each of them was made.
    `reinsertions` say which characters were inserted again. What changed nothing that shows is
    `silent`: it is no step, but its records still move tokens. `made_by` says which step it joins.
    """

    records: tuple[Record, ...] = ()
    popped: tuple[int, ...] = ()
    kept: tuple[tuple[int, tuple[int, ...]], ...] = ()
    origins: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    reinsertions: tuple[Reinsertion, ...] = ()
    silent: bool = False
    made_by: MadeBy = BY_PATCH


class Part(Struct, frozen=True, array_like=True, gc=False):
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


class Step(Struct, array_like=True, gc=False):
    """What one undo takes back: one entry, or several that are one step, oldest first.

    The step goes on while it has a `group`. When it ends, edits of one text become one part.
    """

    parts: list[Part]
    text: Path | None = None  # the one string that all of it is about
    group: Group | None = None

    @property
    def version(self) -> int:
        """The first that it is about."""
        return self.parts[0].version


class Stacks(Struct, array_like=True, gc=False):
    """One user's steps, newest last; `size` is about how many bytes they take.

    A step is as new as its newest part.

    Invariant: of each client at most one step on `undo` goes on, and of the Yjs lane one at most.
    """

    undo: list[Step] = []
    redo: list[Step] = []
    size: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Inverse)
# The tag of a ShownRecord in MessagePack.
_SHOWN = _encoder.encode(ShownRecord((), "", True))[1:3]
# How an inverse began before records named characters by their ids: as an array of five.
_OLD = 0x95


def encode_inverse(inverse: Inverse) -> bytes:
    """Records as an entry keeps them; no bytes where there is nothing to keep."""
    is_kept = inverse.records or inverse.popped or inverse.reinsertions
    return _encoder.encode(inverse) if is_kept else b""


def decode_inverse(blob: bytes) -> Inverse:
    """What an entry keeps; nothing where an older Weft wrote it, whose steps end with it."""
    return _decoder.decode(blob) if blob and blob[0] != _OLD else Inverse()


def contains_version(step: Step, version: int) -> bool:
    """Whether a version is part of the step: an edit, or the undo or redo that made a part."""
    return any(
        version in (part.version, *(origin for origin, _ in origins_of(part)))
        for part in step.parts
    )


class RemainingRecord(NamedTuple):
    """A record of a part that is left to take back, with its number and marks."""

    number: int
    record: Record
    marks: tuple[Mark, ...]


def records_of(part: Part) -> list[RemainingRecord]:
    """The records of a part that are left to take back, oldest first."""
    records = decode_inverse(part.inverse).records
    left = [
        RemainingRecord(*one) for one in zip(range(len(records)), records, part.marks, strict=True)
    ]
    return left if part.only is None else [one for one in left if one.number in part.only]


def all_records(stacks: Mapping[str, Stacks]) -> Iterator[tuple[str, RemainingRecord]]:
    """The records of all steps, with their users."""
    for user, own in stacks.items():
        for step in (*own.undo, *own.redo):
            for part in step.parts:
                for left in records_of(part):
                    yield user, left


def marked_records(stacks: Mapping[str, Stacks]) -> Iterator[tuple[SingleRecord, Mark]]:
    """The single changes that steps may ask to take back, with their marks."""
    for _, left in all_records(stacks):
        yield from zip(single_records(left.record), left.marks, strict=True)


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
