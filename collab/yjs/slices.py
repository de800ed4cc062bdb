"""Updates in slices, where yrs may take long to integrate them.

yrs puts a struct beside its origin by walking over what stands between that and its right origin,
a fifth of a microsecond a block (measured). What its author had seen is never between; what
others inserted there meanwhile is, and an author may claim to have seen nothing: 60 structs in
600 bytes, each beside the first of 20,000 blocks, took 0.2 s, and 50 KB that bring the list along
0.6 s. Whether such a struct is a lie cannot be known: a client that was away for a day sends the
like. But most structs cannot be walked for at all, and the others can be counted. So a slice costs
a few milliseconds, the clock is read between two, and what is left is integrated later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from collab.yjs.causality import Clocks, Fresh, in_causal_order
from collab.yjs.lib0 import write_uint
from collab.yjs.update import GC, GuardBounds, Id, Inspected, Range, Struct, inspect

# Blocks that yrs may walk over in one slice: some 10 ms.
STEPS: Final = 50_000
# Deleting a range in a run of 400,000 characters takes 7 µs.
RANGES: Final = 1_000
# An update may take this long, and so much more for what it brings: one that is only large, which
# its bytes have paid for, is not cut.
SECONDS: Final = 0.02
SECONDS_A_STRUCT: Final = 1e-6
SECONDS_A_SLICE: Final = 10e-6
# What is left is checked again when its turn comes, in pieces: in one it would take as long.
PIECE: Final = 1_000
# What belongs together is checked together, unless there is too much of it.
LARGEST_PIECE: Final = 2_000
# Structs of a slice that need no walk: 8 ms.
LARGEST_SLICE: Final = 10_000

# A large update may have so many structs. Taken apart, each takes 300 bytes (measured), and a
# click or a word brings one or two.
LARGE_UPDATE_BOUNDS: Final = GuardBounds(update_bytes=0, structs=250_000)

# yrs joins what goes on from the struct before it when a transaction ends, and copies all of it
# each time: 30,000 letters in a struct each took 0.7 s and 520 MB, 2,000 take 2 ms and 3 MB.
# Clients join them before they send.
MOST_JOINED: Final = 2_000

Seconds = Callable[[], float]


def walked(fresh: Fresh, known: Clocks) -> list[bool]:
    """Of each new struct whether yrs may have to walk over more than the new ones before it.

    It does not for the first that stands behind the end of a new struct, or in a new parent:
    nothing else stands there. It takes one step, whatever comes after.
    """
    taken: set[Id | tuple[Id | str | None, str | None]] = set()
    ends: set[Id] = set()
    flags = []
    for client, struct in fresh:
        flags.append(_is_walked(client, struct, known, ends, taken))
        if struct.kind != GC:
            ends.add((client, struct.end - 1))
    return flags


def _is_walked(
    client: int,
    struct: Struct,
    known: Clocks,
    ends: set[Id],
    taken: set[Id | tuple[Id | str | None, str | None]],
) -> bool:
    place: Id | tuple[Id | str | None, str | None]
    if struct.kind == GC:
        return False
    if struct.origin is not None:
        place = struct.origin
        is_new = place in ends
    else:
        parent = struct.parent
        place = (parent, struct.key)
        is_new = isinstance(parent, tuple) and parent[1] >= known.get(parent[0], 0)
    if not is_new or place in taken:
        return True
    taken.add(place)
    return False


class Slices:
    """An update's slices, in an order in which each depends on those before; iterated once.

    Invariant: no slice has more than `most` structs that yrs may walk for. `rest` are updates of
    what was not handed out; the first slice always is.
    """

    def __init__(
        self,
        update: bytes,
        fresh: Fresh,
        flags: Sequence[bool],
        deletes: Mapping[int, list[Range]],
        *,
        most: int,
        seconds: Seconds,
    ) -> None:
        self._update = update
        self._fresh = fresh
        self._flags = flags
        self._ranges = [(client, one) for client, ranges in deletes.items() for one in ranges]
        self._most = most
        self._seconds = seconds
        self._structs_done = 0
        self._ranges_done = 0

    def __iter__(self) -> Iterator[bytes]:
        until = self._seconds() + SECONDS
        while not self.is_done:
            before = self._structs_done
            yield self._next()
            until += SECONDS_A_SLICE + SECONDS_A_STRUCT * (self._structs_done - before)
            if self._seconds() > until:
                return

    @property
    def is_done(self) -> bool:
        structs, ranges = len(self._fresh), len(self._ranges)
        return self._structs_done == structs and self._ranges_done == ranges

    @property
    def rest(self) -> list[bytes]:
        """None where all was handed out."""
        pieces = []
        at = self._structs_done
        while at < len(self._fresh):
            end = min(self._before_next(at + PIECE), at + LARGEST_PIECE)
            pieces.append(encode(self._update, self._fresh[at:end], []))
            at = end
        if self._ranges_done < len(self._ranges):
            pieces.append(encode(self._update, [], self._ranges[self._ranges_done :]))
        return pieces

    def _next(self) -> bytes:
        begin = end = self._structs_done
        if begin == len(self._fresh):
            ranges = self._ranges[self._ranges_done : self._ranges_done + RANGES]
            self._ranges_done += len(ranges)
            return encode(self._update, [], ranges)
        for _ in range(min(self._most, len(self._fresh) - begin)):
            end = self._before_next(end + 1)
        end = min(end, begin + LARGEST_SLICE)
        self._structs_done = end
        return encode(self._update, self._fresh[begin:end], [])

    def _before_next(self, at: int) -> int:
        """The first place from here on where an update may be cut.

        That is before what stands beside something known: a new section and its fields, say, are
        checked together.
        """
        flags = self._flags
        while at < len(flags) and not flags[at]:
            at += 1
        return min(at, len(flags))


def encode(update: bytes, structs: Fresh, ranges: Sequence[tuple[int, Range]]) -> bytes:
    """An update of some of the structs and deleted ranges of one."""
    sections: dict[int, list[Struct]] = {}
    for client, struct in structs:
        sections.setdefault(client, []).append(struct)
    out = bytearray()
    write_uint(out, len(sections))
    for client, section in sections.items():
        for value in (len(section), client, section[0].clock):
            write_uint(out, value)
        for struct in section:
            out += update[struct.at : struct.to]
    deletes: dict[int, list[Range]] = {}
    for client, one in ranges:
        deletes.setdefault(client, []).append(one)
    write_uint(out, len(deletes))
    for client, own in deletes.items():
        write_uint(out, client)
        write_uint(out, len(own))
        for start, stop in own:
            write_uint(out, start)
            write_uint(out, stop - start)
    return bytes(out)


def joins_many(fresh: Fresh) -> bool:
    """Whether more structs go on from the one before them than are joined at once."""
    joined = 0
    before: tuple[int, Struct] | None = None
    for client, struct in fresh:
        if before is not None and before[0] == client and before[1].end == struct.clock:
            goes_on = struct.origin == (client, struct.clock - 1)
            joined += before[1].kind == struct.kind and (goes_on or struct.kind == GC)
        before = client, struct
    return joined > MOST_JOINED


def in_pieces(update: bytes, inspected: Inspected, fresh: Fresh, known: Clocks) -> list[bytes]:
    """The update in pieces of few structs, each an update of its own."""
    flags = walked(fresh, known)
    return Slices(update, fresh, flags, inspected.deletes, most=1, seconds=lambda: 0.0).rest


def pieces_of(
    update: bytes, known: Clocks, bounds: GuardBounds = LARGE_UPDATE_BOUNDS
) -> list[bytes]:
    """What is new of a large update, in parts that are each checked as an update of its own.

    Raises `Rejected` for what is malformed, too large, or depends on edits that are not here.
    """
    inspected = inspect(update, bounds)
    fresh = in_causal_order(inspected.sections, known)
    return in_pieces(update, inspected, fresh, known)


def slices_of(
    update: bytes, inspected: Inspected, fresh: Fresh, known: Clocks, blocks: int, seconds: Seconds
) -> Slices | None:
    """The update in slices where it may be long, in a document of so many blocks."""
    most = max(1, STEPS // (blocks + len(fresh)))
    few = sum(map(len, inspected.deletes.values())) <= RANGES
    if few and len(fresh) <= most:
        return None
    flags = walked(fresh, known)
    if few and sum(flags) <= most:
        return None
    return Slices(update, fresh, flags, inspected.deletes, most=most, seconds=seconds)
