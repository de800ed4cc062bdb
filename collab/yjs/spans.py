"""A map from ranges of Yjs ids to other ids."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

Id: TypeAlias = tuple[int, int]  # client, clock
Run: TypeAlias = tuple[int, int, int]  # client, first clock, how many clocks


def merged(runs: Iterable[Run]) -> list[Run]:
    """Return the runs, with runs that continue each other joined."""
    joined: list[Run] = []
    client = end = -1  # of the last run
    for run in runs:
        if run[0] == client and run[1] == end:
            before = joined[-1]
            joined[-1] = (client, before[1], before[2] + run[2])
        else:
            joined.append(run)
        client, end = run[0], run[1] + run[2]
    return joined


class _Row:
    """The spans of one client: where each starts, where it ends, and the id that it maps to."""

    __slots__ = ("spans", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.spans: list[tuple[int, Id]] = []

    def first(self, clock: int) -> int:
        """The number of the first span that ends after a clock."""
        at = bisect_right(self.starts, clock)
        return at - 1 if at and self.spans[at - 1][0] > clock else at


class Spans:
    """Maps ids to ids. It keeps spans, which are mapped ranges of ids, instead of single ids.

    With `constant`, all ids of a run map to the same id.

    Invariant: the spans of a client ascend and do not overlap. In a constant map, two spans that
    touch map to different ids.
    """

    def __init__(self, *, constant: bool = False) -> None:
        self._step = 0 if constant else 1
        self._rows: dict[int, _Row] = {}

    def __len__(self) -> int:
        return sum(len(row.starts) for row in self._rows.values())

    def put(self, run: Run, to: Id) -> None:
        """Map a run to the run of ids that begins at `to`. This replaces earlier mappings."""
        client, clock, length = run
        if length <= 0:
            return
        end = clock + length
        row = self._rows.get(client)
        if row is None:
            row = self._rows[client] = _Row()
        if not row.spans or row.spans[-1][0] <= clock:  # most new runs come after all others
            self._append(row, clock, end, to)
            return
        if not self._step:
            clock, end = _widened(row, clock, end, to)
        first = last = row.first(clock)
        before: list[tuple[int, int, Id]] = []
        after: list[tuple[int, int, Id]] = []
        while last < len(row.starts) and row.starts[last] < end:
            start, (stop, there) = row.starts[last], row.spans[last]
            if start < clock:
                before.append((start, clock, there))
            if stop > end:
                after.append((end, stop, (there[0], there[1] + self._step * (end - start))))
            last += 1
        if not before and not after:
            row.starts[first:last], row.spans[first:last] = (clock,), ((end, to),)
            return
        fresh = [*before, (clock, end, to), *after]
        row.starts[first:last] = [start for start, _, _ in fresh]
        row.spans[first:last] = [(stop, there) for _, stop, there in fresh]

    def _append(self, row: _Row, clock: int, end: int, to: Id) -> None:
        """Add a span after all spans of the row."""
        if not self._step and row.spans and row.spans[-1] == (clock, to):
            row.spans[-1] = end, to  # it touches the last span, and maps to the same id
            return
        row.starts.append(clock)
        row.spans.append((end, to))

    def of(self, at: Id) -> Id | None:
        """Return the id to which an id is mapped, or None."""
        client, clock = at
        row = self._rows.get(client)
        number = bisect_right(row.starts, clock) - 1 if row is not None else -1
        if row is None or number < 0 or row.spans[number][0] <= clock:
            return None
        to_client, to_clock = row.spans[number][1]
        return to_client, to_clock + self._step * (clock - row.starts[number])

    def pieces(self, run: Run) -> list[tuple[Run, Id | None]]:
        """Return the pieces of a run, in order: each with the id of its first id, or None."""
        client, clock, length = run
        row = self._rows.get(client)
        if row is None:
            return [(run, None)] if length > 0 else []
        found: list[tuple[Run, Id | None]] = []
        end = clock + length
        starts = row.starts
        at = max(0, bisect_right(starts, clock) - 1)
        while clock < end:
            if at == len(starts) or starts[at] >= end:
                found.append(((client, clock, end - clock), None))
                break
            start, (stop, (to_client, to_clock)) = starts[at], row.spans[at]
            if stop <= clock:  # only the first span may end before the run
                at += 1
                continue
            if start > clock:
                found.append(((client, clock, start - clock), None))
                clock = start
            stop = min(stop, end)
            to = to_client, to_clock + self._step * (clock - start)
            found.append(((client, clock, stop - clock), to))
            clock, at = stop, at + 1
        return found


def _widened(row: _Row, clock: int, end: int, to: Id) -> tuple[int, int]:
    """The start and end of a run, extended by spans at its ends that map to the same id."""
    at = row.first(clock)
    for near in range(max(0, at - 1), min(at + 1, len(row.starts))):
        start, (stop, there) = row.starts[near], row.spans[near]
        if there == to and start <= clock <= stop:
            clock, end = start, max(end, stop)
    at = row.first(end)
    if at < len(row.starts):
        start, (stop, there) = row.starts[at], row.spans[at]
        if there == to and start <= end <= stop:
            end = stop
    return clock, end
