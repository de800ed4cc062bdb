"""The attacked documents: each is as large as the default limits allow, in its own way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from collab.patch.bounds import nesting
from tests.attacks.campaign import limits

Op = dict[str, Any]

# A value as large as a frame still fits into `/slot`.
FILLED = limits.DOCUMENT - limits.FRAME - 128 * 1024
WORDS = "lorem ipsum dolor sit amet "
# Values of a document that its elements leave to the requests.
SPARE = 20_000
CROWD = limits.SETTINGS.max_values - 45_000  # in values; the history adds the rest


@dataclass(frozen=True)
class Document:
    """A document. It is created with `first`; `more` makes each element of its container.

    At the end `container` has `count` elements; `element` is the pointer of one of them.
    """

    name: str
    first: dict[str, Any]
    container: str
    count: int
    more: Callable[[int], Any]
    begun: int = 0
    is_array: bool = True
    text: str = ""  # the pointer of a long text
    step: int = 900  # elements that one patch adds while it grows

    def element(self, number: int) -> str:
        return f"{self.container}/{number if self.is_array else f'k{number}'}"

    def place(self, number: int) -> str:
        """Return the pointer at which a new element can be added."""
        return f"{self.container}/{0 if self.is_array else f'new-{number}'}"

    def growth(self) -> Iterator[list[Op]]:
        """Yield the patches from `first` to the whole document."""
        for start in range(self.begun, self.count, self.step):
            numbers = range(start, min(start + self.step, self.count))
            yield [self._add(number) for number in numbers]

    def _add(self, number: int) -> Op:
        path = f"{self.container}/-" if self.is_array else self.element(number)
        return {"op": "add", "path": path, "value": self.more(number)}

    def values(self) -> int:
        """Return the number of values, containers included."""
        return self.count * nesting(self.more(10_000))[1]

    def value(self) -> dict[str, Any]:
        """Return the value after the growth, without later changes."""
        whole: dict[str, Any] = json.loads(json.dumps(self.first))
        held = whole[self.container[1:]]
        for number in range(self.begun, self.count):
            if self.is_array:
                held.append(self.more(number))
            else:
                held[f"k{number}"] = self.more(number)
        return whole


def item(number: int) -> Any:
    return {"id": f"e{number}", "t": f"{number} {WORDS}"[:60]}


def text(number: int) -> Any:
    return f"{number} " + WORDS * 7


def _fits(size: int, values: int) -> int:
    """Return how many elements of this size, with so many values each, fill a document."""
    return min(FILLED // size, (limits.SETTINGS.max_values - SPARE) // values)


def _document(name: str, more: Callable[[int], Any], **fields: Any) -> Document:
    sample = len(json.dumps(more(10_000), separators=(",", ":")))
    is_array = fields.get("is_array", True)
    count = _fits(sample + (1 if is_array else 10), nesting(more(10_000))[1])
    first = {"slot": "", "n": 0, "held": [] if is_array else {}}
    return Document(name, first, "/held", count, more, **fields)


PROSE = Document(
    "prose",
    {"slot": "", "n": 0, "held": [0], "text": WORDS * (FILLED // len(WORDS))},
    "/held",
    1,
    item,
    begun=1,
    text="/text",
)
ITEMS = _document("items", item)
TEXTS = _document("texts", text)
KEYS = _document("keys", lambda number: WORDS, is_array=False)
CROWDED = Document(
    "crowd",
    {"slot": "", "n": 0, "held": []},
    "/held",
    CROWD // 1000,
    lambda number: [0] * 1000,
    step=9,
)
LOGGED = Document(
    "logged", {"slot": "", "n": 0, "held": [], "text": WORDS * 40}, "/held", 100, item, text="/text"
)
# Small, for requests that replace a whole document.
REPLACED = Document("replaced", {"slot": "", "n": 0, "held": []}, "/held", 100, item)
DOCUMENTS = {each.name: each for each in (PROSE, ITEMS, TEXTS, KEYS, CROWDED, LOGGED)}
# The document with a long log; the others have a short history.
EDITS = 3_000
EDITS_OF_OTHERS = 120


def edits(document: Document) -> Iterator[tuple[int, list[Op]]]:
    """Yield a history: the number of the user, and the user's patch."""
    count = EDITS if document is LOGGED else EDITS_OF_OTHERS
    for number in range(count):
        who = number % 20 if number % 2 else 0
        yield who, _edit(document, number)


def _edit(document: Document, number: int) -> list[Op]:
    if number % 40 == 39:
        value: Any = WORDS * (4_000 if document is not LOGGED else 40)
        return [{"op": "replace", "path": "/slot", "value": value}]
    if number % 3 == 2:
        return [{"op": "add", "path": document.place(number), "value": document.more(number)}]
    if number % 3 == 1 and document.text:
        return [{"op": "replace", "path": "/n", "value": number}]
    path = document.element(number * 7 % document.count)
    value = document.more(number + 1)
    return [{"op": "replace", "path": path, "value": value}]
