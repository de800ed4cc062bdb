"""A document's rows, by its whole name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sqlalchemy import ColumnElement, Table, and_

from collab.ids import MAX_SAFE_INTEGER, DocKey

T = TypeVar("T")

# A damaged row may hold any version that fits its column.
ANY_VERSION = 2**63 - 1


def of(table: Table, key: DocKey) -> ColumnElement[bool]:
    """The rows of this document: there is no way to them without its tenant."""
    return and_(table.c.tenant == key.tenant, table.c.doc == key.doc)


_SIZES = (1, 8, 64)


def parts(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of a few sizes, so that each statement with one stays prepared.

    The last value of all may be in its list several times.
    """
    left = list(values)
    while left:
        part, left = left[: _SIZES[-1]], left[_SIZES[-1] :]
        size = next(size for size in _SIZES if size >= len(part))
        yield part + part[-1:] * (size - len(part))


def is_count(value: object) -> bool:
    """Whether a column holds a version, an epoch or a revision; damaged rows may hold anything."""
    return type(value) is int and 0 <= value < MAX_SAFE_INTEGER
