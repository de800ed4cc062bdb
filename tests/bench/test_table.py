"""A table of figures can be read as it is printed."""

from __future__ import annotations

from bench.table import Row, render, text


def test_columns_are_aligned_and_numbers_stand_on_the_right() -> None:
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


def test_a_figure_shows_what_can_be_trusted_of_it() -> None:
    assert text(0.123456) == "0.123"
    assert text(123456) == "123,456"
    assert text(None) == ""
    assert text(True) == "yes"
