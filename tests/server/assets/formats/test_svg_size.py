"""The size of an SVG, as browsers show it."""

from __future__ import annotations

import pytest

from server.assets.formats.svg_size import size_of


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ({"viewBox": "0 0 30 20"}, (30, 20)),
        ({"viewBox": "-5,-5 , 30.4\t20.6"}, (30, 21)),
        ({"width": "40", "height": "10"}, (40, 10)),
        ({"width": "40px", "height": " 10PX ", "viewBox": "0 0 1 1"}, (40, 10)),
        ({"width": "1in", "height": "2.54cm"}, (96, 96)),
        ({"width": "72pt", "height": "6pc"}, (96, 96)),
        ({"width": "25.4mm", "height": "2em"}, (96, 32)),
        ({"width": "100%", "height": "100%", "viewBox": "0 0 30 20"}, (30, 20)),
        ({"width": "60", "viewBox": "0 0 30 20"}, (60, 40)),
        ({"height": "60", "viewBox": "0 0 30 20"}, (90, 60)),
        ({"width": "auto", "height": "", "viewBox": "0 0 30 20"}, (30, 20)),
        ({"width": "1e3", "height": "1E2"}, (1000, 100)),
        ({}, (300, 150)),
        ({"width": "40"}, (40, 150)),
        ({"viewBox": "0 0 0 20"}, (300, 150)),
        ({"viewBox": "0 0 -3 20"}, (300, 150)),
        ({"viewBox": "0 0 nan inf"}, (300, 150)),
        ({"viewBox": "0 0 3"}, (300, 150)),
        ({"width": "-4", "height": "0"}, (300, 150)),
        ({"width": "4;alert(1)", "height": "4 4"}, (300, 150)),
    ],
)
def test_the_size_is_that_of_a_browser(root: dict[str, str], size: tuple[int, int]) -> None:
    assert size_of(root) == size


@pytest.mark.parametrize(
    ("view", "size"),
    [
        ("0 0 1000000 500000", (16_384, 8_192)),
        ("0 0 0.5 0.25", (2, 1)),
        ("0 0 1e300 1", (16_384, 1)),
        ("0 0 1 1e300", (1, 16_384)),
        ("0 0 1e-300 1e-300", (1, 1)),
        ("0 0 1e999 1e999", (300, 150)),
        ("0 0 1e300 1e-300", (300, 150)),
        (f"0 0 {'9' * 20} {'9' * 20}", (16_384, 16_384)),
    ],
)
def test_very_large_and_very_small_sizes_keep_their_ratio(view: str, size: tuple[int, int]) -> None:
    assert size_of({"viewBox": view}) == size


def test_a_very_long_number_is_read_in_one_pass() -> None:
    assert size_of({"width": "1" * 1_000_000, "viewBox": "0 0 30 " + "2" * 1_000_000}) == (300, 150)
    assert size_of({"width": " " * 1_000_000 + "x"}) == (300, 150)
