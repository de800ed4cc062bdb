"""How much a browser draws for an SVG: a small file can ask for billions of shapes.

`<use>` draws another element again, and so do patterns, masks and markers. Ten elements that each
use the one before ten times are 10 billion shapes. Each browser that opens such a file would stop
answering.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from collab.errors import Code, Rejected

# Elements that a browser draws, with all repetitions.
MAX_DRAWN: Final = 1_000_000
_ID_IN_URL: Final = re.compile(r"url\(\s*['\"]?#([^'\")\s]{1,200})")
_TARGETS: Final = ("href", "http://www.w3.org/1999/xlink href")


class _Element:
    """An element: the elements in it, the ids that it draws again, and how many that draws."""

    __slots__ = ("drawn", "inner", "used")

    def __init__(self, used: list[str]) -> None:
        self.used = used
        self.inner: list[_Element] = []
        self.drawn = 0


class Drawing:
    """The elements of a file, and which of them draw another one again."""

    def __init__(self) -> None:
        self._root = _Element([])
        self._path = [self._root]
        self._by_id: dict[str, _Element] = {}

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        element = _Element(list(_used(name, attributes)))
        self._path[-1].inner.append(element)
        self._path.append(element)
        if "id" in attributes:
            self._by_id.setdefault(attributes["id"], element)

    def end(self) -> None:
        self._path.pop()

    def check(self) -> None:
        """Refuse a file that draws too many elements, or an element inside itself."""
        work, open_now = [(self._root, False)], set[int]()
        while work:
            element, is_counted = work.pop()
            if is_counted:
                open_now.discard(id(element))
                self._count(element)
            elif id(element) in open_now:
                raise _refused("an element that draws itself")
            elif not element.drawn:
                open_now.add(id(element))
                work.append((element, True))
                work += [(each, False) for each in self._next(element) if not each.drawn]

    def _count(self, element: _Element) -> None:
        element.drawn = 1 + sum(each.drawn for each in self._next(element))
        if element.drawn > MAX_DRAWN:
            raise _refused(f"more than {MAX_DRAWN} elements to draw")

    def _next(self, element: _Element) -> list[_Element]:
        used = (self._by_id.get(each) for each in element.used)
        return [*element.inner, *(each for each in used if each is not None)]


def _used(name: str, attributes: Mapping[str, str]) -> list[str]:
    """Return the ids that an element draws again."""
    found = [each for value in attributes.values() if "(" in value for each in _in_urls(value)]
    if name == "use":
        targets = (attributes.get(target, "") for target in _TARGETS)
        found += [target.strip()[1:] for target in targets if target.strip().startswith("#")]
    return found


def _in_urls(value: str) -> list[str]:
    return _ID_IN_URL.findall(value)


def _refused(part: str) -> Rejected:
    return Rejected(Code.INVALID_ASSET, f"the SVG has {part}; export it as a plain SVG or a PNG")
