"""Figures of rounds: medians, spreads, ratios, and runs that do not count."""

from __future__ import annotations

from bench.load_generator.generator import Result, Times
from bench.peers.figures import Round, best_peer, failed, of, ratio, rounded, row


def a_round(rate: float = 0.0, cpu: float = 0.0, p99: float = 0.0) -> Round:
    return Round(rate, cpu, p50=1.0, p95=2.0, p99=p99, load=0.5)


def result(**more: object) -> Result:
    given: dict[str, object] = {
        **dict.fromkeys(("edits", "all_edits", "all_deliveries", "frames"), 0),
        "ok": True,
        "error": "",
        "seconds": 2.0,
        "deliveries": 4_000,
        "own_cpu": 0.5,
        "server_cpu": [0.25, 0.75],
        "late": Times(),
        "opening": Times(),
        "latency": Times(4_000, 1_500.0, 2_500.0, 9_000.0),
        **more,
    }
    return Result(**given)  # type: ignore[arg-type]


def test_a_result_becomes_rates_and_milliseconds() -> None:
    assert of(result(), 0) == Round(2_000.0, 250.0, 1.5, 2.5, 9.0, 0.25)


def test_a_run_that_failed_says_why() -> None:
    assert of(result(ok=False, error="lost"), 0).refused == "lost"
    assert of(result(own_cpu=1.9), 0).refused.startswith("the load generator")
    assert of(result(deliveries=0), 0).refused == ("no delivery arrived in the measured seconds")


def test_a_row_has_medians_and_spreads_of_the_rounds_that_count() -> None:
    rounds = [a_round(10, 3, 7), failed("late"), a_round(30, 1, 9), a_round(20, 2, 8)]
    found = row(rounds)
    assert found["rounds"] == 3
    assert (found["deliveries/s"], found["CPU µs"], found["p99 ms"]) == (20, 2, 8)
    assert (found["deliveries/s, least"], found["deliveries/s, most"]) == (10, 30)
    assert found["refused"] == "1 of 4 runs: late"


def test_a_row_without_a_round_that_counts_has_no_figures() -> None:
    found = row([failed("late"), failed("late")])
    assert (found["rounds"], found["deliveries/s"], found["refused"]) == (
        0,
        None,
        "2 of 2 runs: late",
    )


def test_a_ratio_is_the_median_of_the_ratios_of_a_round() -> None:
    ours = [a_round(10), a_round(30), a_round(5)]
    theirs = [a_round(20), a_round(20), a_round(5)]
    assert ratio(ours, theirs, "rate") == 1.0
    assert ratio([*ours[:2], failed("late")], theirs, "rate") == 1.0  # of 0.5 and 1.5
    assert ratio([failed("late")], theirs, "rate") is None


def test_the_best_peer_has_the_highest_rate_or_the_lowest_cost() -> None:
    rounds = {
        "weft": [a_round(99, 0.1)],
        "fast": [a_round(9, 5), a_round(11, 5)],
        "thrifty": [a_round(5, 2)],
        "broken": [failed("lost")],
    }
    assert best_peer(rounds, "rate", "weft") == "fast"
    assert best_peer(rounds, "cpu", "weft") == "thrifty"
    assert best_peer({"weft": []}, "cpu", "weft") == ""


def test_figures_have_three_digits() -> None:
    assert [rounded(each) for each in (0.12345, 1.2345, 99.95, 123.456, 2_630_123.4)] == [
        0.123,
        1.23,
        100.0,
        123.0,
        2_630_123.0,
    ]
