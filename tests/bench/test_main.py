"""`python -m bench` runs benches and refuses unknown names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pytest
from msgspec import Struct

from bench.__main__ import as_row, main, names


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
    assert {"calls", "room", "storage"} <= set(names())
    assert not {"__main__", "lock_probe", "machine", "table", "wire_client"} & set(names())
