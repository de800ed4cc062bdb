"""How much a browser draws for an SVG."""

from __future__ import annotations

import pytest

from server.assets.formats import svg_drawing
from tests.server.assets.samples import damage_of, read, svg


def uses(levels: int, times: int) -> str:
    """Return groups, each of which draws the one before it some times."""
    groups = ["<g id='g0'><rect/></g>"]
    for level in range(levels):
        use = f"<use href='#g{level}'/>" * times
        groups.append(f"<g id='g{level + 1}'>{use}</g>")
    return "".join(groups)


def test_a_few_repetitions_are_allowed() -> None:
    assert read(svg(uses(4, 10))).width == 30


def test_a_bomb_of_uses_is_refused() -> None:
    assert "elements to draw" in damage_of(svg(uses(20, 10)))


def nested(name: str, content: str) -> str:
    """Return elements, each of which shows the one before it ten times."""
    parts = [f"<{name} id='e0'/>"]
    for level in range(20):
        inner = content.replace("ID", f"e{level}") * 10
        parts.append(f"<{name} id='e{level + 1}'>{inner}</{name}>")
    return "".join(parts)


def test_a_bomb_of_patterns_is_refused() -> None:
    assert "elements to draw" in damage_of(svg(nested("pattern", "<rect fill='url(#ID)'/>")))


def test_a_bomb_of_styles_is_refused() -> None:
    data = svg(nested("mask", "<g style='mask:url( &quot;#ID&quot; )'/>"))
    assert "elements to draw" in damage_of(data)


@pytest.mark.parametrize(
    "content",
    [
        "<g id='a'><use href='#a'/></g>",
        "<g id='a'><use xlink:href='#b'/></g><g id='b'><use href='#a'/></g>",
        "<mask id='a'><rect mask='url(#a)'/></mask>",
    ],
)
def test_an_element_that_draws_itself_is_refused(content: str) -> None:
    assert "draws itself" in damage_of(svg(content))


@pytest.mark.parametrize(
    "content",
    [
        "<use href='#later'/><g id='later'/>",
        "<use href='#a'/><use href='#a'/><g id='b'><use href='#a'/></g><rect id='a'/>",
        "<rect id='r'><animate href='#r' attributeName='x'/></rect>",
        "<use href='#missing'/>",
        "<g id='a'/><g id='a'><use href='#a'/></g>",
    ],
)
def test_ordinary_references_are_allowed(content: str) -> None:
    assert read(svg(content)).width == 30


def test_a_long_chain_needs_no_recursion() -> None:
    chain = "".join(f"<g id='g{n}'><use href='#g{n + 1}'/></g>" for n in range(900))
    assert read(svg(chain)).width == 30


def test_each_element_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg_drawing, "MAX_DRAWN", 5)
    assert read(svg("<g/><g/><g/>")).width == 30
    assert "elements to draw" in damage_of(svg("<g/><g/><g/><g/>"))
