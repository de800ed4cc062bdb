"""The pages of the comparison have each field of the format in each of its forms."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.browser.drawn_pages import (
    ASSETS,
    NO_WIDTHS,
    OTHERS,
    SECTIONS,
    WIDTHS,
    draw_page,
    drawn_forms,
    wanted_forms,
)

PAGES = 300


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, Any]]:
    """The pages that `test_both_renderers_make_the_same_dom` compares."""
    return [draw_page(Random(seed)) for seed in range(PAGES)]


def sections(drawn: list[dict[str, Any]]) -> list[Any]:
    return [
        section
        for document in drawn
        for page in document["pages"].values()
        for section in page.get("sections", ())
        if isinstance(section, dict)
    ]


def test_each_field_is_drawn_absent_empty_longest_hostile_and_right_to_left(
    drawn: list[dict[str, Any]],
) -> None:
    found = {each for document in drawn for each in drawn_forms(document)}
    assert sorted(wanted_forms() - found) == []


def test_sections_of_each_type_are_drawn_hidden_and_shown(drawn: list[dict[str, Any]]) -> None:
    kinds = {(each.get("type"), each.get("hidden") is True) for each in sections(drawn)}
    assert {(kind, hidden) for kind in SECTIONS for hidden in (True, False)} <= kinds


def test_sections_of_an_unknown_type_and_of_none_are_drawn(drawn: list[dict[str, Any]]) -> None:
    kinds = {str(each.get("type")) for each in sections(drawn)}
    assert {"timetable", "", "7", "None"} <= kinds


def test_pages_of_both_directions_are_drawn(drawn: list[dict[str, Any]]) -> None:
    sites = [each["site"] for each in drawn if isinstance(each.get("site"), dict)]
    assert {"ar", "he-IL", "en", "de", "None"} <= {str(each.get("language")) for each in sites}


def pictures(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the address and the width of each picture in a value."""
    if isinstance(value, dict) and isinstance(value.get("src"), str):
        yield value["src"], value.get("width")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from pictures(each)


def test_assets_are_drawn_with_each_width_and_so_are_other_addresses(
    drawn: list[dict[str, Any]],
) -> None:
    found = {(src, repr(width)) for src, width in pictures(drawn)}
    widths = {width for src, width in found if src in ASSETS}
    assert {repr(each) for each in (*WIDTHS, *NO_WIDTHS)} <= widths
    assert {src for src, _ in found} >= {*ASSETS, *OTHERS}
