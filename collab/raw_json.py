"""JSON as a client wrote it: how many values it holds, and which members an operation says twice.

The decoder makes every value, and keeps the last of two members with one name in silence. A patch
of the wanted shape has as many quotes as what was read of it. Only where they differ are its
objects read one by one.
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

# A patch may hold 10,000 values, and its operations some more. 100,000 values take 20 ms to parse.
MAX_VALUES: Final = 20_000

_QUOTE: Final = ord('"')
# A separator is before or at the beginning of each value. In a string, separators are text. A text
# without an end matches too, else the search would start again from each quote in it. The search
# does not go back inside a string (`*+`): that took 0.2 s and 150 MB for two million escapes.
_SEPARATOR_OR_TEXT: Final = re.compile(rb'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)

_encode = msgspec.json.Encoder().encode

_NAMES: Final = ("op", "path", "value", "from")


def has_few_separators(body: bytes, most: int = MAX_VALUES) -> bool:
    """Whether there are surely at most so many values. Texts full of commas make it False, too."""
    return len(body) <= most or len(body) - len(body.translate(None, b"[{,")) <= most


def has_at_most_values(most: int, body: bytes) -> bool:
    """Whether there are at most so many values, whatever the texts hold.

    It is a loop in Python: in a thread it lets the event loop run, which one long search does not.
    """
    separators = strings = 0
    for found in _SEPARATOR_OR_TEXT.finditer(body):
        if body[found.start()] == _QUOTE:
            strings += 1
        else:
            separators += 1
        if separators > most or strings > 2 * most + 2:  # of each value a key and a text, at most
            return False
    return True


# --- members that an operation has twice ----------------------------------------------------


class _Members(list[tuple[str, Any]]):
    """The members of an object as they were written."""


def repeated_in_message(frame: bytes, message: Patch) -> Refusal | None:
    """Why the operations of a message are not what its frame says; None where they are."""
    unsaid = (message.fence, message.after, message.step)
    left_out = (not message.strict) + sum(value is None for value in unsaid)
    if frame.count(b'"') == _quotes(message) - 2 * left_out:
        return None
    return _find(frame, message.ops)


def repeated_in_body(body: bytes, ops: Sequence[Op]) -> Refusal | None:
    """Why the operations are not what the body says, which is a patch and no more."""
    if body.count(b'"') == _quotes(ops):
        return None
    return _find(body, ops)


def _quotes(read: Any) -> int:
    """How many it takes to write what was read; -1 where it nests too deep to be written."""
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
    """The operations of a body or of a message, with every member that was written."""
    try:
        found = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, _Members):
        found = dict(found).get("ops")
    return found if isinstance(found, list) else []
