"""When a run has failed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bench.load.figures import Figures, results, share_of
from bench.load.settings import read


class Sums:
    """Sums as a test gives them."""

    def __init__(self, counts: dict[str, int], times: dict[str, float]) -> None:
        self._counts = counts
        self._times = times

    def count(self, name: str) -> int:
        return self._counts.get(name, 0)

    def percentile(self, name: str, share: float) -> float:
        return self._times.get(name, 0.0) * share

    def most(self, name: str) -> float:
        return self._times.get(name, 0.0)


def settings(**changed: str) -> SimpleNamespace:
    return read({"LOAD_TOKEN": "t", **{f"LOAD_{name.upper()}": v for name, v in changed.items()}})


def broken(counts: dict[str, int], times: dict[str, float], **changed: str) -> set[str]:
    found = results(settings(**changed), Sums({"weft_edits": 90, **counts}, times))
    return {result.name for result in found if not result.is_kept}


def test_a_good_run_breaks_nothing() -> None:
    times = {"weft_ack_ms": 10.0, "weft_peer_ms": 20.0, "weft_up_bytes_per_second": 500.0}
    assert broken({"weft_merged": 3, "weft_behind": 1}, times) == set()


def test_a_run_without_edits_has_failed() -> None:
    assert broken({"weft_edits": 0}, {}) == {"weft_edits"}


@pytest.mark.parametrize("name", ["lost", "twice", "unanswered", "gaps", "closed"])
def test_one_fault_fails_the_run(name: str) -> None:
    assert broken({f"weft_{name}": 1}, {}) == {f"weft_{name}"}


def test_shares_are_of_all_answers() -> None:
    assert broken({"weft_stale": 10}, {}, stale="0.1") == set()
    assert broken({"weft_stale": 11}, {}, stale="0.1") == {"weft_stale share"}
    assert broken({"weft_rate_limited": 1}, {}) == {"weft_rate_limited share"}


def test_latency_and_bytes_have_limits() -> None:
    slow = {"weft_ack_ms": 300.0, "weft_down_bytes_per_second": 300_000.0}
    assert broken({}, slow) == {
        *("weft_ack_ms p95", "weft_ack_ms p99", "weft_down_bytes_per_second max"),
    }
    assert broken({}, slow, ack_p95_ms="400", ack_p99_ms="400", down_bytes="400000") == set()


def test_a_busy_tool_fails_the_run() -> None:
    assert broken({}, {"weft_lag_ms": 100.0}) == {"weft_lag_ms p95"}


def test_a_result_says_its_limit() -> None:
    line = str(next(results(settings(), Sums({}, {"weft_ack_ms": 200.0}))))
    assert line == "BROKEN weft_ack_ms p95 = 190, at most 100"


def test_figures_report_by_the_names_of_k6() -> None:
    fired: list[tuple[str, float]] = []
    figures = Figures(lambda name, value: fired.append((name, value)))
    figures.time("ack", 3.5)
    figures.count("gaps", 2)
    figures.bytes_per_second("up", 7.0)
    figures.answered(share_of("unknown_version"))
    assert fired == [
        *[("weft_ack_ms", 3.5), ("weft_gaps", 0), ("weft_gaps", 0)],
        *[("weft_up_bytes_per_second", 7.0), ("weft_stale", 0)],
    ]
