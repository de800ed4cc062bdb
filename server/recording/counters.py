"""Counters and histograms for the event loop, which are read on a scrape.

Only the event loop writes to them, so nothing is locked. The library's own take a lock at each
addition and at each bucket: 0.65 µs against 0.05 for a counter, 1.6 against 0.2 for an observation.
Its counters also add a second series with the time when each was made.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, product

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

# Seconds: dense where an edit should be, so that p50, p95 and p99 from 0.5 ms to 1 s are a
# third off at most.
SECONDS = (
    *(0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008),
    *(0.012, 0.016, 0.025, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.4, 0.6, 1.0, 2.5, 10.0),
)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Count:
    """One series; it only grows, and only the event loop adds to it."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self, number: int = 1) -> None:
        self.value += number


class CounterFamily(Collector):
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


class Distribution:
    """How often which size was seen.

    Invariant: `counts[i]` observations were at most `bounds[i]` and above the bound before;
    the last one counts what is above them all.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, size: float) -> None:
        self.counts[bisect_left(self.bounds, size)] += 1
        self.total += size

    def quantile(self, share: float, since: Sequence[int] = ()) -> float | None:
        """About what `share` of the observations after `since` (earlier counts) were below."""
        seen = self.counts
        if since:
            seen = [now - then for now, then in zip(self.counts, since, strict=True)]
        wanted = share * sum(seen)
        if not wanted:
            return None
        below = 0
        for index, count in enumerate(seen):
            if below + count >= wanted:
                return self._between(index, (wanted - below) / count)
            below += count
        return float(self.bounds[-1])

    def _between(self, index: int, share: float) -> float:
        """As far into a bucket; what is above the last bound counts as that bound."""
        if index == len(self.bounds):
            return float(self.bounds[-1])
        low = self.bounds[index - 1] if index else 0.0
        return low + (self.bounds[index] - low) * share


class Histogram(Collector):
    """Distributions under one name, apart by the values of one label or by none."""

    def __init__(
        self,
        name: str,
        documentation: str,
        bounds: Sequence[float],
        *,
        label: str = "",
        values: Iterable[str] = ("",),
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = [label] if label else []
        self._children = {value: Distribution(bounds) for value in values}

    def labels(self, value: str = "") -> Distribution:
        return self._children[value]

    def describe(self) -> Iterable[HistogramMetricFamily]:
        yield HistogramMetricFamily(self._name, self._documentation, labels=self._labels)

    def collect(self) -> Iterable[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for value, child in self._children.items():
            bounds = [*map(floatToGoString, child.bounds), "+Inf"]
            buckets = list(zip(bounds, map(float, accumulate(child.counts)), strict=True))
            family.add_metric([value] if self._labels else [], buckets, child.total)
        yield family
