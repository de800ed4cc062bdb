"""JSON inside Yjs bytes, read as strictly as a patch: depth, integers and key names."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec

from collab.ids import MAX_SAFE_INTEGER, Json
from collab.yjs.lib0 import refuse

MAX_DEPTH: Final = 64

# A browser that copies such a key into an object changes that object's prototype.
RESERVED_KEYS: Final = frozenset({"__proto__", "constructor", "prototype"})

_decode = msgspec.json.Decoder().decode


_PLAIN: Final[dict[bytes, Json]] = {b"null": None, b"true": True, b"false": False}


def read_json(raw: bytes) -> Json:
    """The value of a JSON text; `Rejected` where a patch would not be let in with it."""
    if raw in _PLAIN:
        return _PLAIN[raw]
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("a text is not JSON")
    _check(value)
    return cast(Json, value)


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                if not RESERVED_KEYS.isdisjoint(node):
                    refuse("a key is reserved")
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
            else:
                _check_number(node)
        if not below:
            return
        level = below
    for node in level:
        if isinstance(node, dict | list):
            refuse(f"JSON is nested deeper than {MAX_DEPTH}")
        _check_number(node)


def _check_number(scalar: Any) -> None:
    if isinstance(scalar, int) and not -MAX_SAFE_INTEGER <= scalar <= MAX_SAFE_INTEGER:
        refuse("an integer is longer than 53 bits")
