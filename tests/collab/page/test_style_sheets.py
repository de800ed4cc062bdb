"""The style sheet of a canvas has the rules of the page, for one root in another document."""

from __future__ import annotations

import re

from collab.page.style_sheets import CANVAS, STYLE_SHEET, canvas_sheet

START = f"{CANVAS} "


def own(css: str) -> str:
    """Return the rules that a canvas has of a style sheet, without those against other styles."""
    before = canvas_sheet("")
    made = canvas_sheet(css)
    return made.removeprefix(before) if made.startswith(before) else made


def test_each_selector_matches_only_in_the_canvas() -> None:
    rules = re.findall(r"(?:^|[{}])([^{}@]+)\{", canvas_sheet())
    assert len(rules) > 100
    for rule in rules:
        assert all(each.startswith(CANVAS) for each in re.split(r",(?=:is)", rule)), rule


def test_each_selector_of_a_list_gets_the_root() -> None:
    assert own("h1,p:not(.a,.b)>i{margin:0}") == f"{START}h1,{START}p:not(.a,.b)>i{{margin:0}}"


def test_the_root_of_the_page_is_the_root_of_the_canvas() -> None:
    assert own(":root,.weft-page,.own{margin:0}") == f"{CANVAS},{START}.own{{margin:0}}"


def test_rules_of_the_document_are_left_out() -> None:
    assert own("html{margin:0}body{margin:0}a{margin:0}") == f"{START}a{{margin:0}}"


def test_rules_inside_a_query_get_the_root_too() -> None:
    css = "@container (min-width:9px){a{margin:0}b{margin:1px}}i{margin:2px}"
    inside = f"{START}a{{margin:0}}{START}b{{margin:1px}}"
    assert own(css) == f"@container (min-width:9px){{{inside}}}{START}i{{margin:2px}}"


def test_a_length_does_not_depend_on_the_font_size_of_the_document() -> None:
    assert own("a{margin:1.5rem -.5rem}").endswith("{margin:24px -8px}")
    assert re.search(r"\drem\b", STYLE_SHEET)
    assert not re.search(r"\drem\b", canvas_sheet())


def test_no_style_around_the_canvas_sets_a_property_of_the_page() -> None:
    assert "--ink:inherit" in canvas_sheet("a{color:var(--ink)}")
