"""A theme as CSS custom properties. This module checks every value.

So only checked values get into the CSS. When the author sets no colour for text, the text gets a
default colour, or black or white when the default is hard to read. In this module, ink is the
colour of text, and ground is the colour behind it.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from collab.ids import Json
from collab.page.fields import Fields, decimal, fields, number, one_of, text

# A published page has these properties on the root of its document too.
_ROOT = ":root,.weft-page"
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
READABLE = 4.5  # WCAG 2.2, 1.4.3
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_NAME = "[A-Za-z0-9 _-]{1,60}"
_FAMILY = rf"(?:'{_NAME}'|\"{_NAME}\"|[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*)"
_MAX_FONTS = 1000  # characters
_FONTS = re.compile(rf"{_FAMILY}(?:\s*,\s*{_FAMILY}){{0,9}}")


class Color(NamedTuple):
    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def mix(self, other: Color, share: float) -> Color:
        """Return this colour mixed with a share of another colour."""
        return Color(
            *(math.floor(a + (b - a) * share + 0.5) for a, b in zip(self, other, strict=True))
        )

    @property
    def luminance(self) -> float:
        """The relative luminance, as WCAG 2.2 defines it."""
        red, green, blue = (_linear(each / 255) for each in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK = Color(16, 18, 20)
PURE_BLACK = Color(0, 0, 0)
WHITE = Color(255, 255, 255)
ACCENT = Color(47, 91, 234)
LIGHT_GROUND, LIGHT_INK = Color(255, 255, 255), Color(24, 27, 33)
# Every other section has a tint. page.css mixes a little less of it in than this.
TINTED = 0.08
# The share of white in the background of cards on a dark ground.
LIFTED = 0.1
DARK_LUMINANCE = 0.18  # below this luminance, white text has more contrast than black text
DARK_GROUND, DARK_INK = Color(19, 22, 27), Color(236, 238, 242)
# Factors of the size of headlines, and of the space above and below sections. The first is usual.
_SCALES = {"medium": "1", "small": ".85", "large": "1.15"}
_SPACES = {"medium": "1", "compact": ".65", "airy": "1.4"}


def stylesheet(theme: Fields) -> str:
    """Return the custom properties of a page; with mode `auto`, also those for dark mode."""
    chosen = fields(theme, "colors")
    mode = one_of(theme, "mode", "light", "dark", "auto")
    ground, ink = (DARK_GROUND, DARK_INK) if mode == "dark" else (LIGHT_GROUND, LIGHT_INK)
    ground = read_color(chosen.get("background")) or ground
    ink = _ink(chosen.get("text"), ground, ink)
    accent = read_color(chosen.get("accent")) or ACCENT
    scheme = "dark" if ground.luminance < DARK_LUMINANCE else "light"
    rules = f"{_ROOT}{{color-scheme:{scheme};{_sizes(theme)}{palette(ground, ink, accent)}}}"
    if mode != "auto":
        return rules
    dark = palette(*_dark_palette(chosen, ground, ink, accent))
    return rules + f"@media(prefers-color-scheme:dark){{{_ROOT}{{color-scheme:dark;{dark}}}}}"


def section_rule(name: str, theme: Fields, page: Fields) -> str:
    """Return the CSS rule of a section; empty when its `theme` sets no colours.

    `page` is the theme of the page.
    """
    chosen = fields(page, "colors")
    ground, ink = read_color(theme.get("background")), read_color(theme.get("text"))
    if ground is None and ink is None:
        return ""
    if ground is None:
        return f".{name}{{--ink:{ink}}}"
    accent = read_color(chosen.get("accent")) or ACCENT
    return f".{name}{{{palette(ground, _ink(theme.get('text'), ground, None), accent)}}}"


def palette(ground: Color, ink: Color, accent: Color) -> str:
    """Return the colours of the style sheet as custom properties, with readable links."""
    is_dark = ground.luminance < DARK_LUMINANCE
    # A warm accent on a cold, dark ground gives a dirty tint, so the text's colour is used.
    tint = ink if is_dark else accent
    return "".join(
        f"--{name}:{color};"
        for name, color in {
            "ground": ground,
            "ink": ink,
            "accent": accent,
            "on-accent": ink_on(accent),
            # On a dark ground, cards have the least contrast.
            "link": readable(
                accent, ground.mix(WHITE, LIFTED) if is_dark else ground.mix(tint, TINTED)
            ),
            "tint": tint,
            "lift": f"{LIFTED:.0%}" if is_dark else "55%",
        }.items()
    )


def _ink(value: object, ground: Color, fallback: Color | None) -> Color:
    """Return the colour of text: the author's colour if set, even when it is hard to read.

    Otherwise, return the fallback if its contrast is enough, or else black or white.
    """
    chosen = read_color(value) if isinstance(value, str) else None
    if chosen is not None:
        return chosen
    usable = fallback is not None and contrast(fallback, ground) >= READABLE
    return fallback if fallback is not None and usable else ink_on(ground)


def _dark_palette(
    chosen: Fields, ground: Color, ink: Color, accent: Color
) -> tuple[Color, Color, Color]:
    """Return background, text and accent for dark mode.

    They are the theme's dark colours, or else colours made from the light mode. This function
    replaces a background that is too light, and a text with too little contrast, by a default.
    """
    dark_ground = read_color(chosen.get("background-dark")) or ink.mix(BLACK, 0.6)
    if dark_ground.luminance > 0.05:
        dark_ground = DARK_GROUND
    dark_ink = read_color(chosen.get("text-dark")) or ground.mix(WHITE, 0.2)
    if contrast(dark_ink, dark_ground) < READABLE:
        dark_ink = DARK_INK
    accent = read_color(chosen.get("accent-dark")) or readable(accent, dark_ground)
    return dark_ground, dark_ink, accent


def _sizes(theme: Fields) -> str:
    fonts, radius = fields(theme, "fonts"), number(theme, "radius")
    round_px = 10 if radius is None else min(max(radius, 0), 64)
    scale = _SCALES[one_of(fonts, "scale", *_SCALES)]
    space = _SPACES[one_of(theme, "spacing", *_SPACES)]
    return (
        f"--heading:{_font(text(fonts, 'heading'))};--body:{_font(text(fonts, 'body'))};"
        f"--radius:{decimal(round_px)}px;--scale:{scale};--space:{space};"
    )


def _font(families: str) -> str:
    return families if len(families) <= _MAX_FONTS and _FONTS.fullmatch(families) else SANS


# --- colours --------------------------------------------------------------------------------


def read_color(value: Json) -> Color | None:
    """Parse `#rgb` or `#rrggbb`. Ignore an alpha channel, because text must be readable."""
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
    """Return the contrast ratio, as WCAG 2.2 defines it."""
    light, dark = sorted((one.luminance, other.luminance), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(ground: Color) -> Color:
    """Return white or a soft black: the colour with more contrast on this ground.

    On a middle grey, neither has enough contrast. Then return pure black: its contrast is enough.
    """
    best = max((WHITE, BLACK), key=lambda ink: contrast(ink, ground))
    return best if contrast(best, ground) >= READABLE else PURE_BLACK


def readable(ink: Color, ground: Color) -> Color:
    """Return the ink, mixed with black or white until its contrast on the ground is enough."""
    goal = ink_on(ground)
    for tenths in range(11):
        found = ink.mix(goal, tenths / 10)
        if contrast(found, ground) >= READABLE:
            return found
    return goal


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
