"""A section of an unknown type as a plain block: its texts and its pictures, in order.

Such a section comes from a newer version of the page format, or from a script. Its visitors should
still read it. The only links are those in its rich texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from collab.page.fields import Fields, text
from collab.page.markup import tag
from collab.page.parts import PLAIN, Section, picture

# The texts that visitors read have one of these names, or contain a space.
_READ: Final = ("headline", "title", "name", "question", "subheadline", "label", "body", "text")
_READ_LATER: Final = ("quote", "answer", "description", "caption", "content", "items")
_ORDER: Final = {name: place for place, name in enumerate((*_READ, *_READ_LATER))}
_NEVER: Final = frozenset({"id", "type", "anchor", "theme", "hidden", "alt", "src", "href", "link"})
_MOST_PARTS: Final = 200
_MOST_VALUES: Final = 5_000


def plain_block(section: Section, given: Fields) -> str:
    """Return the headline of a section, and its other texts and pictures; empty without any."""
    holder = given.get("content") if isinstance(given.get("content"), dict) else given
    parts = []
    for part in _parts(section, holder, "headline" if section.is_headed else ""):
        parts.append(part)
        if len(parts) == _MOST_PARTS:
            break
    head = tag("div", section.headline(), class_="head")
    return head + tag("div", "".join(parts), class_="plain")


def _parts(section: Section, holder: Any, without: str) -> Iterator[str]:
    """Yield the markup of each text and picture below a value, without the field `without`."""
    waiting: list[tuple[str, Any]] = _children(holder, without)
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        key, value = waiting.pop()
        if isinstance(value, str):
            if key in _ORDER or " " in value.strip():
                yield section.paragraphs(value.strip())
        elif isinstance(value, dict) and text(value, "src"):
            yield picture(section, {"image": value}, PLAIN)
        else:
            waiting += _children(value)


def _children(value: Any, without: str = "") -> list[tuple[str, Any]]:
    """Return the members that may have a text or a picture, with their names, last first."""
    if isinstance(value, list):
        return [("items", each) for each in reversed(value)]
    if not isinstance(value, dict):
        return []
    names = [name for name in value if name not in _NEVER and name != without]
    names.sort(key=lambda name: (_ORDER.get(name, len(_ORDER)), name), reverse=True)
    return [(name, value[name]) for name in names]
