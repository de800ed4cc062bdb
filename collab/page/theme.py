"""A theme as CSS custom properties: every value is read, checked and written anew."""

from __future__ import annotations

import re

from collab.page import colors
from collab.page.colors import BLACK, WHITE, Color
from collab.page.fields import Fields, fields, number, one_of, text

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_NAME = "[A-Za-z0-9 _-]{1,60}"
_FAMILY = rf"(?:'{_NAME}'|\"{_NAME}\"|[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*)"
_FONTS = re.compile(rf"{_FAMILY}(?:\s*,\s*{_FAMILY}){{0,9}}")
ACCENT = Color(47, 91, 234)
PAPER, INK = Color(255, 255, 255), Color(24, 27, 33)
DARK = 0.18  # the luminance below which white stands out better than black
NIGHT, MOON = Color(19, 22, 27), Color(236, 238, 242)


def stylesheet(theme: Fields) -> str:
    """The custom properties of a page; where the theme is `auto`, those of the night too."""
    chosen = fields(theme, "colors")
    mode = one_of(theme, "mode", "light", "dark", "auto")
    ground, ink = (NIGHT, MOON) if mode == "dark" else (PAPER, INK)
    ground = colors.read(chosen.get("background")) or ground
    ink = _ink(chosen.get("text"), ground, ink)
    accent = colors.read(chosen.get("accent")) or ACCENT
    scheme = "dark" if ground.luminance < DARK else "light"
    rules = f":root{{color-scheme:{scheme};{_fonts(theme)}{palette(ground, ink, accent)}}}"
    if mode != "auto":
        return rules
    dark = palette(*_at_night(chosen, ground, ink, accent))
    return rules + f"@media(prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}"


def section_rule(name: str, theme: Fields, page: Fields) -> str:
    """The rule of a section with colours of its own, nothing where it has none."""
    chosen = fields(page, "colors")
    ground, ink = colors.read(theme.get("background")), colors.read(theme.get("text"))
    if ground is None and ink is None:
        return ""
    if ground is None:
        return f".{name}{{--ink:{ink}}}"
    accent = colors.read(chosen.get("accent")) or ACCENT
    return f".{name}{{{palette(ground, _ink(theme.get('text'), ground, None), accent)}}}"


def palette(ground: Color, ink: Color, accent: Color) -> str:
    """What the style sheet draws with, each ink readable on its ground."""
    is_dark = ground.luminance < DARK
    return "".join(
        f"--{name}:{color};"
        for name, color in {
            "ground": ground,
            "ink": ink,
            "accent": accent,
            "on-accent": colors.on(accent),
            "link": colors.readable(accent, ground),
            # A warm accent in a cold night gives mud.
            "tint": ink if is_dark else accent,
            "lift": "5%" if is_dark else "55%",
        }.items()
    )


def _ink(value: object, ground: Color, fallback: Color | None) -> Color:
    """The text's colour; one that cannot be read on its ground is the author's own choice."""
    chosen = colors.read(value) if isinstance(value, str) else None
    if chosen is not None:
        return chosen
    usable = fallback is not None and colors.contrast(fallback, ground) >= colors.READABLE
    return fallback if fallback is not None and usable else colors.on(ground)


def _at_night(
    chosen: Fields, ground: Color, ink: Color, accent: Color
) -> tuple[Color, Color, Color]:
    """The dark palette: what the theme says of it, or a night that keeps the day's tint."""
    night = colors.read(chosen.get("background-dark")) or ink.mix(BLACK, 0.6)
    if night.luminance > 0.05:
        night = NIGHT
    moon = colors.read(chosen.get("text-dark")) or ground.mix(WHITE, 0.2)
    if colors.contrast(moon, night) < colors.READABLE:
        moon = MOON
    return night, moon, colors.read(chosen.get("accent-dark")) or colors.readable(accent, night)


def _fonts(theme: Fields) -> str:
    fonts, radius = fields(theme, "fonts"), number(theme, "radius")
    round_px = 10 if radius is None else min(max(radius, 0), 64)
    return (
        f"--heading:{_font(text(fonts, 'heading'))};--body:{_font(text(fonts, 'body'))};"
        f"--radius:{round_px:g}px;"
    )


def _font(families: str) -> str:
    return families if _FONTS.fullmatch(families) else SANS
