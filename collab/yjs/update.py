"""Decode Yjs updates (V1) and state vectors. The bytes are neither trusted nor applied.

pycrdt is the Python binding of yrs, the Yjs library in Rust.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from collab.yjs.contents import (
    CONTENTS,
    MAX_CLOCK,
    NOTHING,
    Mark,
    read_key,
    read_name,
    read_run,
)
from collab.yjs.lib0 import Reader, refuse, refuse_size

GC: Final = 0
SKIP: Final = 10

ROWS: Final = 10_000  # of a list that are freed at once

HAS_ORIGIN: Final = 0x80
HAS_RIGHT: Final = 0x40
HAS_KEY: Final = 0x20
KIND: Final = 0x1F

# (client, clock): one character, element or other unit that a client inserted.
Id = tuple[int, int]
# [start, end) of clocks.
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GuardBounds:
    """The limits of one update or state vector. For bytes, structs and values, 0 means no limit."""

    update_bytes: int = 2**20
    structs: int = 0
    # The document stores each new client id, with its user, for the rest of its life.
    new_clients: int = 64
    # Levels of nested shared types. 20,000 levels crash the process when the document is read.
    depth: int = 256
    # Clocks that one new struct may take. In an update, a run of deleted clocks of any length needs
    # only about four bytes. So the limit of bytes does not bound it.
    run: int = 2**24
    # Entries of a state vector. It has every client that ever wrote to the document.
    clients: int = 2**17
    # Client ids of a document, and of one user in it. Each edit costs time for each id. All ids
    # of the document fit in a client's state vector, beside the client's new ones.
    document_clients: int = 2**16
    user_clients: int = 2**14
    # Values in and below a Y.Array of more than 2,000 items (`collab/structs/array_sizes.py`).
    array_values: int = 40_000
    # Whether the guard refuses keys and plain values that a patch must not contain.
    checks_values: bool = True


DEFAULT_BOUNDS: Final = GuardBounds()
# For stored documents. The server checked them when clients sent them, and they must stay readable.
STORED_BOUNDS: Final = GuardBounds(update_bytes=0, array_values=0, checks_values=False)


class Struct(NamedTuple):
    """One struct: clocks [clock, end), its kind, and what it depends on.

    - `origin` and `right` are the neighbours between which its author inserted it. An item without
      them has a `parent`: the name of a root type, or the id of a type. In a map, it also has a
      `key`. `GC` (deleted content) and `SKIP` (a gap) are not items, and have none of these.
    - `text` is set only for a string with surrogate pairs, because no cut may split a pair.
    - `takes` is what a shared type may contain: text, the items of a Y.Array, or other types.
    - `mark` is set only for a format (`collab/yjs/contents.py`).
    - The struct's bytes in the update are those from `at` up to `to`.
    """

    clock: int
    end: int
    kind: int
    origin: Id | None = None
    right: Id | None = None
    parent: Id | str | None = None
    key: str | None = None
    text: str | None = None
    takes: int = NOTHING
    at: int = 0
    to: int = 0
    mark: Mark | None = None


class Inspected(msgspec.Struct, frozen=True):
    """An update that is well formed and within bounds.

    `sections` has the structs of each client. `deletes` has the deleted ranges of each client: the
    update's delete set.

    Invariant: the structs of a client follow each other without a gap, none is empty, and no clock
    is beyond 2^31 - 1. The deleted ranges of a client ascend and do not overlap.
    """

    sections: dict[int, list[Struct]]
    deletes: dict[int, list[Range]]
    bounds: GuardBounds

    def free(self) -> None:
        """Drop the structs. Call this after the last use of a large update."""
        for structs in self.sections.values():
            free_rows(structs)


def second_halves(struct: Struct) -> list[int]:
    """The clocks at which a cut would split a surrogate pair of this string."""
    clock = struct.clock
    halves: list[int] = []
    for character in struct.text or "":
        if character > "\uffff":
            halves.append(clock + 1)
            clock += 1
        clock += 1
    return halves


def free_rows(rows: list[Any]) -> None:
    """Empty a list in portions. Python frees 300,000 structs in 60 ms, without a break."""
    while rows:
        del rows[-ROWS:]


def inspect(update: bytes, bounds: GuardBounds = DEFAULT_BOUNDS) -> Inspected:
    """Decode an update. Raise `Rejected` when it is malformed or too large.

    A V2 update is always refused: its first bytes are an empty V1 update, and more bytes follow.
    """
    if bounds.update_bytes and len(update) > bounds.update_bytes:
        refuse_size(f"an update is larger than {bounds.update_bytes} bytes")
    reader = Reader(update, checks_values=bounds.checks_values)
    sections: dict[int, list[Struct]] = {}
    total = 0
    for _ in range(reader.count(least=5)):
        # A section must have structs, and a client must have one section. yrs panics on a section
        # without structs for a client that it knows.
        count = reader.count(least=2)
        client = reader.uint()
        if count == 0 or client in sections:
            refuse("an update has an empty section, or two sections of one client")
        total += count
        if 0 < bounds.structs < total:
            refuse_size(f"an update has more than {bounds.structs} structs")
        sections[client] = _read_structs(reader, count)
    deletes = read_deletes(reader)
    reader.finish()
    return Inspected(sections, deletes, bounds)


def _read_structs(reader: Reader, count: int) -> list[Struct]:
    clock = reader.uint()
    structs: list[Struct] = []
    for _ in range(count):
        at = reader.pos
        info = reader.byte()
        if info in (GC, SKIP):
            struct = Struct(clock, clock + read_run(reader), info, at=at, to=reader.pos)
        else:
            struct = _read_item(reader, clock, info, at)
        clock = struct.end
        if clock > MAX_CLOCK:
            refuse("a clock is longer than 31 bits")
        structs.append(struct)
    return structs


def _read_item(reader: Reader, clock: int, info: int, at: int) -> Struct:
    origin = right = parent = key = None
    if info & HAS_ORIGIN:
        origin = (reader.uint(), reader.uint())
    if info & HAS_RIGHT:
        right = (reader.uint(), reader.uint())
    if not info & (HAS_ORIGIN | HAS_RIGHT):
        parent = _read_parent(reader)
        if info & HAS_KEY:
            key = read_key(reader)
    kind = info & KIND
    length, text, takes, mark = CONTENTS[kind](reader)
    end, to = clock + length, reader.pos
    return Struct(clock, end, kind, origin, right, parent, key, text, takes, at, to, mark)


def _read_parent(reader: Reader) -> Id | str:
    named = reader.uint()
    if named == 1:
        return read_name(reader)
    if named != 0:
        refuse("the parent of a struct is neither a name nor an id")
    return reader.uint(), reader.uint()


def read_deletes(reader: Reader) -> dict[int, list[Range]]:
    deletes: dict[int, list[Range]] = {}
    for _ in range(reader.count(least=4)):
        client = reader.uint()
        count = reader.count(least=2)
        if count == 0 or client in deletes:
            refuse("a delete set has a client without ranges, or a client twice")
        deletes[client] = [_read_range(reader) for _ in range(count)]
    for ranges in deletes.values():
        _check_order(ranges)
    return deletes


def _read_range(reader: Reader) -> Range:
    start = reader.uint()
    length = reader.uint()
    if length == 0 or start + length > MAX_CLOCK:
        refuse("a deleted range is empty or ends beyond 31 bits")
    return start, start + length


def _check_order(ranges: list[Range]) -> None:
    reached = 0
    for start, end in ranges:
        if start < reached:
            refuse("deleted ranges overlap, or are not in ascending order")
        reached = end


def inspect_state_vector(raw: bytes, bounds: GuardBounds = DEFAULT_BOUNDS) -> dict[int, int]:
    """Decode a state vector: client id → clock. Raise `Rejected` when malformed or too large."""
    reader = Reader(raw)
    count = reader.count(least=2)
    if count > bounds.clients:
        refuse_size(f"a state vector has more than {bounds.clients} clients")
    clocks: dict[int, int] = {}
    for _ in range(count):
        client = reader.uint()
        clock = reader.uint()
        if client in clocks or clock > MAX_CLOCK:
            refuse("a state vector has a client twice, or a clock beyond 31 bits")
        clocks[client] = clock
    reader.finish()
    return clocks


def decode_state_vector(encoded: bytes) -> dict[int, int]:
    """Decode a state vector that pycrdt made: client id → clock."""
    numbers = _numbers(encoded)
    count = next(numbers)
    return {next(numbers): next(numbers) for _ in range(count)}


def _numbers(encoded: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in encoded:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
