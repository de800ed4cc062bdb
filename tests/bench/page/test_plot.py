"""Plots are well-formed SVG with all bars, on light and on dark pages."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.page.plot import COLOURS, LEFT, RIGHT, WIDTH, Bar, Group, svg
from bench.page.tables import TITLES

SVG = "{http://www.w3.org/2000/svg}"


def bar(server: str, length: float | None, text: str = "x") -> Bar:
    return Bar(server, TITLES[server], length, length, length, text)


def plotted(*groups: Group) -> ElementTree.Element:
    return ElementTree.fromstring(svg("A <title>", "longer & better", groups))


def bars(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The bars without the squares of the legend, which begin further left."""
    return [each for each in root.iter(f"{SVG}rect") if each.get("x") == str(LEFT)]


def test_each_figure_has_a_bar_and_its_text() -> None:
    root = plotted(
        Group("F10", [bar("weft", 0.5, "50k/s"), bar("hocuspocus", 1.0, "100k/s")]),
        Group("R", [bar("weft", 2.0, "20k/s")]),
    )
    assert [each.get("class") for each in bars(root)] == ["weft", "hocuspocus", "weft"]
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {"A <title>", "longer & better", "F10", "R", "50k/s", "100k/s", "20k/s"} <= set(texts)


def test_all_bars_have_one_scale_and_fit() -> None:
    root = plotted(Group("F10", [bar("weft", 0.5), bar("hocuspocus", 2.0)]))
    short, long = (float(each.get("width", "")) for each in bars(root))
    assert long == WIDTH - LEFT - RIGHT
    assert short * 4 == long


def test_a_run_without_a_figure_has_its_text_and_no_length() -> None:
    root = plotted(Group("F10", [bar("weft", None, "does not count")]))
    assert [each.get("width") for each in bars(root)] == ["0.0"]
    assert "does not count" in [each.text for each in root.iter(f"{SVG}text")]


def test_each_server_has_a_colour_on_light_and_on_dark_pages() -> None:
    style = svg("", "", [])
    light, dark = style.split("@media(prefers-color-scheme:dark)")
    assert set(COLOURS) == set(TITLES)
    for server, (day, night) in COLOURS.items():
        assert f".{server}{{fill:{day}}}" in light
        assert f".{server}{{fill:{night}}}" in dark
