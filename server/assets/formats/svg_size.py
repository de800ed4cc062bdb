"""The size of an SVG in pixels: what a browser shows without other instructions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

# Pixels of a unit, as CSS has them.
_UNITS: Final = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "q": 96 / 101.6,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
}
_NUMBER: Final = r"[+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][+-]?\d{1,3})?"
_LENGTH: Final = re.compile(rf"\s*({_NUMBER})\s*([a-zA-Z]{{0,3}})\s*")
_VIEW: Final = re.compile(r"[\s,]+")
# What browsers take when nothing says a size.
_DEFAULT: Final = (300.0, 150.0)
# A size outside these is scaled, and keeps its ratio: only the ratio matters for a drawing.
_LARGEST: Final = 16_384.0
_SMALLEST: Final = 1.0


def size_of(root: Mapping[str, str]) -> tuple[int, int]:
    """Return width and height, from the attributes of the root element.

    Without an absolute `width` and `height`, the size comes from `viewBox`.
    """
    width, height = _length(root.get("width")), _length(root.get("height"))
    view = _view_box(root.get("viewBox"))
    if view is not None:
        ratio = view[0] / view[1]
        if width is None and height is None:
            width, height = view
        elif width is None and height is not None:
            width = height * ratio
        elif height is None and width is not None:
            height = width / ratio
    return _rounded(width or _DEFAULT[0], height or _DEFAULT[1])


def _length(text: str | None) -> float | None:
    """Return a length in pixels; None for a percentage and for a length that is not one."""
    found = _LENGTH.fullmatch(text or "")
    factor = _UNITS.get(found[2].lower()) if found else None
    return _positive(float(found[1]) * factor) if found and factor else None


def _view_box(text: str | None) -> tuple[float, float] | None:
    numbers = _VIEW.split((text or "").strip())
    if len(numbers) != 4 or not all(re.fullmatch(_NUMBER, number) for number in numbers):
        return None
    width, height = _positive(float(numbers[2])), _positive(float(numbers[3]))
    return (width, height) if width and height and _positive(width / height) else None


def _positive(number: float) -> float | None:
    return number if 0 < number < math.inf else None


def _rounded(width: float, height: float) -> tuple[int, int]:
    scale = min(1.0, _LARGEST / max(width, height))
    scale = max(scale, _SMALLEST / min(width, height)) if scale == 1.0 else scale
    scaled = (min(_LARGEST, width * scale), min(_LARGEST, height * scale))
    return max(1, round(scaled[0])), max(1, round(scaled[1]))
