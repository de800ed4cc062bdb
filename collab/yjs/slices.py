"""Cut an update into slices when yrs may take long to integrate it.

The origin and the right origin of a struct are the two neighbours that its author saw. To find the
place of the struct, yrs walks over the blocks between the two. (A block is a struct, or several
joined structs, in the memory of yrs.) This takes 0.2 µs a block (measured). Other authors have
inserted the blocks between the two meanwhile. An author can claim to have seen none of the blocks.
Then the walk is long.

Measured: 60 structs in 600 bytes, each beside the first of 20,000 blocks, took 0.2 s. An update of
50 KB that also contains the list took 0.6 s. The server cannot know whether such a claim is false:
a client that was offline for a day sends similar updates.

Most structs never cause a walk, and the server can count the others. So it can cut slices that take
a few milliseconds. It reads the clock after each slice. When the update has taken too long, the
server integrates the rest later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from collab.yjs.causality import Clocks, Fresh, in_causal_order
from collab.yjs.joining import write_deletes
from collab.yjs.lib0 import write_uint
from collab.yjs.update import GC, GuardBounds, Id, Inspected, Range, Struct, inspect

# Blocks that yrs may walk over in one slice: about 10 ms.
STEPS: Final = 50_000
# Deleted ranges in one slice. yrs takes 7 µs to delete a range in a run of 400,000 characters.
RANGES: Final = 1_000
# The time that an update may take before the rest of it waits: a fixed part, and more for each
# struct and each slice. An update that is only large does not wait: its author paid for its bytes.
SECONDS: Final = 0.02
SECONDS_A_STRUCT: Final = 1e-6
SECONDS_A_SLICE: Final = 10e-6
# The structs of a piece. The rest of an update waits in pieces. The server checks each piece again
# when its turn comes. Checked as one piece, the rest would take as long again.
PIECE: Final = 1_000
# Structs that belong together are in one piece, unless they are more than this number.
LARGEST_PIECE: Final = 2_000
# The most structs of a slice. When yrs walks for none of them, they take 8 ms.
LARGEST_SLICE: Final = 10_000

# The most structs of a large update. A decoded struct takes 300 bytes (measured). A click or a word
# makes one or two structs.
LARGE_UPDATE_BOUNDS: Final = GuardBounds(update_bytes=0, structs=250_000)

# When a transaction ends, yrs joins each struct to the struct that it continues, and copies the
# joined struct each time. 30,000 structs of one letter took 0.7 s and 520 MB; 2,000 take 2 ms and
# 3 MB. Clients join such structs before they send them.
MOST_JOINED: Final = 2_000

Seconds = Callable[[], float]


def walked(fresh: Fresh, known: Clocks) -> list[bool]:
    """For each new struct, whether yrs may have to walk over other blocks to find its place.

    yrs does not walk for the first struct after the end of a new struct, nor for the first struct
    in a new parent. No other struct is at this place, so yrs finds it at once. Later structs do not
    change that.
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
    """Cuts an update into slices. A slice depends only on slices before it. Iterate once.

    Invariant: no slice has more than `most` structs that yrs may walk for. An iteration yields at
    least one slice. `rest` has everything that it did not yield, as updates.
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
        """The part of the update that the iteration did not yield, as updates."""
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
        """The number of the first struct, from `at` on, before which the update may be cut.

        It is a struct that yrs may walk for. So, for example, a new section of a page and its
        fields stay together.
        """
        flags = self._flags
        while at < len(flags) and not flags[at]:
            at += 1
        return min(at, len(flags))


def encode(update: bytes, structs: Fresh, ranges: Sequence[tuple[int, Range]]) -> bytes:
    """An update with some structs and deleted ranges of `update`."""
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
    write_deletes(out, deletes)
    return bytes(out)


def joins_many(fresh: Fresh) -> bool:
    """Whether more than `MOST_JOINED` structs continue the struct before them."""
    joined = 0
    before: tuple[int, Struct] | None = None
    for client, struct in fresh:
        if before is not None and before[0] == client and before[1].end == struct.clock:
            goes_on = struct.origin == (client, struct.clock - 1)
            joined += before[1].kind == struct.kind and (goes_on or struct.kind == GC)
        before = client, struct
    return joined > MOST_JOINED


def in_pieces(update: bytes, inspected: Inspected, fresh: Fresh, known: Clocks) -> list[bytes]:
    """Split an update into pieces: updates with few structs."""
    flags = walked(fresh, known)
    return Slices(update, fresh, flags, inspected.deletes, most=1, seconds=lambda: 0.0).rest


def pieces_of(
    update: bytes, known: Clocks, bounds: GuardBounds = LARGE_UPDATE_BOUNDS
) -> list[bytes]:
    """Split the new structs of a large update into updates that are checked one by one.

    Raise `Rejected` when the update is malformed, too large, or depends on missing edits.
    """
    inspected = inspect(update, bounds)
    fresh = in_causal_order(inspected.sections, known)
    return in_pieces(update, inspected, fresh, known)


def slices_of(
    update: bytes, inspected: Inspected, fresh: Fresh, known: Clocks, blocks: int, seconds: Seconds
) -> Slices | None:
    """Slice an update that may take long in a document of `blocks` blocks; None for any other."""
    most = max(1, STEPS // (blocks + len(fresh)))
    few = sum(map(len, inspected.deletes.values())) <= RANGES
    if few and len(fresh) <= most:
        return None
    flags = walked(fresh, known)
    if few and sum(flags) <= most:
        return None
    return Slices(update, fresh, flags, inspected.deletes, most=most, seconds=seconds)
