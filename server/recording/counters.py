"""Counters for the event loop: a plain addition each, read on a scrape.

The library's own takes a lock (0.65 µs against 0.05 here) and adds a second series to each with
the time when it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Count:
    """One series; it only grows, and only the event loop adds to it."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self, number: int = 1) -> None:
        self.value += number


class Tally(Collector):
    """Counts under one name.

    Invariant: its series are those of every combination of the values given at the start.
    """

    def __init__(self, name: str, documentation: str, **labels: Iterable[str]) -> None:
        self._name = name
        self._documentation = documentation
        self._labels: Sequence[str] = list(labels)
        self._counts = {values: Count() for values in product(*labels.values())}

    def labels(self, *values: str) -> Count:
        return self._counts[values]

    def total(self) -> int:
        return sum(count.value for count in self._counts.values())

    def describe(self) -> Iterable[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, self._documentation, labels=self._labels)

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for values, count in self._counts.items():
            family.add_metric(values, count.value)
        yield family
