"""The numbers of all workers. The kernel chooses the worker that gets a request for them.

`/metrics` has the series of every worker, with the label `worker`. `/status.json` is the report of
one worker, also when another worker gets the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from msgspec import Struct
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from collab.errors import Code, Rejected
from server.status.report import Scope, report

if TYPE_CHECKING:
    from server.status.monitor import Monitor

METRICS: Final = "metrics"
STATUS: Final = "status"


class Workers(Protocol):
    """All workers of this server, as one of them asks them questions."""

    number: int
    count: int

    async def ask(self, name: str, argument: str, worker: int = 0) -> dict[int, str]:
        """Return the answer of each worker, or of one. Those without an answer are left out."""


class _StatusAsked(Struct, frozen=True):
    """The argument of the question for a report."""

    scope: Scope
    since: int


_status_asked = msgspec.json.Decoder(_StatusAsked)


def answer(monitor: Monitor, worker: int, name: str, argument: str) -> str:
    """Return the answer of this worker to a question of another worker, or of its own.

    Raise `ValueError` for a question that this release does not know.
    """
    if name == METRICS:
        encode, _ = encoder_for(argument)
        labelled = CollectorRegistry(auto_describe=False)
        labelled.register(_Labelled(monitor.recorder.metrics.registry, str(worker)))
        return encode(labelled).decode()
    if name != STATUS:
        raise ValueError(f"there is no question {name!r}")
    asked = _status_asked.decode(argument)
    return msgspec.json.encode(report(monitor, asked.scope, asked.since)).decode()


def encoder_for(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    """Return the encoder of metrics for an `Accept` header, and its media type."""
    try:
        return choose_encoder(accept)
    except TypeError:  # it compares a version that is no number with numbers
        return choose_encoder("")


async def metrics_of_all(workers: Workers, accept: str) -> bytes:
    """Return the metrics of every worker that answers, in the format of the `Accept` header."""
    texts = await workers.ask(METRICS, accept)
    return _merged(texts[number] for number in sorted(texts)).encode()


async def report_of(workers: Workers, scope: Scope, since: int, worker: int) -> dict[str, Any]:
    """Return the report of a worker; 0 means this one. Raise `not_found` when it is not there."""
    wanted = worker or workers.number
    argument = msgspec.json.encode(_StatusAsked(scope, since)).decode()
    texts = await workers.ask(STATUS, argument, wanted)
    if wanted not in texts:
        raise Rejected(Code.NOT_FOUND, f"worker {wanted} does not answer, or does not exist")
    found: dict[str, Any] = msgspec.json.decode(texts[wanted])
    return {**found, "worker": wanted, "workers": workers.count}


class _Labelled(Collector):
    """The metrics of a registry, with one more label."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self._registry = registry
        self._worker = worker

    def collect(self) -> Iterator[Metric]:
        for family in self._registry.collect():
            labelled = Metric(family.name, family.documentation, family.type, family.unit)
            labelled.samples = [
                sample._replace(labels={**sample.labels, "worker": self._worker})
                for sample in family.samples
            ]
            yield labelled


def _merged(texts: Iterable[str]) -> str:
    """Join texts of one format. All series of a metric stay together, as the formats ask for."""
    metrics: dict[str, tuple[list[str], list[str]]] = {}
    end = ""
    for text in texts:
        lines: tuple[list[str], list[str]] = [], []
        is_new = False
        for line in text.splitlines(keepends=True):
            if line.startswith("# EOF"):
                end = line
                continue
            if line.startswith("# HELP "):
                name = line.split(" ")[2]
                is_new = name not in metrics
                lines = metrics.setdefault(name, ([], []))
            if not line.startswith("#"):
                lines[1].append(line)
            elif is_new:
                lines[0].append(line)
    return "".join(line for both in metrics.values() for part in both for line in part) + end
