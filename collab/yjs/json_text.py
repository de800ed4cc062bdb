"""JSON inside Yjs bytes, read as strictly as a patch: depth, numbers and key names."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec

from collab.ids import Json
from collab.patch.values import FORBIDDEN_KEYS, MAX_DEPTH, is_exact
from collab.yjs.lib0 import refuse

_decode = msgspec.json.Decoder().decode


_PLAIN: Final[dict[bytes, Json]] = {b"null": None, b"true": True, b"false": False}


def read_json(raw: bytes, *, is_kept: bool = False) -> Json:
    """The value of a JSON text; `Rejected` where a patch would not be let in with it.

    What `is_kept` in a document yrs writes in its own way, and that must be let in again.
    """
    if raw in _PLAIN:
        return _PLAIN[raw]
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refuse("a text is not JSON")
    _check(value, is_kept)
    return cast(Json, value)


def _check(value: Any, is_kept: bool) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                if not FORBIDDEN_KEYS.isdisjoint(node):
                    refuse("a key is reserved")
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
            else:
                _check_number(node, is_kept)
        if not below:
            return
        level = below
    for node in level:
        if isinstance(node, dict | list):
            refuse(f"JSON is nested deeper than {MAX_DEPTH}")
        _check_number(node, is_kept)


def _check_number(scalar: Any, is_kept: bool) -> None:
    has_digits = isinstance(scalar, int) or (is_kept and _gets_digits(scalar))
    if has_digits and not is_exact(scalar):
        refuse("an integer is longer than 53 bits")


def _gets_digits(scalar: Any) -> bool:
    """Whether yrs writes a float as the digits of an integer.

    Measured with 0.28: 1e16 becomes 10000000000000000, and 1e19 stays as it is.
    """
    return isinstance(scalar, float) and scalar.is_integer() and abs(scalar) <= 2**63
