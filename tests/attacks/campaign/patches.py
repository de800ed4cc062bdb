"""JSON Patches at the limit of each of their dimensions, for any of the documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.attacks.campaign import limits
from tests.attacks.campaign.documents import WORDS, Document, Op

Patch = list[Op]
SPARE = 2048  # bytes of a frame besides its value


def _put(value: Any) -> Patch:
    return [{"op": "replace", "path": "/slot", "value": value}]


def _elements(document: Document) -> list[str]:
    """Return one element per op, spread over the container; some are repeated."""
    return [
        document.element(number * 53 % document.count if document.is_array else number)
        for number in range(limits.OPS)
    ]


def _nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def _added_in_front(document: Document, number: int) -> Patch:
    value = document.more(number) if document.name != "crowd" else number
    return [{"op": "add", "path": document.place(n), "value": value} for n in range(limits.OPS)]


def _added_and_removed(document: Document, number: int) -> Patch:
    place = document.place(0)
    pair: Patch = [{"op": "add", "path": place, "value": number}, {"op": "remove", "path": place}]
    return pair * (limits.OPS // 2)


def _replaced(document: Document, number: int) -> Patch:
    """Replace elements by slightly different ones, as many as fit into a frame."""
    value = document.more(number)
    fitting = limits.FRAME // (len(str(value)) + 80)
    if document.name == "crowd":
        fitting = limits.NODES // 1001
    places = _elements(document)[:fitting]
    return [
        {"op": "replace", "path": place, "value": document.more(number + n + 1)}
        for n, place in enumerate(places)
    ]


def _removed(document: Document, number: int) -> Patch:
    """Remove a hundred elements, so that later clients find some too."""
    if not document.is_array:
        return [
            {"op": "remove", "path": document.element(number * 100 + n + 1000)} for n in range(100)
        ]
    return [{"op": "remove", "path": document.element(0)}] * min(100, document.count // 50)


def _moved(document: Document, number: int) -> Patch:
    if document.is_array:
        last = document.element(document.count // 2)
        return [{"op": "move", "from": last, "path": document.element(0)}] * limits.OPS
    places = _elements(document)
    there = [{"op": "move", "from": place, "path": f"{place}-"} for place in places[:500]]
    back = [{"op": "move", "from": f"{place}-", "path": place} for place in places[:500]]
    return there + back


def _copied(document: Document, number: int) -> Patch:
    places = _elements(document)[: 1000 if document.name != "crowd" else 9]
    return [{"op": "copy", "from": place, "path": "/slot"} for place in places]


def _copied_whole(document: Document, number: int) -> Patch:
    """Copy as much as allowed: the container into the slot, again and again."""
    copy: Op = {"op": "copy", "from": document.text or document.container, "path": "/slot"}
    return [copy, {"op": "replace", "path": "/slot", "value": ""}] * 5


def _tested(document: Document, number: int) -> Patch:
    place = document.text or document.container
    return [{"op": "test", "path": place, "value": number}]


def _tested_often(document: Document, number: int) -> Patch:
    return [{"op": "test", "path": "/n", "value": 0}] + [
        {"op": "test", "path": place, "value": "no"} for place in _elements(document)[1:]
    ]


def _text(document: Document, number: int) -> Patch:
    size = limits.FRAME - SPARE
    return _put(f"{number:06}" + (WORDS * (size // len(WORDS))))


def _text_of_wide_letters(document: Document, number: int) -> Patch:
    return _put(f"{number:06}" + "😀" * ((limits.FRAME - SPARE) // 12))


def _numbers(count: int) -> Callable[[Document, int], Patch]:
    return lambda document, number: _put([number] + [0] * count)


def _objects(document: Document, number: int) -> Patch:
    return _put({f"{number}-{n}": {} for n in range(limits.NODES - 2)})


def _long_key(document: Document, number: int) -> Patch:
    return _put({f"{number}" + "k" * (limits.FRAME - SPARE): 0})


def _edited_letter(document: Document, number: int) -> Patch:
    """Replace the long text with one changed letter in its middle, when it fits into a frame."""
    if not document.text:
        return _put(str(number))
    text = WORDS * min(37_000, len(document.first["text"]) // len(WORDS))
    middle = len(text) // 2 + number
    value = f"{text[:middle]}{number}{text[middle:]}"
    return [{"op": "replace", "path": document.text, "value": value}]


PATCHES: dict[str, Callable[[Document, int], Patch]] = {
    "ops that add in front": _added_in_front,
    "ops that add and remove": _added_and_removed,
    "ops that replace": _replaced,
    "ops that move": _moved,
    "ops that copy": _copied,
    "ops that test": _tested_often,
    "ops that remove": _removed,
    "ops+1": lambda document, number: [{"op": "test", "path": "/n", "value": 0}] * (limits.OPS + 1),
    "bytes copied": _copied_whole,
    "value to test": _tested,
    "bytes of a text": _text,
    "bytes of wide letters": _text_of_wide_letters,
    "values": _numbers(limits.NODES - 2),
    "values+1": _numbers(limits.NODES + 1),
    "objects": _objects,
    "nesting": lambda document, number: _put(_nested(limits.DEPTH - 2)),
    "nesting+1": lambda document, number: _put(_nested(limits.DEPTH + 1)),
    "bytes of a key": _long_key,
    "pointer": lambda document, number: [
        {"op": "add", "path": "/" + "p" * (limits.POINTER - 1), "value": number}
    ],
    "pointer+1": lambda document, number: [
        {"op": "add", "path": "/" + "p" * limits.POINTER, "value": number}
    ],
    "letter of a long text": _edited_letter,
    "the slot emptied": lambda document, number: _put(""),
}
