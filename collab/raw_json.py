"""Checks of JSON text: how many values it holds, and whether an operation has a member twice.

The decoder creates every value. Of two members with the same name it keeps the last, without an
error. A patch without such members has as many quotes as its decoded form. When the two numbers
differ, the text is decoded again with all members.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from collab.entry import Op
from collab.errors import Code, Refusal
from collab.messages import Patch

# A patch may make 10,000 values, and its operations are values too. To parse 100,000 takes 20 ms.
MAX_VALUES: Final = 20_000

_QUOTE: Final = ord('"')
# Each value begins with a separator, or has one before it. In a string, a separator is only text. A
# string without an end matches too. Otherwise the search would start again at each quote in it.
# `*+` never backtracks into a string: backtracking took 0.2 s and 150 MB for two million escapes.
_SEPARATOR_OR_TEXT: Final = re.compile(rb'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)

_encode = msgspec.json.Encoder().encode

_NAMES: Final = ("op", "path", "value", "from")


def has_few_separators(body: bytes, most: int = MAX_VALUES) -> bool:
    """Return whether the body surely holds at most `most` values.

    Many commas inside strings make it False, too.
    """
    return len(body) <= most or len(body) - len(body.translate(None, b"[{,")) <= most


def has_at_most_values(most: int, body: bytes) -> bool:
    """Return whether the body holds at most `most` values; commas inside strings do not count.

    This is a loop in Python. In a worker thread it lets the event loop run. One long regex search
    would not.
    """
    separators = strings = 0
    for found in _SEPARATOR_OR_TEXT.finditer(body):
        if body[found.start()] == _QUOTE:
            strings += 1
        else:
            separators += 1
        if separators > most or strings > 2 * most + 2:  # a value has at most a key and a string
            return False
    return True


# --- repeated members -----------------------------------------------------------------------


class _Members(list[tuple[str, Any]]):
    """All members of an object, repeated ones too, in the order of the text."""


def repeated_in_message(frame: bytes, message: Patch) -> Refusal | None:
    """Return a refusal when an operation in the frame has a member twice; else None."""
    unsaid = (message.fence, message.after, message.step)
    left_out = (not message.strict) + sum(value is None for value in unsaid)
    if frame.count(b'"') == _quotes(message) - 2 * left_out:
        return None
    return _find(frame, message.ops)


def repeated_in_body(body: bytes, ops: Sequence[Op]) -> Refusal | None:
    """Return the same for the body of an HTTP patch, which is only the list of operations."""
    if body.count(b'"') == _quotes(ops):
        return None
    return _find(body, ops)


def _quotes(read: Any) -> int:
    """Return the number of quotes in the JSON of a value; -1 when it is nested too deeply."""
    try:
        return _encode(read).count(b'"')
    except RecursionError:
        return -1


def _find(written: bytes, ops: Sequence[Op]) -> Refusal | None:
    for index, members in enumerate(_written(written)):
        names = [name for name, _ in members]
        for name in _NAMES:
            if names.count(name) > 1:
                path = ops[index].get("path")
                extra = {"op": index, "path": path if isinstance(path, str) else ""}
                return Refusal(Code.INVALID_PATCH, f"an operation has `{name}` twice", extra)
    return None


def _written(body: bytes) -> list[_Members]:
    """Return the operations of a body or a message, with all their members."""
    try:
        found = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, _Members):
        found = dict(found).get("ops")
    return found if isinstance(found, list) else []
