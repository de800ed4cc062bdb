"""Rich text: the part of Markdown that a text field of a page may have.

| text | is shown |
|---|---|
| `**words**` | strong |
| `*words*` | emphasized |
| `[words](address)` | a link |
| `\\*` | a star; also `\\\\`, `\\[`, `\\]`, `\\(` and `\\)` |

A mark opens before a character that is no space, and closes after one. A mark without its partner
is text. Marks nest; a link contains no link. The time is linear in the length of the text.
`static/page/rich_text.js` has the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["strong", "em", "a"]

_SPACES: Final = frozenset(" \t\n\r\u00a0")
_TOKEN: Final = re.compile(r"\\[\\*\[\]()]|\*+|\[|\]")
_ADDRESS_END: Final = re.compile(r"[)\s]")
_WIDTH: Final[dict[Kind, int]] = {"strong": 2, "em": 1}
_STARS: Final = tuple(_WIDTH)


@dataclass(slots=True)
class Mark:
    """A part of a text with one kind of mark. `address` is the target of a link."""

    kind: Kind
    address: str = ""
    inside: list[Inline] = field(default_factory=list)


# The fields of a section with rich text. The schema marks the same fields.
RICH_FIELDS: Final = frozenset(
    {"headline", "subheadline", "body", "quote", "answer", "description", "caption"}
    | {"text", "copyright", "features"}
)

Inline: TypeAlias = "str | Mark"


def parse(words: str) -> list[Inline]:
    """Return the texts and marks of a text, in order."""
    return _built(_Parser(words).pieces())


def plain(words: str) -> str:
    """Return a text as readers see it, without its marks."""
    return "".join(each for each in _all(parse(words)) if isinstance(each, str))


def addresses(words: str) -> list[str]:
    """Return the targets of the links in a text, as their author wrote them."""
    marks = (each for each in _all(parse(words)) if not isinstance(each, str))
    return [mark.address for mark in marks if mark.kind == "a"]


def _all(found: list[Inline]) -> Iterator[Inline]:
    """Yield all texts and marks in order. Marks nest at most three deep."""
    for each in found:
        yield each
        if not isinstance(each, str):
            yield from _all(each.inside)


@dataclass(slots=True)
class _Piece:
    """A piece of the text. `opens` and `closes` are set when the piece has found its partner."""

    words: str
    kind: Kind | None = None
    opens: bool = False
    closes: bool = False
    address: str = ""


class _Parser:
    """Finds the partner of each mark.

    `_open` has the marks that have no partner yet, in the order of the text. `_stars` has the index
    in `_open` of the open `strong` and of the open `em`: there is at most one of each. The brackets
    before the index `_dead` cannot become links.
    """

    def __init__(self, words: str) -> None:
        self._words = words
        self._pieces: list[_Piece] = []
        self._open: list[_Piece] = []
        self._stars: dict[Kind, int] = {}
        self._dead = 0
        self._address_end = 0  # the next end of an address after the last `](`

    def pieces(self) -> list[_Piece]:
        at = 0
        for found in _TOKEN.finditer(self._words):
            if found.start() < at:  # inside an address
                continue
            self._text(self._words[at : found.start()])
            at = found.end()
            match found[0][0]:
                case "\\":
                    self._text(found[0][1])
                case "*":
                    self._run_of_stars(found.start(), at)
                case "[":
                    self._open.append(self._piece("[", "a"))
                case _:
                    at = self._bracket(at)
        self._text(self._words[at:])
        return self._pieces

    def _run_of_stars(self, start: int, end: int) -> None:
        words, number = self._words, end - start
        if start and words[start - 1] not in _SPACES:
            while kind := self._closed_by(number):
                self._close(self._stars[kind], self._piece("*" * _WIDTH[kind], kind))
                number -= _WIDTH[kind]
        if end < len(words) and words[end] not in _SPACES:
            for kind in _STARS:
                if number >= _WIDTH[kind] and kind not in self._stars:
                    self._stars[kind] = len(self._open)
                    self._open.append(self._piece("*" * _WIDTH[kind], kind))
                    number -= _WIDTH[kind]
        self._text("*" * number)

    def _closed_by(self, stars: int) -> Kind | None:
        """Return the open mark that so many stars close first: the inner one, when it fits."""
        if not self._stars or not stars:
            return None
        if stars == 2 and "strong" in self._stars:
            return "strong"
        inner = max(self._stars, key=self._stars.__getitem__)
        if inner == "strong" and stars == 1:
            return "em" if "em" in self._stars else None
        return inner

    def _bracket(self, at: int) -> int:
        """Close a link at `]`. Return where the text goes on: after the address of the link."""
        index = self._last_bracket()
        end = self._end_of_address(at)
        if index is None or end is None:
            self._text("]")
            if index is not None:
                self._forget(index)
            return at
        self._open[index].address = self._words[at + 1 : end]
        self._close(index, self._piece("]", "a"))
        self._dead = len(self._open)  # a link contains no link
        return end + 1

    def _last_bracket(self) -> int | None:
        """Return the index in `_open` of the last bracket that can become a link."""
        for index in range(len(self._open) - 1, self._dead - 1, -1):
            if self._open[index].kind == "a":
                return index
        return None

    def _forget(self, index: int) -> None:
        """Take a bracket out of `_open`. At most two stars come after it."""
        del self._open[index]
        for kind, place in self._stars.items():
            if place > index:
                self._stars[kind] = place - 1

    def _end_of_address(self, at: int) -> int | None:
        """Return the place of the `)` that ends the address at `(`, or None."""
        words = self._words
        if not words.startswith("(", at):
            return None
        if self._address_end <= at:
            found = _ADDRESS_END.search(words, at)
            self._address_end = found.start() if found else len(words)
        return self._address_end if words.startswith(")", self._address_end) else None

    def _close(self, index: int, closing: _Piece) -> None:
        """Join a mark with its partner. The open marks between them are text."""
        opening = self._open[index]
        del self._open[index:]
        self._stars = {kind: place for kind, place in self._stars.items() if place < index}
        self._dead = min(self._dead, index)
        opening.opens = closing.closes = True

    def _text(self, words: str) -> None:
        if words:
            self._piece(words, None)

    def _piece(self, words: str, kind: Kind | None) -> _Piece:
        piece = _Piece(words, kind)
        self._pieces.append(piece)
        return piece


def _built(pieces: list[_Piece]) -> list[Inline]:
    whole: list[Inline] = []
    lists = [whole]
    words: list[str] = []  # of neighbours that become one text
    for piece in pieces:
        is_mark = piece.closes or (piece.opens and piece.kind is not None)
        if not is_mark:
            words.append(piece.words)
            continue
        if words:
            lists[-1].append("".join(words))
            words.clear()
        if piece.closes:
            lists.pop()
        elif piece.kind is not None:
            mark = Mark(piece.kind, piece.address)
            lists[-1].append(mark)
            lists.append(mark.inside)
    if words:
        whole.append("".join(words))
    return whole
