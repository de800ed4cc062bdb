"""HTML as text: the one place where what people typed becomes markup, escaped."""

from __future__ import annotations

import re

_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
# Characters that HTML does not allow, and directions that would reach beyond their field.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def clean(words: str) -> str:
    """Text without the characters that are never written to a page."""
    return _ODD.sub("", words)


def esc(words: str) -> str:
    """Text as it may stand between tags and in a quoted attribute."""
    return clean(words).translate(_SPECIAL)


def tag(name: str, inner: str, **attributes: str | None) -> str:
    """An element around markup, nothing where that is empty; `class_` is the attribute `class`."""
    return f"<{name}{attrs(**attributes)}>{inner}</{name}>" if inner else ""


def attrs(**attributes: str | None) -> str:
    """Attributes of text; one that is None is left out."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{esc(value)}"'
        for name, value in attributes.items()
        if value is not None
    )


def line(name: str, words: str, **attributes: str | None) -> str:
    """An element around text, nothing where there is none."""
    return tag(name, esc(words), **attributes)


def paragraphs(words: str, class_: str | None = None) -> str:
    """Text with empty lines between paragraphs; a single line end stays one."""
    parts = [part.strip() for part in _PARAGRAPHS.split(words.replace("\r\n", "\n"))]
    return "".join(
        tag("p", esc(part).replace("\n", "<br>"), class_=class_) for part in parts if part
    )
