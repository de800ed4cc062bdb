"""Clients that edit formatted texts at random, and the format bytes that yrs really returns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any

from pycrdt import Doc, Map, Text, UndoManager, XmlElement, XmlFragment, XmlText

VALUES: list[Any] = [True, None, "a value", {"href": "https://example.org"}, None]
NAMES = ["b", "i", "link", "é--Ab3dE6fG"]


class Peer:
    """A client with its copy of a document."""

    def __init__(self, rng: Random, client_id: int) -> None:
        self._rng = rng
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.content = self.doc.get("content", type=Map)
        self.outside = self.doc.get("article", type=XmlFragment)
        self._undo: UndoManager | None = None  # of the texts below `x`

    def start(self) -> None:
        self.content["x"] = XmlFragment(
            [XmlText("one text"), XmlElement("p", {}, [XmlText("two")])]
        )
        self.content["t"] = Text("a plain text")
        self.outside.children.append(XmlText("outside"))

    def texts(self, *, outside: bool = False) -> Iterator[Text | XmlText]:
        waiting = [self.outside] if outside else [self.content[key] for key in self.content]
        while waiting:
            held = waiting.pop()
            if isinstance(held, Text):
                yield held
                continue
            for child in held.children:
                if isinstance(child, XmlText):
                    yield child
                else:
                    waiting.append(child)

    def edit(self) -> bytes:
        """Make a few random edits, and return their update."""
        before = self.doc.get_state()
        if self._undo is None:
            times = count()
            self._undo = UndoManager(
                scopes=[self.content["x"]],
                capture_timeout_millis=0,
                timestamp=lambda: next(times),
            )
        if self._rng.random() < 0.15 and self._undo.can_undo():
            self._undo.undo()
        elif self._rng.random() < 0.1 and self._undo.can_redo():
            self._undo.redo()
        else:
            with self.doc.transaction():
                for _ in range(self._rng.randint(1, 4)):
                    self._edit()
        return self.doc.get_update(before)

    def _edit(self) -> None:
        rng = self._rng
        texts = list(self.texts(outside=rng.random() < 0.1))
        kind = rng.random()
        if kind < 0.08 or not texts:
            new = XmlElement("p", {}, [XmlText("new")])
            self.content[f"y{rng.randrange(3)}"] = XmlFragment([new])
            return
        if kind < 0.14 and "x" in self.content:
            children = self.content["x"].children
            children.insert(rng.randint(0, len(children)), XmlElement("p", {}, [XmlText("item")]))
            return
        text = rng.choice(texts)
        length = len(text)
        at = rng.randint(0, length)
        end = rng.randint(at, length)
        if kind < 0.3:
            text.insert(at, rng.choice(["a", "word", "x" * 20]), _formats(rng))
        elif kind < 0.36:
            text.insert_embed(at, {"image": 1}, _formats(rng) or {})
        elif kind < 0.8 and at < end:
            text.format(at, end, {rng.choice(NAMES): rng.choice(VALUES)})
        elif at < end:
            del text[at:end]


def _formats(rng: Random) -> dict[str, Any] | None:
    names = rng.sample(NAMES, rng.randint(0, 2))
    return {name: rng.choice(VALUES) for name in names} or None


def real_bytes(texts: Iterator[Text | XmlText]) -> int:
    """Return the format bytes of all pieces, from what yrs returns for the texts."""
    total = 0
    for text in texts:
        for _, formats in text.diff():
            for name, value in (formats or {}).items():
                raw = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
                total += 2 * len(name.encode()) + len("<></>") + len(raw)
    return total
