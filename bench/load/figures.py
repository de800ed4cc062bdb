"""What a load test measures, and when a run has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Protocol

SHARES = ("rate_limited", "stale", "conflict", "refused")
# These are no fault: they say how the run went.
NOTED = ("reads", "pauses", "behind", "merged", "resyncs")
FAULTS = ("lost", "twice", "unanswered", "unseen", "gaps")


class Figures:
    """Where the clients report. `fire` gets a name and a value: locust adds them up."""

    def __init__(self, fire: Callable[[str, float], None]) -> None:
        self._fire = fire

    def time(self, name: str, took_ms: float) -> None:
        self._fire(f"weft_{name}_ms", took_ms)

    def bytes_per_second(self, name: str, value: float) -> None:
        self._fire(f"weft_{name}_bytes_per_second", value)

    def count(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            self._fire(f"weft_{name}", 0)

    def answered(self, what: str) -> None:
        """Count an answer to an edit: `edits` when it was accepted, or a share."""
        self.count(what)


class Summary(Protocol):
    """The sums of a run."""

    def count(self, name: str) -> int: ...

    def percentile(self, name: str, share: float) -> float: ...

    def most(self, name: str) -> float: ...


@dataclass(frozen=True)
class Result:
    """A figure with its limit."""

    name: str
    value: float
    limit: str
    is_kept: bool

    def __str__(self) -> str:
        return f"{'ok    ' if self.is_kept else 'BROKEN'} {self.name} = {self.value:g}{self.limit}"


def share_of(code: str) -> str:
    """Return the share that a refusal belongs to."""
    if code in {"rate_limited", "conflict"}:
        return code
    return "stale" if code == "unknown_version" else "refused"


def results(settings: SimpleNamespace, summary: Summary) -> Iterator[Result]:
    """Yield every figure of a run. The run has failed when one of them is not kept."""
    for name in ("ack", "peer", "read"):
        for percent in (95, 99):
            limit = getattr(settings, f"{name}_p{percent}_ms")
            yield _at_most(f"weft_{name}_ms p{percent}", _percentile(summary, name, percent), limit)
    yield _at_most("weft_lag_ms p95", _percentile(summary, "lag", 95), settings.lag_p95_ms)
    for name, most in (("up", settings.up_bytes), ("down", settings.down_bytes)):
        key = f"weft_{name}_bytes_per_second"
        yield _at_most(f"{key} max", round(summary.most(key)), most)
    edits = summary.count("weft_edits")
    yield Result("weft_edits", edits, ", must be above 0", edits > 0)
    answers = edits + sum(summary.count(f"weft_{name}") for name in SHARES)
    for name in SHARES:
        share = round(summary.count(f"weft_{name}") / max(1, answers), 4)
        yield _at_most(f"weft_{name} share", share, getattr(settings, name))
    yield _at_most("weft_closed", summary.count("weft_closed"), settings.closed)
    for name in FAULTS:
        yield _at_most(f"weft_{name}", summary.count(f"weft_{name}"), 0)
    for name in NOTED:
        yield Result(f"weft_{name}", summary.count(f"weft_{name}"), "", True)


def _percentile(summary: Summary, name: str, percent: int) -> float:
    return summary.percentile(f"weft_{name}_ms", percent / 100)


def _at_most(name: str, value: float, limit: float) -> Result:
    return Result(name, value, f", at most {limit:g}", value <= limit)
