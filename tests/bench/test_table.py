"""A table of figures is readable as it is printed."""

from __future__ import annotations

from bench.table import Row, render, text


def test_columns_are_aligned_and_numbers_are_right_aligned() -> None:
    rows: list[Row] = [
        {"what": "apply", "µs": 4.5},
        {"what": "propose", "µs": 1234.5, "target": "60"},
    ]
    assert render(rows).splitlines() == [
        "what        µs  target",
        "-------  -----  ------",
        "apply      4.5",
        "propose  1,234  60",
    ]


def test_a_figure_has_only_its_significant_digits() -> None:
    assert text(0.123456) == "0.123"
    assert text(123456) == "123,456"
    assert text(None) == ""
    assert text(True) == "yes"
