"""Ranges of Yjs clocks, by client, each of which leads to another id."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeAlias

Id: TypeAlias = tuple[int, int]  # client, clock
Run: TypeAlias = tuple[int, int, int]  # client, first clock, how many clocks


def merged(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs with those joined that continue each other."""
    last: Run | None = None
    for run in runs:
        if last is not None and last[0] == run[0] and last[1] + last[2] == run[1]:
            last = (last[0], last[1], last[2] + run[2])
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


class Spans:
    """A map from ids to ids that keeps ranges, not single ids.

    Where it is `constant`, all ids of a run lead to the same one. Invariant: the spans of a client
    ascend and do not overlap; constant ones that lead to the same id do not touch.
    """

    def __init__(self, *, constant: bool = False) -> None:
        self._step = 0 if constant else 1
        self._clients: dict[int, list[tuple[int, int, Id]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._clients.values()))

    def put(self, run: Run, to: Id) -> None:
        """Let a run lead to the run of ids that begins at `to`, whatever it led to before."""
        client, clock, length = run
        if length <= 0:
            return
        end = clock + length
        spans = self._clients.setdefault(client, [])
        if not self._step:
            clock, end = self._widened(spans, clock, end, to)
        first = self._first(spans, clock)
        last = first
        around: list[tuple[int, int, Id]] = []
        while last < len(spans) and spans[last][0] < end:
            start, stop, there = spans[last]
            if start < clock:
                around.append((start, clock, there))
            if stop > end:
                around.append((end, stop, (there[0], there[1] + self._step * (end - start))))
            last += 1
        spans[first:last] = sorted([*around, (clock, end, to)])

    def pieces(self, run: Run) -> Iterator[tuple[Run, Id | None]]:
        """The run in pieces, in order, each with the id that its first one leads to, if any."""
        client, clock, length = run
        end = clock + length
        spans = self._clients.get(client, [])
        at = self._first(spans, clock)
        while clock < end:
            if at == len(spans) or spans[at][0] >= end:
                yield (client, clock, end - clock), None
                return
            start, stop, (to_client, to_clock) = spans[at]
            if start > clock:
                yield (client, clock, start - clock), None
                clock = start
            stop = min(stop, end)
            yield (
                (client, clock, stop - clock),
                (to_client, to_clock + self._step * (clock - start)),
            )
            clock, at = stop, at + 1

    def _widened(
        self, spans: list[tuple[int, int, Id]], clock: int, end: int, to: Id
    ) -> tuple[int, int]:
        """A run together with the spans at its ends that lead to the same id."""
        at = self._first(spans, clock)
        for start, stop, there in spans[max(0, at - 1) : at + 1]:
            if there == to and start <= clock <= stop:
                clock, end = start, max(end, stop)
        at = self._first(spans, end)
        for start, stop, there in spans[at : at + 1]:
            if there == to and start <= end <= stop:
                end = stop
        return clock, end

    def _first(self, spans: list[tuple[int, int, Id]], clock: int) -> int:
        """The first span that ends behind a clock."""
        at = bisect_right(spans, clock, key=lambda span: span[0])
        return at - 1 if at and spans[at - 1][1] > clock else at
