"""The stored form of undo and redo stacks: steps, their parts, and the inverse of each part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from collab.document.msgpack_pieces import Encoded, decode_each, decode_json, is_large, split
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
    """Limits of undo: the steps of each user, and the bytes of all steps of a document.

    0 means no limit.
    """

    steps: int = 100
    bytes: int = 16 << 20


UNDO_BOUNDS = UndoBounds()


class MadeBy(Struct, frozen=True, array_like=True, gc=False):
    """How a change was made. This decides which step the change joins.

    `client` is the user's tab or program. `name` is the `step` that a patch names. `splices` is
    true when every op of the patch is a splice.
    """

    lane: Lane = "patch"
    client: str = ""
    name: str = ""
    splices: bool = False

    @property
    def group(self) -> Group | None:
        """The group of changes that may share a step with this one; None for a separate step."""
        if self.lane == "yjs":
            return Group("yjs")
        if self.lane == "patch" and (self.name or self.splices):
            return Group("patch", self.client, self.name)
        return None


class Group(Struct, frozen=True, array_like=True, gc=False):
    """Changes of one user that may be one step.

    They are one client's changes with the same name, one client's splices, or all changes of the
    Yjs lane.
    """

    lane: Lane
    client: str = ""
    name: str = ""


BY_PATCH: Final = MadeBy("patch")
BY_YJS: Final = MadeBy("yjs")


class Inverse(Struct, frozen=True, array_like=True, gc=False):
    """How to take an entry back. For an undo or a redo, also how it changed the stacks.

    - `popped`: the versions of the steps that left the stack.
    - `kept`: what is left of a step that was taken back only in part. It holds the version, and the
      numbers of the records that stay.
    - `origins`, `times`: the versions and times of the edits that it took back or put back.
    - `reinsertions`: which characters were inserted again.
    - `silent`: the value did not change. The entry is no step, but its records change the tokens of
      places (`collab/identity/incarnations.py`).
    - `made_by`: decides which step the entry joins.
    """

    records: tuple[Record, ...] = ()
    popped: tuple[int, ...] = ()
    kept: tuple[tuple[int, tuple[int, ...]], ...] = ()
    origins: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    reinsertions: tuple[Reinsertion, ...] = ()
    silent: bool = False
    made_by: MadeBy = BY_PATCH

    def encoded(self) -> bytes:
        """Return the inverse as bytes for its entry; no bytes when there is nothing to keep."""
        is_kept = self.records or self.popped or self.reinsertions
        return _encoder.encode(self) if is_kept else b""


class Part(Struct, frozen=True, array_like=True, gc=False):
    """One entry in a step. `only` are the numbers of the records that are left; None means all.

    `marks` tell, for each record, which incarnation of its place the record means
    (`collab/identity/incarnations.py`).
    """

    version: int
    at: int
    inverse: bytes
    marks: tuple[tuple[Mark, ...], ...]
    only: tuple[int, ...] | None = None
    origins: tuple[int, ...] = ()
    times: tuple[int, ...] = ()


class Step(Struct, array_like=True, gc=False):
    """What one undo takes back: one entry, or several entries, oldest first.

    While a step has a `group`, changes may join it. When the group ends, its edits of one text
    become one part.
    """

    parts: list[Part]
    text: Path | None = None  # the only string that the step changes
    group: Group | None = None

    @property
    def version(self) -> int:
        """The version of its first entry."""
        return self.parts[0].version


class Stacks(Struct, array_like=True, gc=False):
    """One user's steps, newest last. `size` is about how many bytes they take.

    A step is as new as its newest part.

    Invariant: in `undo`, each client has at most one step with a group, and so has the Yjs lane.
    """

    undo: list[Step] = []
    redo: list[Step] = []
    size: int = 0


_encoder = msgspec.msgpack.Encoder()
_decode = msgspec.msgpack.Decoder(Inverse).decode
_decode_small_record: Callable[[Encoded], Record] = msgspec.msgpack.Decoder(Record).decode
# The tag of a ShownRecord in MessagePack.
_SHOWN = _encoder.encode(ShownRecord((), "", True))[1:3]
_NO_RECORDS = _encoder.encode(())
# The first byte of an inverse from before records named characters by ids: an array of five.
_OLD = 0x95


def decode_inverse(blob: bytes) -> Inverse:
    """Decode an entry's inverse. The inverse of an older Weft is dropped: it has no ids."""
    if not blob or blob[0] == _OLD:
        return Inverse()
    if not is_large(blob):
        return _decode(blob)
    records, *others = split(blob)
    rest = _decode(b"".join((blob[:1], _NO_RECORDS, *others)))
    return replace(rest, records=tuple(decode_each(records, _decode_record)))


def _decode_record(encoded: Encoded) -> Record:
    if is_large(encoded):
        record: Record = msgspec.convert(decode_json(encoded), Record)  # copies no large value
        return record
    return _decode_small_record(encoded)


def contains_version(step: Step, version: int) -> bool:
    """Whether a version belongs to the step: as an edit, or as the undo or redo of a part."""
    return any(
        version in (part.version, *(origin for origin, _ in origins_of(part)))
        for part in step.parts
    )


class RemainingRecord(NamedTuple):
    """A record of a part that undo can still take back, with its number and marks."""

    number: int
    record: Record
    marks: tuple[Mark, ...]


def records_of(part: Part) -> list[RemainingRecord]:
    """Return the records of a part that undo can still take back, oldest first."""
    records = decode_inverse(part.inverse).records
    left = [
        RemainingRecord(*one) for one in zip(range(len(records)), records, part.marks, strict=True)
    ]
    return left if part.only is None else [one for one in left if one.number in part.only]


def all_records(stacks: Mapping[str, Stacks]) -> Iterator[tuple[str, RemainingRecord]]:
    """Yield the records of all steps, with their users."""
    for user, own in stacks.items():
        for step in (*own.undo, *own.redo):
            for part in step.parts:
                for left in records_of(part):
                    yield user, left


def marked_records(stacks: Mapping[str, Stacks]) -> Iterator[tuple[SingleRecord, Mark]]:
    """Yield the single changes that steps may take back, with their marks."""
    for _, left in all_records(stacks):
        yield from zip(single_records(left.record), left.marks, strict=True)


def shown_in(stacks: Iterable[Stacks]) -> set[tuple[Path, str]]:
    """Return the elements that steps show or hide: the paths of their arrays, and their keys."""
    return {
        element
        for own in stacks
        for step in (*own.undo, *own.redo)
        for part in step.parts
        if _SHOWN in part.inverse  # rare, and decoding a part takes ten times as long as this
        for left in records_of(part)
        for element in hidden_elements(left.record)
    }


def origins_of(part: Part) -> list[tuple[int, int]]:
    """Return the edits that a part undoes or redoes, or the part's own edit: version and time."""
    if not part.origins:
        return [(part.version, part.at)]
    return list(zip(part.origins, part.times or [part.at] * len(part.origins), strict=True))
