"""`python -m bench` runs benches and refuses unknown names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pytest
from msgspec import Struct

from bench.__main__ import SHORT, as_row, benches, main, names
from bench.peers import rows


class Named(NamedTuple):
    what: str
    us: float


@dataclass
class Plain:
    what: str
    us: float


class Wired(Struct):
    what: str
    us: float


@pytest.mark.parametrize(
    "figure", [{"what": "apply", "us": 4.5}, Named("apply", 4.5), Plain("apply", 4.5)]
)
def test_a_row_may_be_any_record_with_named_fields(figure: object) -> None:
    assert as_row(figure) == as_row(Wired("apply", 4.5)) == {"what": "apply", "us": 4.5}


def test_an_unknown_bench_is_refused_with_a_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["no_such_bench"]) == 2
    assert "no_such_bench" in capsys.readouterr().out


def test_only_modules_that_measure_are_benches() -> None:
    assert {"calls", "peers", "room", "storage", *SHORT} <= set(names())
    assert not {"__main__", "lock_probe", "machine", "table", "wire_client"} & set(names())


def test_a_short_run_keeps_no_figures_of_a_short_form(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    monkeypatch.setattr(rows, "short_rows", lambda: [{"what": "a", "about": "b"}])
    monkeypatch.setattr(rows, "write", written.append)
    (bench,) = benches(["peers"], short=True)
    bench.write([bench.shown(as_row(row)) for row in bench.measure()])
    assert written == []
    (bench,) = benches(["peers"])
    bench.write([{"what": "a"}])
    assert written == [[{"what": "a"}]]


def test_a_short_run_has_the_short_benches_and_a_full_one_has_all() -> None:
    assert [bench.name for bench in benches([], short=True)] == list(SHORT)
