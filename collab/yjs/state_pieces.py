"""Split a large state into pieces (slices). The server applies them one after another.

yrs holds the interpreter lock while it applies an update: 0.8 µs a struct (measured), or 0.2 s for
a state of three megabytes. Between two pieces, other threads can run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from collab.yjs.causality import in_causal_order
from collab.yjs.contents import CONTENTS, read_run
from collab.yjs.lib0 import Reader, write_uint
from collab.yjs.slices import LARGEST_SLICE, RANGES, encode
from collab.yjs.update import (
    GC,
    HAS_KEY,
    HAS_ORIGIN,
    HAS_RIGHT,
    KIND,
    SKIP,
    STORED_BOUNDS,
    Range,
    free_rows,
    inspect,
    read_deletes,
)

# A larger state is always cut, because yrs blocks the interpreter while it applies a state in one
# call. A struct of a JSON value has about 12 to 18 bytes, and takes 0.8 µs.
AT_ONCE: Final = 256 * 1024


def state_pieces(state: bytes, most: int = LARGEST_SLICE) -> list[bytes]:
    """Split a stored state into updates. Each update depends only on earlier updates.

    Raise `Rejected` when the state is malformed. The split takes 3 µs a struct when all structs are
    of one client. With several clients it takes 7 µs a struct, because structs of one client depend
    on structs of another.
    """
    reader = Reader(state, checks_values=False)
    if reader.count() != 1:
        return _in_causal_order(state, most)
    count, client, clock = reader.count(), reader.uint(), reader.uint()
    pieces: list[bytes] = []
    while count:
        number, at, first = min(count, most), reader.pos, clock
        clock = skip_structs(reader, number, clock)
        count -= number
        out = bytearray()
        for value in (1, number, client, first):
            write_uint(out, value)
        out += state[at : reader.pos]
        out.append(0)  # an empty delete set
        pieces.append(bytes(out))
    return [*pieces, *_of_deletes(read_deletes(reader))]


def _in_causal_order(state: bytes, most: int) -> list[bytes]:
    inspected = inspect(state, STORED_BOUNDS)
    order = in_causal_order(inspected.sections, {})
    pieces = [encode(state, order[at : at + most], []) for at in range(0, len(order), most)]
    free_rows(order)
    inspected.free()
    return [*pieces, *_of_deletes(inspected.deletes)]


def _of_deletes(deletes: dict[int, list[Range]]) -> list[bytes]:
    ranges = [(client, one) for client, own in deletes.items() for one in own]
    return [encode(b"", [], ranges[at : at + RANGES]) for at in range(0, len(ranges), RANGES)]


def deleted_clocks(pieces: Iterable[bytes]) -> int:
    """Return how many clocks the pieces of a state delete."""
    total = 0
    for piece in pieces:
        reader = Reader(piece, checks_values=False)
        if not reader.count():  # deletions stand in pieces without structs
            deletes = read_deletes(reader)
            total += sum(end - start for own in deletes.values() for start, end in own)
    return total


def skip_structs(reader: Reader, count: int, clock: int) -> int:
    """Skip `count` structs; the first has this clock. Return the clock after them."""
    byte, uint = reader.byte, reader.uint
    for _ in range(count):
        info = byte()
        if info in (GC, SKIP):
            clock += read_run(reader)
            continue
        if info & HAS_ORIGIN:
            uint()
            uint()
        if info & HAS_RIGHT:
            uint()
            uint()
        if not info & (HAS_ORIGIN | HAS_RIGHT):
            if uint() == 1:
                reader.skip(uint())
            else:
                uint()
                uint()
            if info & HAS_KEY:
                reader.skip(uint())
        clock += CONTENTS[info & KIND](reader)[0]
    return clock


def count_structs(state: bytes) -> int:
    """Return the number of structs in a state. The structs of its last client are not read."""
    reader = Reader(state, checks_values=False)
    total = 0
    for clients_left in range(reader.count(), 0, -1):
        count, _, clock = reader.count(), reader.uint(), reader.uint()
        if clients_left > 1:
            skip_structs(reader, count, clock)
        total += count
    return total


def deletes_of_update(update: bytes) -> dict[int, list[Range]]:
    """Return the ranges that an update deletes, by client."""
    reader = Reader(update, checks_values=False)
    for _ in range(reader.count()):
        count, _, clock = reader.count(), reader.uint(), reader.uint()
        skip_structs(reader, count, clock)
    return read_deletes(reader)
