"""Metrics: what is counted, how many series there are, and that the docs explain each metric."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from collab.entry import Author, Entry
from collab.errors import Code, Refusal
from collab.ports.availability import BreakerState
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Barrier, PatchRequest
from collab.room.working import RoomBounds
from server.archives.export import Exports
from server.broadcast.subscriber import Submission
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.recording.counters import SECONDS, Distribution
from server.recording.metrics import CLOSES, Metrics
from server.recording.recorder import Recorder
from server.status.gauges import Gauges
from storage.gossip.memory import MemoryGossip
from storage.memory.store import MemoryStore
from tests.house import ROOT
from tests.manual_clock import ManualClock

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ADA = Member(Author("ada"), Rights(Role.EDITOR, expires_at=2**60), "patch")


class GuardedStore(MemoryStore):
    """A store with circuit breakers, as a database has."""

    def breakers(self) -> list[BreakerState]:
        return [BreakerState(calls, is_open=False, openings=0) for calls in ("reads", "writes")]


def everything() -> Metrics:
    """Return the metrics of a server, with the gauges."""
    clock = ManualClock()
    store = GuardedStore()
    metrics = Metrics()
    hub = Hub(store, clock, HubBounds(RoomBounds()), Recorder(store, clock, metrics))
    metrics.add(Gauges(hub, MemoryGossip(), Exports(0), "0.1.0"))
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float:
    found = metrics.registry.get_sample_value(name, labels)
    assert found is not None, f"{name} {labels} is no series"
    return found


def patch(received_at: float = 0.0) -> Submission:
    return Submission(ADA, PatchRequest("a.1", 1, []), received_at)


def entry(version: int = 2) -> Entry:
    return Entry(version, Author("ada"), 0, "edit", [], b"")


def test_an_accepted_edit_counts_once_with_both_latencies() -> None:
    metrics = Metrics()
    batch = [(patch(1.0), Answer(2, entry=entry()))]
    metrics.count_batch(batch, durable_at=1.002, sent_at=1.003)
    assert value(metrics, "weft_edits_total", lane="patch", outcome="accepted") == 1
    for stage, seconds in (("durable", 0.002), ("sent", 0.003)):
        assert value(metrics, "weft_edit_seconds_count", stage=stage) == 1
        assert value(metrics, "weft_edit_seconds_sum", stage=stage) == pytest.approx(seconds)


def test_a_refusal_counts_by_its_code_and_has_no_latency() -> None:
    metrics = Metrics()
    refused = Answer(1, refusal=Refusal(Code.CONFLICT, "no"))
    metrics.count_batch([(patch(), refused)], 1.0, 1.0)
    assert value(metrics, "weft_edits_total", lane="patch", outcome="refused") == 1
    assert value(metrics, "weft_refusals_total", lane="patch", code="conflict") == 1
    assert value(metrics, "weft_edit_seconds_count", stage="sent") == 0


def test_unchanged_and_duplicate_are_counted_separately() -> None:
    metrics = Metrics()
    batch = [(patch(), Answer(1)), (patch(), Answer(1, ack={"duplicate": True}))]
    metrics.count_batch(batch, 1.0, 1.0)
    assert value(metrics, "weft_edits_total", lane="patch", outcome="unchanged") == 1
    assert value(metrics, "weft_edits_total", lane="patch", outcome="duplicate") == 1


def test_a_barrier_is_no_edit() -> None:
    metrics = Metrics()
    metrics.count_batch([(Submission(ADA, Barrier(1), 0.0), Answer(1))], 1.0, 1.0)
    assert metrics.edits.total() == 0


def test_an_invented_close_code_makes_no_series() -> None:
    metrics = Metrics()
    for code in (3000, 4999, 4508):
        metrics.lanes["yjs"].closed(code)
    assert value(metrics, "weft_disconnects_total", lane="yjs", code="other") == 2
    assert value(metrics, "weft_disconnects_total", lane="yjs", code="4508") == 1
    assert (
        metrics.registry.get_sample_value("weft_disconnects_total", {"lane": "yjs", "code": "4999"})
        is None
    )
    assert 4508 in CLOSES


def test_two_servers_in_one_process_count_separately() -> None:
    one, other = Metrics(), Metrics()
    one.refuse("http", Code.NOT_FOUND)
    assert value(other, "weft_refusals_total", lane="http", code="not_found") == 0


def test_every_series_exists_from_the_start_and_they_are_few() -> None:
    text = generate_latest(everything().registry).decode()
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(series) < 400
    assert not any("_created" in line for line in series)


# --- histograms -----------------------------------------------------------------------------


def test_a_quantile_lies_in_its_bucket() -> None:
    seen = Distribution(SECONDS)
    for _ in range(99):
        seen.observe(0.0018)
    seen.observe(0.5)
    median, last = seen.quantile(0.5), seen.quantile(0.999)
    assert median is not None
    assert last is not None
    assert 0.0015 < median <= 0.002
    assert 0.4 < last <= 0.6


def test_a_quantile_can_leave_out_earlier_observations() -> None:
    seen = Distribution(SECONDS)
    seen.observe(5.0)
    before = list(seen.counts)
    assert seen.quantile(0.5, before) is None
    seen.observe(0.001)
    median = seen.quantile(0.5, before)
    assert median is not None
    assert median <= 0.001


def test_observations_above_every_bound_are_counted() -> None:
    seen = Distribution((1.0, 2.0))
    for size in (1.0, 1.5, 99.0):
        seen.observe(size)
    assert seen.counts == [1, 1, 1]
    assert seen.quantile(1.0) == 2.0


def test_buckets_from_half_a_millisecond_to_a_second_are_dense() -> None:
    fit = [bound for bound in SECONDS if 0.0005 <= bound <= 1.0]
    assert (fit[0], fit[-1]) == (0.0005, 1.0)
    assert all(after / before < 2 for before, after in pairwise(fit))


# --- the docs -------------------------------------------------------------------------------


def named() -> set[str]:
    families = text_string_to_metric_families(generate_latest(everything().registry).decode())
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    return {name for name in names if name.startswith("weft_")}


def test_every_metric_has_its_row_in_the_docs() -> None:
    rows = set(re.findall(r"^\| `(weft_\w+)`", PAGE, re.MULTILINE))
    assert rows == named()


def test_the_docs_name_only_existing_metrics() -> None:
    known = named() | {f"{name}_{part}" for name in named() for part in ("bucket", "sum", "count")}
    assert set(re.findall(r"\bweft_[a-z_]+", PAGE)) <= known | {"weft_"}


def series() -> dict[str, list[dict[str, str]]]:
    """Return the name of every sample, with the labels that it has."""
    found: dict[str, list[dict[str, str]]] = {"up": [{}]}
    for family in text_string_to_metric_families(generate_latest(everything().registry).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


SECTION = PAGE.partition("### Alerts")[2].partition("\n## ")[0]
ALERTS = re.findall(r"^\| `([^`]+)`", SECTION, re.MULTILINE)
SELECTOR = re.compile(r"\b(up|weft_\w+|process_\w+)(?:\{([^}]*)\})?(\[\d+[smh]\])?")
RATES = re.compile(r"\b(?:rate|increase)\((\w+)")


@pytest.mark.parametrize("alert", ALERTS)
def test_alerts_use_existing_series(alert: str) -> None:
    have = series()
    selectors = SELECTOR.findall(alert)
    assert selectors, alert
    for name, labels, window in selectors:
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        assert any(wanted.items() <= each.items() for each in have[name]), (name, wanted)
        grows = name.endswith(("_total", "_bucket", "_count", "_sum"))
        assert bool(window) == grows, f"a counter is read by its rate, a gauge as it is: {alert}"
    assert alert.count("(") == alert.count(")")
    assert set(RATES.findall(alert)) <= {name for name, _, window in selectors if window}


def test_the_alerts_are_found() -> None:
    assert len(ALERTS) > 10


# --- naming conventions (as in `promtool check metrics`) --------------------------------------


def test_metric_names_follow_the_prometheus_conventions() -> None:
    for family in everything().registry.collect():
        if not family.name.startswith("weft_"):
            continue
        assert family.documentation.endswith("."), family.name
        assert re.fullmatch(r"weft(_[a-z]+)+", family.name), family.name
        assert not re.search(r"_(total|count|sum|bucket|info)$", family.name) or (
            family.name == "weft_build_info"
        ), family.name
        assert not re.search(r"_(ms|milliseconds|kb|kilobytes|minutes|percent)\b", family.name)
        names = {name for sample in family.samples for name in sample.labels}
        known = {"lane", "outcome", "code", "stage", "cause", "direction", "calls", "version", "le"}
        assert names <= known
