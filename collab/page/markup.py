"""HTML as text. Only this module escapes the text of users and makes markup from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from collab.page.rich_text import Inline, parse

_SPECIAL = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))
# Characters that HTML does not allow, and bidirectional controls, which would also change the text
# around their field.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def clean(words: str) -> str:
    """Return text without the characters that a page never contains."""
    return _ODD.sub("", words)


def esc(words: str) -> str:
    """Return text escaped for use between tags and in a quoted attribute."""
    words = clean(words)
    # `str.translate` is slow for long texts, and holds the interpreter lock in one call.
    for special, escaped in _SPECIAL:
        words = words.replace(special, escaped)
    return words


def tag(name: str, inner: str, **attributes: str | None) -> str:
    """Return an element around markup; empty for empty markup. `class_` becomes `class`."""
    return f"<{name}{attrs(**attributes)}>{inner}</{name}>" if inner else ""


def attrs(**attributes: str | None) -> str:
    """Return escaped attributes; an attribute that is None is left out."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{esc(value)}"'
        for name, value in attributes.items()
        if value is not None
    )


def line(name: str, words: str, **attributes: str | None) -> str:
    """Return an element around escaped text; empty for empty text."""
    return tag(name, esc(words), **attributes)


def rich(words: str, href: Callable[[str], str]) -> str:
    """Return the markup of rich text. `href` returns a link's target, or "" to show no link."""
    return _inline(parse(words), href)


def paragraphs(words: str, href: Callable[[str], str], class_: str | None = None) -> str:
    """Return rich text as paragraphs.

    An empty line separates them. A single line end is a `<br>`.
    """
    parts = [part.strip() for part in _PARAGRAPHS.split(words.replace("\r\n", "\n"))]
    return "".join(
        tag("p", rich(part, href).replace("\n", "<br>"), class_=class_) for part in parts if part
    )


def _inline(found: Sequence[Inline], href: Callable[[str], str]) -> str:
    made = []
    for each in found:
        if isinstance(each, str):
            made.append(esc(each))
            continue
        inner = _inline(each.inside, href)
        if each.kind == "a":
            target = href(each.address)
            made.append(tag("a", inner, href=target) if target else inner)
        else:
            made.append(tag(each.kind, inner))
    return "".join(made)
