"""Typed reads of a page's JSON. A field with a value of another type counts as absent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

Fields = dict[str, Any]


def fields(holder: Any, key: str) -> Fields:
    """Return the object under a key; an empty object when the value is not an object."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def text(holder: Fields, key: str) -> str:
    """Return the text under a key, without outer spaces; empty when the value is not a string."""
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""


def number(holder: Fields, key: str) -> float | None:
    """Return the finite number under a key, or None."""
    value = holder.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def decimal(value: float) -> str:
    """Return a number below 1e13 as text, with at most two digits after the point."""
    hundredths = math.floor(value * 100 + 0.5)
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0") if rest else f"{whole}"


def one_of(holder: Fields, key: str, *allowed: str) -> str:
    """Return the word under a key if it is allowed, or else the first allowed word."""
    value = holder.get(key)
    return value if isinstance(value, str) and value in allowed else allowed[0]


def objects(holder: Fields, key: str) -> list[Fields]:
    """Return the objects of the list under a key."""
    return [fields for _, fields in numbered(holder, key)]


def numbered(holder: Fields, key: str) -> Iterator[tuple[int, Fields]]:
    """Yield the objects of the list under a key, each with its index."""
    value = holder.get(key)
    if isinstance(value, list):
        yield from ((n, each) for n, each in enumerate(value) if isinstance(each, dict))


def strings(holder: Fields, key: str) -> list[str]:
    """Return the non-empty strings of the list under a key, without outer spaces."""
    value = holder.get(key)
    if not isinstance(value, list):
        return []
    return [each.strip() for each in value if isinstance(each, str) and each.strip()]
