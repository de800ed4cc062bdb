"""Samples for the status page: the metrics of each second of the last five minutes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from server.runtime.usage import memory, processor_seconds
from server.status.open_documents import OpenDocuments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.documents.hub import Hub
    from server.recording.connections import Connections
    from server.recording.counters import Distribution
    from server.recording.metrics import Metrics
    from server.runtime.clock import Clock
    from server.status.loop_watchdog import Watchdog

KEEP = 300
# The percentiles of a sample are of the last `WINDOW` seconds, because one second may have too few
# edits.
WINDOW = 10


class Sample(NamedTuple):
    """The metrics of one second.

    Rates are per second, and times are milliseconds. None means that there was no event to measure.
    `batch` is the mean number of edits in a commit, `memory` is bytes, and `processor` is the share
    of one core.
    """

    at: int
    edits: float
    refusals: float
    sent: float
    received: float
    connections: int
    behind: int
    documents: int
    p50: float | None
    p95: float | None
    p99: float | None
    commit: float | None
    batch: float | None
    lag: float
    read_only: int
    present: int
    locks: int
    memory: int | None
    processor: float


@dataclass(frozen=True, slots=True)
class Totals:
    """The counters at one moment."""

    at: float
    edits: int
    refusals: int
    sent: int
    received: int
    latency: list[int]
    commits: list[int]
    entries: float
    processor: float


class Samples:
    """Takes and keeps samples.

    Invariant: at most `KEEP` samples are kept, oldest first, at increasing times.
    """

    def __init__(
        self, hub: Hub, metrics: Metrics, connections: Connections, watchdog: Watchdog, clock: Clock
    ) -> None:
        self._hub = hub
        self._metrics = metrics
        self._connections = connections
        self._watchdog = watchdog
        self._clock = clock
        self._before: deque[Totals] = deque([self._totals()], maxlen=WINDOW)
        self.kept: deque[Sample] = deque(maxlen=KEEP)

    def take_sample(self) -> Sample:
        """Take, keep and return a sample of the time since the last sample."""
        metrics, now, last, first = self._metrics, self._totals(), self._before[-1], self._before[0]
        seconds = max(now.at - last.at, 1e-3)
        lives = OpenDocuments.of(self._hub)
        infos = self._connections.infos
        sample = Sample(
            at=self._clock.now_ms(),
            edits=round((now.edits - last.edits) / seconds, 1),
            refusals=round((now.refusals - last.refusals) / seconds, 1),
            sent=round((now.sent - last.sent) / seconds),
            received=round((now.received - last.received) / seconds),
            connections=len(infos),
            behind=sum(each.is_behind for each in infos),
            documents=lives.documents,
            p50=_ms(metrics.sent, 0.5, first.latency),
            p95=_ms(metrics.sent, 0.95, first.latency),
            p99=_ms(metrics.sent, 0.99, first.latency),
            commit=_ms(metrics.commit_seconds, 0.99, first.commits),
            batch=_batch(now, first),
            lag=round(self._watchdog.take_worst() * 1000, 1),
            read_only=lives.read_only,
            present=lives.present,
            locks=lives.locks,
            memory=memory(),
            processor=round((now.processor - last.processor) / seconds, 3),
        )
        self._before.append(now)
        self.kept.append(sample)
        return sample

    def since(self, at: int) -> Iterable[Sample]:
        return [sample for sample in self.kept if sample.at > at]

    def _totals(self) -> Totals:
        metrics = self._metrics
        return Totals(
            at=self._clock.monotonic(),
            edits=metrics.accepted,
            refusals=metrics.refusals.total(),
            sent=sum(self._connections.sent().values()),
            received=sum(self._connections.received().values()),
            latency=list(metrics.sent.counts),
            commits=list(metrics.commit_seconds.counts),
            entries=metrics.commit_entries.total,
            processor=processor_seconds(),
        )


def _ms(seen: Distribution, share: float, since: list[int]) -> float | None:
    seconds = seen.quantile(share, since)
    return None if seconds is None else round(seconds * 1000, 2)


def _batch(now: Totals, then: Totals) -> float | None:
    commits = sum(now.commits) - sum(then.commits)
    return round((now.entries - then.entries) / commits, 1) if commits else None
