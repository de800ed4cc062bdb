"""Colours: read from `#hex`, mixed, and chosen so that what is written on them can be read."""

from __future__ import annotations

import re
from typing import NamedTuple

from collab.ids import Json

_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
READABLE = 4.5  # WCAG 2.2, 1.4.3


class Color(NamedTuple):
    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def mix(self, other: Color, share: float) -> Color:
        """This colour with a share of another in it."""
        return Color(*(round(a + (b - a) * share) for a, b in zip(self, other, strict=True)))

    @property
    def luminance(self) -> float:
        """WCAG 2.2, relative luminance."""
        red, green, blue = (_linear(each / 255) for each in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK = Color(16, 18, 20)
WHITE = Color(255, 255, 255)


def read(value: Json) -> Color | None:
    """A colour from `#rgb` or `#rrggbb`; a fourth channel is left out, for text must be read."""
    if not isinstance(value, str):
        return None
    match = _HEX.fullmatch(value.strip())
    if match is None:
        return None
    digits = match[1]
    if len(digits) < 6:
        digits = "".join(each * 2 for each in digits)
    return Color(*(int(digits[at : at + 2], 16) for at in (0, 2, 4)))


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((one.luminance, other.luminance), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def on(ground: Color) -> Color:
    """Black or white, whichever is read better on this ground."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, ground))


def readable(ink: Color, ground: Color) -> Color:
    """This ink, moved towards black or white until it can be read on the ground."""
    goal = on(ground)
    for tenths in range(11):
        found = ink.mix(goal, tenths / 10)
        if contrast(found, ground) >= READABLE:
            return found
    return goal


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
