"""Figures of paired rounds: medians, spreads, and ratios of the same round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.load_generator.generator import Result


@dataclass(frozen=True)
class Round:
    """One run of one server: its figures, or why they do not count."""

    rate: float  # deliveries/s
    cpu: float  # µs of the server for each delivery
    p50: float  # ms
    p95: float
    p99: float
    load: float  # the load generator's share of its core
    refused: str = ""


def of(result: Result, wanted_rate: float) -> Round:
    """Return the figures of a run."""
    deliveries, seconds = result.deliveries, result.seconds
    refused = result.refusal(wanted_rate)
    if not refused and not deliveries:
        refused = "no delivery arrived in the measured seconds"
    return Round(
        rate=deliveries / seconds if seconds else 0.0,
        cpu=sum(result.server_cpu) / deliveries * 1e6 if deliveries else 0.0,
        p50=result.latency.p50 / 1000,
        p95=result.latency.p95 / 1000,
        p99=result.latency.p99 / 1000,
        load=result.share_of_core,
        refused=refused,
    )


def failed(why: str) -> Round:
    return Round(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, why)


FIGURES = {
    "rate": "deliveries/s",
    "cpu": "CPU µs",
    "p50": "p50 ms",
    "p95": "p95 ms",
    "p99": "p99 ms",
    "load": "load generator",
}
# The spread of these figures is in the row, too.
SPREAD = ("rate", "cpu", "p99")


def row(rounds: Sequence[Round]) -> dict[str, Any]:
    """Return the medians of the rounds that count, with the smallest and the largest value."""
    counted = [each for each in rounds if not each.refused]
    refused = [each.refused for each in rounds if each.refused]
    found: dict[str, Any] = {"rounds": len(counted)}
    for name, title in FIGURES.items():
        values = [getattr(each, name) for each in counted]
        found[title] = rounded(median(values)) if values else None
        if name in SPREAD:
            found[f"{title}, least"] = rounded(min(values)) if values else None
            found[f"{title}, most"] = rounded(max(values)) if values else None
    found["refused"] = f"{len(refused)} of {len(rounds)} runs: {refused[0]}" if refused else ""
    return found


def best_peer(rounds: Mapping[str, Sequence[Round]], figure: str, ours: str) -> str:
    """Return the server with the best median among the other ones; empty when there is none."""
    medians = {
        name: median(getattr(each, figure) for each in all_of if not each.refused)
        for name, all_of in rounds.items()
        if name != ours and any(not each.refused for each in all_of)
    }
    if not medians:
        return ""
    best = max if figure == "rate" else min
    return best(medians, key=medians.__getitem__)


def ratio(ours: Sequence[Round], theirs: Sequence[Round], figure: str) -> float | None:
    """Return the median of the ratios, round by round; None when no pair of rounds counts."""
    pairs = [
        getattr(one, figure) / getattr(other, figure)
        for one, other in zip(ours, theirs, strict=False)
        if not one.refused and not other.refused and getattr(other, figure)
    ]
    return rounded(median(pairs)) if pairs else None


def rounded(value: float) -> float:
    """Keep three significant digits, and whole numbers from a hundred on."""
    if abs(value) >= 100:
        return float(round(value))
    return float(f"{value:.3g}")
