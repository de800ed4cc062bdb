"""Checks of JSON text: how many values it contains, and whether an operation has a member twice.

The first check runs before the decoder, because the decoder creates every value. The second check
runs after it. When an object has two members with the same name, the decoder keeps only the last
one, without an error. A text without such members has as many quotes as the JSON of its decoded
form. When the two numbers differ, this module decodes the text again and keeps all members.
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

# A patch may make 10,000 values, and its operations are values too. The decoder takes 20 ms for
# 100,000 values.
MAX_VALUES: Final = 20_000

_QUOTE: Final = ord('"')
# Matches a separator or a whole string. Each value but the first begins with a separator or comes
# after one, so separators count values. A separator inside a string is only text. A string without
# an end matches too: otherwise the search would start again at each quote in the string. `*+` never
# backtracks into a string: backtracking took 0.2 s and 150 MB for two million escapes.
_SEPARATOR_OR_TEXT: Final = re.compile(rb'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)

_encode = msgspec.json.Encoder().encode

_NAMES: Final = ("op", "path", "value", "from")


def has_few_separators(body: bytes, most: int = MAX_VALUES) -> bool:
    """Return True only when the body certainly contains at most `most` values.

    The separators inside strings count too, so the result can be False for a body with few values.
    """
    return len(body) <= most or len(body) - len(body.translate(None, b"[{,")) <= most


def has_at_most_values(most: int, body: bytes) -> bool:
    """Return whether the body contains at most `most` values.

    Commas inside strings do not count. The loop is in Python, so the event loop can run while a
    worker thread counts. One regex search over the whole body would hold the interpreter lock.
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
    """All members of an object in the order of the text. A repeated member is there twice."""


def repeated_in_message(frame: bytes, message: Patch) -> Refusal | None:
    """Return a refusal when an operation in the frame has a member twice; else None."""
    # The encoder also writes the optional members that the client left out. Each has two quotes.
    unsaid = (message.fence, message.after, message.step)
    left_out = (not message.strict) + unsaid.count(None)
    if frame.count(b'"') == _quotes(message) - 2 * left_out:
        return None
    return _find(frame, message.ops)


def repeated_in_body(body: bytes, ops: Sequence[Op]) -> Refusal | None:
    """Return such a refusal for the body of an HTTP patch. It contains only the operations."""
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
    """Return the operations of a body or a message, with repeated members."""
    try:
        found = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, _Members):
        found = dict(found).get("ops")
    return found if isinstance(found, list) else []
