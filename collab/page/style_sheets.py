"""The style sheet of a page: for a document of its own, and for a canvas in another document.

A canvas is an element in the document of an editor. Both documents have styles, and no shadow root
is between them. So each rule of the canvas begins with `CANVAS`. Its specificity is that of three
ids, so that the rules of the document around it have no effect inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Final

# The root of a page inside another document. No element has these ids: they only count.
CANVAS: Final = ":is(.weft-page,#weft#weft#weft)"
STYLE_SHEET: Final = re.sub(
    r"\s*\n\s*", "", files(__package__).joinpath("page.css").read_text("utf-8")
)
# In a canvas, a `rem` is that of a document with the browser's usual font size.
_REM: Final = 16
_TOKEN = re.compile(r"([^{}]*)([{}])")
_LENGTH = re.compile(r"(?<![\w.])(\d*\.?\d+)rem\b")
_PROPERTY = re.compile(r"var\((--[a-z-]+)\)")
# A comma between two selectors, and not one inside `:not(…)`.
_COMMA = re.compile(r",(?![^(]*\))")
# These select the document, or the page in a document of its own.
_DOCUMENT = frozenset({":root", "html", "body"})

# `revert` gives each element the browser's own style. It also takes the sizes in the attributes of
# pictures and icons away; `revert-layer` gives them back.
_BEFORE = f"""
{CANVAS}{{all:initial;-webkit-locale:revert-layer;display:block;position:relative;
isolation:isolate;direction:ltr;unicode-bidi:isolate}}
{CANVAS}[dir=rtl]{{direction:rtl}}
{CANVAS} *{{all:revert;direction:inherit;PROPERTIES}}
{CANVAS} *::before,{CANVAS} *::after{{all:revert}}
{CANVAS} *::marker{{all:revert}}
{CANVAS} *::placeholder{{all:revert}}
{CANVAS} img{{width:revert-layer;width:attr(width px,auto);height:auto;aspect-ratio:revert-layer}}
{CANVAS} path{{d:revert-layer}}
{CANVAS} .skip{{display:none}}
"""


@lru_cache(maxsize=1)
def canvas_sheet(css: str = STYLE_SHEET) -> str:
    """Return the style sheet of a canvas: rules against the styles around it, then `css`."""
    names = sorted(set(_PROPERTY.findall(css)))
    properties = ";".join(f"{name}:inherit" for name in names)
    before = _BEFORE.replace("\n", "").replace("PROPERTIES", properties)
    return before + _LENGTH.sub(_in_pixels, "".join(_canvas_rules(css)))


def _canvas_rules(css: str) -> Iterator[str]:
    """Yield the rules with selectors that match in a canvas only."""
    selectors = ""
    for text, bracket in _TOKEN.findall(css):
        if bracket == "{" and text.startswith("@"):
            yield text + bracket
        elif bracket == "{":
            selectors = _in_canvas(text)
        elif text:
            yield f"{selectors}{{{text}}}" if selectors else ""
        else:
            yield bracket


def _in_canvas(selectors: str) -> str:
    inside = (each for each in _COMMA.split(selectors) if each not in _DOCUMENT)
    return ",".join(CANVAS if each == ".weft-page" else f"{CANVAS} {each}" for each in inside)


def _in_pixels(length: re.Match[str]) -> str:
    return f"{float(length[1]) * _REM:g}px"
