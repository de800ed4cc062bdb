"""Rewrite the bytes of a Yjs state, so that yrs does not have to collect a removed container.

When a map is removed, yrs garbage-collects each entry that the map ever had. This takes 2 µs an
entry, in one call. This module does the same in the bytes of the state, struct by struct. The
server then loads the document again from these bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

from collab.yjs.contents import CONTENTS, DELETED, read_run
from collab.yjs.joining import all_deleted
from collab.yjs.lib0 import Reader, write_uint
from collab.yjs.update import (
    GC,
    HAS_KEY,
    HAS_ORIGIN,
    HAS_RIGHT,
    KIND,
    SKIP,
    Id,
    Range,
    read_deletes,
)

Dead = Mapping[int, Sequence[Range]]

# The most clocks that one update may delete when a document is opened. When an update deletes more,
# the updates are rewritten first: yrs takes 2 µs for each deleted struct.
MOST_DELETED: Final = 10_000


def deleted_at_first(updates: Sequence[bytes]) -> list[bytes]:
    """Return a state and the updates after it, with deletions already made in earlier updates.

    When an update deletes much, the content that it deletes is deleted in all updates up to it.
    When no update deletes much, return all of them unchanged.
    """
    each = [_deleted_by(update) for update in updates]
    large = [number for number, deletes in enumerate(each) if number and _is_much(deletes)]
    if not large:
        return list(updates)
    end = large[-1] + 1
    rewriter = Rewriter(all_deleted(each[:end]))
    return [*map(rewriter.rewrite, updates[:end]), *updates[end:]]


def _is_much(deletes: Dead) -> bool:
    return sum(b - a for ranges in deletes.values() for a, b in ranges) > MOST_DELETED


def _deleted_by(update: bytes) -> Dead:
    reader = Reader(update, checks_values=False)
    for _ in range(reader.uint()):
        count = reader.uint()
        reader.uint()
        reader.uint()
        for _ in range(count):
            _read(reader, reader.byte())
    return read_deletes(reader)


class Rewriter:
    """Rewrites updates. It deletes the structs whose clocks are in `dead`.

    A deleted struct is garbage-collected in three cases: its clock is in `gone`, its parent is
    deleted, or a neighbour was garbage-collected. Any other deleted struct loses its content, and
    keeps its place.

    Invariant: `_collected` has the clocks that were garbage-collected so far.
    """

    def __init__(self, dead: Dead, gone: Dead | None = None) -> None:
        self._dead = dead if gone is None else all_deleted((dead, gone))
        self._gone = gone or {}
        self._collected: dict[int, list[Range]] = {}

    def rewrite(self, update: bytes) -> bytes:
        """The update with all dead structs deleted. Its own list of deletions stays as it is."""
        reader = Reader(update, checks_values=False)
        out = bytearray()
        sections = reader.uint()
        write_uint(out, sections)
        for _ in range(sections):
            self._section(reader, out)
        return bytes(out) + update[reader.pos :]

    def _section(self, reader: Reader, out: bytearray) -> None:
        count, client, clock = reader.uint(), reader.uint(), reader.uint()
        dead, gone = self._dead.get(client, ()), self._gone.get(client, ())
        collected = self._collected.setdefault(client, [])
        body, written, first, run = bytearray(), 0, clock, 0
        at = max(0, bisect_right(dead, (clock, _FAR)) - 1)  # the dead range that may have `clock`
        for _ in range(count):
            begin = reader.pos
            info = reader.byte()
            place_ends, length, beside, parent = _read(reader, info)
            end = clock + length
            while at < len(dead) and dead[at][1] <= clock:
                at += 1
            is_dead = at < len(dead) and dead[at][0] <= clock and end <= dead[at][1]
            if info == GC or (
                is_dead and (_holds(gone, clock) or self._is_collected(beside, parent))
            ):
                run += length
                collected.append((clock, end))
            else:
                if run:
                    written += _write_run(body, run)
                    run = 0
                if is_dead and info != SKIP:
                    body.append(info & ~KIND | DELETED)
                    body += reader.data[begin + 1 : place_ends]
                    write_uint(body, length)
                else:
                    body += reader.data[begin : reader.pos]
                written += 1
            clock = end
        if run:
            written += _write_run(body, run)
        for value in (written, client, first):
            write_uint(out, value)
        out += body

    def _is_collected(self, beside: Sequence[Id], parent: Id | None) -> bool:
        if parent is not None:
            return _holds(self._dead.get(parent[0], ()), parent[1])
        return any(_holds(self._collected.get(client, ()), clock) for client, clock in beside)


_FAR: Final = 2**53


def _read(reader: Reader, info: int) -> tuple[int, int, list[Id], Id | None]:
    """Skip a struct. Return its content's start, its length, its neighbours and its parent."""
    if info in (GC, SKIP):
        return reader.pos, read_run(reader), [], None
    beside, parent = [], None
    if info & HAS_ORIGIN:
        beside.append((reader.uint(), reader.uint()))
    if info & HAS_RIGHT:
        beside.append((reader.uint(), reader.uint()))
    if not beside:
        if reader.uint() == 1:
            reader.skip(reader.uint())
        else:
            parent = reader.uint(), reader.uint()
        if info & HAS_KEY:
            reader.skip(reader.uint())
    place_ends = reader.pos
    return place_ends, CONTENTS[info & KIND](reader)[0], beside, parent


def _holds(ranges: Sequence[Range], clock: int) -> bool:
    at = bisect_right(ranges, (clock, _FAR)) - 1
    return at >= 0 and clock < ranges[at][1]


def _write_run(out: bytearray, length: int) -> int:
    out.append(GC)
    write_uint(out, length)
    return 1
