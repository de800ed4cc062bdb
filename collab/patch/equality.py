"""When two JSON values are the same: by type, numbers by what they count (RFC 6902 section 4.6)."""

from __future__ import annotations

from typing import Any

_NUMBERS = (int, float)


def same(a: Any, b: Any) -> bool:
    """JSON equality: `true` is not 1, 1 is 1.0, the order of keys does not matter."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return kind in _NUMBERS and type(b) in _NUMBERS and bool(a == b)
    if kind is dict:
        if len(a) != len(b):
            return False
        return all(key in b and same(item, b[key]) for key, item in a.items())
    if kind is list:
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
