"""Keeps the places of the clocks of one Yjs client, and which of its clocks are deleted."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from collab.yjs.lists import KEYED, StructPlace
from collab.yjs.update import Range

_DEEPEST: Final = 2**14 - 1
_FAR: Final = 2**32


class ClockRuns:
    """Keeps the places of one client's clocks, as runs of equal places.

    Invariant: `starts` ascends. `lists[i]`, `holders[i]`, `depths[i]` and `arrays[i]` hold from
    `starts[i]` up to the next start. `depths` has the depth times four, plus 1 when the place may
    contain structs, plus 2 when it may contain text.
    """

    __slots__ = ("arrays", "deleted", "depths", "holders", "lists", "pairs", "starts")

    def __init__(self) -> None:
        self.starts = array("I")
        self.lists = array("q")
        self.holders = array("q")
        self.depths = array("H")
        self.arrays = array("I")
        self.pairs = array("I")  # clocks of the second halves of surrogate pairs
        self.deleted: list[Range] = []

    def append(self, clock: int, place: StructPlace) -> None:
        depth = min(place.depth, _DEEPEST) * 4 + place.holds + 2 * place.takes_text
        if not self.starts or self.depths[-1] != depth or self.lists[-1] != place.list:
            self.starts.append(clock)
            self.lists.append(place.list)
            self.holders.append(place.holder)
            self.depths.append(depth)
            self.arrays.append(place.array)

    def place(self, clock: int) -> StructPlace:
        return self.place_of_run(bisect_right(self.starts, clock) - 1)

    def number_of(self, clock: int) -> int:
        """Return the number of the run that has a clock."""
        return bisect_right(self.starts, clock) - 1

    def place_of_run(self, number: int) -> StructPlace:
        depth = self.depths[number]
        return StructPlace(
            self.lists[number],
            depth >> 2,
            bool(depth & 1),
            bool(depth & 2),
            self.holders[number],
            self.arrays[number],
        )

    def find(self, where: int, begin: int) -> int:
        """Return the number of the next run with the list `where`, from `begin` on; -1 for none."""
        try:
            return self.lists.index(where, begin)
        except ValueError:
            return -1

    def alive_in_arrays(self, start: int, end: int) -> Iterator[tuple[StructPlace, int, int]]:
        """Yield the place of each run in a Y.Array, its first clock, and its clocks that are left.

        Only clocks from `start` to `end` count. Deleted clocks are not left.
        """
        for number in range(max(0, bisect_right(self.starts, start) - 1), len(self.starts)):
            first, is_last = self.starts[number], number + 1 == len(self.starts)
            if first >= end or start >= end:
                return
            if self.arrays[number]:
                begin, stop = max(first, start), end if is_last else self.starts[number + 1]
                stop = min(stop, end)
                yield self.place_of_run(number), begin, stop - begin - self.deleted_in(begin, stop)

    def keyed(self, end: int) -> Iterator[tuple[int, int]]:
        """Yield the holder of each run of values of keys, and how many clocks are not deleted.

        `end` is the end of the last run.
        """
        deleted, at = self.deleted, 0
        for number, (start, where, depth) in enumerate(
            zip(self.starts, self.lists, self.depths, strict=True)
        ):
            if not where & KEYED or depth < 4:
                continue
            is_last = number + 1 == len(self.starts)
            stop = end if is_last else self.starts[number + 1]
            while at < len(deleted) and deleted[at][1] <= start:
                at += 1
            is_whole = at == len(deleted) or deleted[at][0] >= stop
            yield (
                self.holders[number],
                stop - start - (0 if is_whole else self.deleted_in(start, stop)),
            )

    def deleted_in(self, start: int, end: int) -> int:
        """Return how many of these clocks are deleted."""
        at, total = max(0, bisect_right(self.deleted, (start, _FAR)) - 1), 0
        while at < len(self.deleted) and self.deleted[at][0] < end:
            total += max(0, min(end, self.deleted[at][1]) - max(start, self.deleted[at][0]))
            at += 1
        return total

    def alive(self, start: int, end: int) -> Iterator[Range]:
        """Yield the ranges of these clocks that are not deleted."""
        at = max(0, bisect_right(self.deleted, (start, _FAR)) - 1)
        while at < len(self.deleted) and self.deleted[at][0] < end:
            if start < self.deleted[at][0]:
                yield start, self.deleted[at][0]
            start = max(start, self.deleted[at][1])
            at += 1
        if start < end:
            yield start, end

    def cuts(self, clock: int) -> bool:
        at = bisect_left(self.pairs, clock)
        return at < len(self.pairs) and self.pairs[at] == clock

    def delete(self, start: int, end: int) -> None:
        ranges = self.deleted
        first = bisect_left(ranges, (start, 0))
        if first and ranges[first - 1][1] >= start:
            first -= 1
        last = first
        while last < len(ranges) and ranges[last][0] <= end:
            start = min(start, ranges[last][0])
            end = max(end, ranges[last][1])
            last += 1
        ranges[first:last] = [(start, end)]

    def has_deleted(self, start: int, end: int) -> bool:
        at = bisect_right(self.deleted, (start, _FAR)) - 1
        return at >= 0 and end <= self.deleted[at][1]


def is_in(ranges: Sequence[Range], clock: int) -> bool:
    """Whether ascending ranges contain a clock."""
    at = bisect_right(ranges, (clock, _FAR)) - 1
    return at >= 0 and clock < ranges[at][1]
