"""The colours of a theme: text without a colour of its own is readable on every background."""

from __future__ import annotations

from itertools import product

import pytest

from collab.page.fields import Fields
from collab.page.theme import (
    DARK_INK,
    DARK_LUMINANCE,
    READABLE,
    SANS,
    WHITE,
    Color,
    contrast,
    ink_on,
    palette,
    read_color,
    readable,
    stylesheet,
)

GREYS = [Color(level, level, level) for level in range(256)]
COLOURS = [Color(*each) for each in product(range(0, 256, 51), repeat=3)]


def test_text_is_readable_on_every_background() -> None:
    hard_to_read = [
        (ink, ground)
        for ground in GREYS + COLOURS
        for ink in (ink_on(ground), readable(ground, ground))
        if contrast(ink, ground) < READABLE
    ]
    assert not hard_to_read


def test_links_are_readable_on_the_cards_of_a_dark_page() -> None:
    hard_to_read = []
    for ground in (each for each in COLOURS if each.luminance < DARK_LUMINANCE):
        for accent in COLOURS[::7]:
            _, _, link = palette(ground, DARK_INK, accent).partition("--link:")
            # page.css mixes a tenth of white into the ground of a card.
            if contrast(read_color(link[:7]) or ground, ground.mix(WHITE, 0.1)) < READABLE:
                hard_to_read.append((ground, accent))
    assert not hard_to_read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("#fff", Color(255, 255, 255)),
        ("#0a1B2c", Color(10, 27, 44)),
        ("#0a1b2c80", Color(10, 27, 44)),
        (" #abc ", Color(170, 187, 204)),
        ("red", None),
        ("#12345", None),
        ("#fff;}", None),
        (7, None),
    ],
)
def test_a_color_is_read_or_ignored(written: str | int, read: Color | None) -> None:
    assert read_color(written) == read


@pytest.mark.parametrize(
    ("spaces", "is_used"), [(1, True), (983, True), (984, False), (1_000_000, False)]
)
def test_names_of_fonts_that_are_very_long_are_left_out(spaces: int, is_used: bool) -> None:
    families = "Georgia," + " " * spaces + "monospace"
    made = stylesheet({"fonts": {"heading": families, "body": "serif"}})
    assert f"--heading:{families if is_used else SANS};--body:serif;" in made


@pytest.mark.parametrize(
    ("theme", "sizes"),
    [
        ({}, "--scale:1;--space:1;"),
        ({"fonts": {"scale": "large"}, "spacing": "compact"}, "--scale:1.15;--space:.65;"),
        ({"fonts": {"scale": "small"}, "spacing": "airy"}, "--scale:.85;--space:1.4;"),
        ({"fonts": {"scale": "9;}"}, "spacing": 7}, "--scale:1;--space:1;"),
    ],
)
def test_the_size_of_headlines_and_the_space_are_words(theme: Fields, sizes: str) -> None:
    assert sizes in stylesheet(theme)
