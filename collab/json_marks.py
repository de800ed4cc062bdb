"""How many values JSON holds, before any of them is made."""

from __future__ import annotations

import re
from typing import Final

# A patch may hold 10,000 values, and its operations some more. 100,000 values take 20 ms to parse.
MAX_VALUES: Final = 20_000

_QUOTE: Final = ord('"')
# Before or at the beginning of a value there is a mark; in a string, marks are text. A string may
# lack its end: were it no match, the search would go through the rest again from each quote in it.
# What a string begins with is never given back (`*+`), so nothing is kept for that: two million
# escapes took 0.2 s and 150 MB.
_MARK_OR_STRING: Final = re.compile(rb'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def has_few_marks(body: bytes, most: int = MAX_VALUES) -> bool:
    """Whether there are so few values, at the first look: text may be full of commas."""
    return len(body) <= most or len(body) - len(body.translate(None, b"[{,")) <= most


def has_at_most(most: int, body: bytes) -> bool:
    """Whether there are so few values, text that is full of commas aside.

    A loop in Python, which in a thread lets the event loop go on, as one long search would not.
    """
    marks = strings = 0
    for found in _MARK_OR_STRING.finditer(body):
        if body[found.start()] == _QUOTE:
            strings += 1
        else:
            marks += 1
        if marks > most or strings > 2 * most + 2:  # of each value a key and a text, at most
            return False
    return True
