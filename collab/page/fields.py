"""Fields of a page's JSON as they should be; whatever else stands there counts as absent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

Fields = dict[str, Any]


def fields(holder: Any, key: str) -> Fields:
    """The object under a key, empty where there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def text(holder: Fields, key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""


def number(holder: Fields, key: str) -> float | None:
    value = holder.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def one_of(holder: Fields, key: str, *allowed: str) -> str:
    """One of the allowed words; the first where another stands there."""
    value = holder.get(key)
    return value if isinstance(value, str) and value in allowed else allowed[0]


def objects(holder: Fields, key: str) -> list[Fields]:
    return [fields for _, fields in numbered(holder, key)]


def numbered(holder: Fields, key: str) -> Iterator[tuple[int, Fields]]:
    """The objects of a list, each with its index there."""
    value = holder.get(key)
    if isinstance(value, list):
        yield from ((n, each) for n, each in enumerate(value) if isinstance(each, dict))


def strings(holder: Fields, key: str) -> list[str]:
    value = holder.get(key)
    if not isinstance(value, list):
        return []
    return [each.strip() for each in value if isinstance(each, str) and each.strip()]
