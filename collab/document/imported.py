"""Checks an imported entry: its values must be values that a client may send.

The Yjs guard checks the update of the entry. This module checks its ops and its undo records: a
later restore or undo writes their values into the document without another check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collab.document.steps import decode_inverse
from collab.entry import Entry
from collab.errors import UNREADABLE, Code, Rejected
from collab.patch.bounds import check, nesting
from collab.patch.values import FORBIDDEN_KEYS
from collab.structs.guard import DEFAULT_BOUNDS
from collab.types.layout import RESERVED, VALUE
from collab.types.records import (
    Exactly,
    ListRecord,
    MovedRecord,
    SetRecord,
    ShownRecord,
    SingleRecord,
    TextRecord,
    single_records,
)

_ANY_NUMBER = 2**53
# One level of JSON takes one or two Yjs types, and the guard allows this many levels of types.
_DEEPEST = DEFAULT_BOUNDS.depth


def check_values(entry: Entry) -> None:
    """Refuse an entry with values that neither lane would accept."""
    try:
        records = decode_inverse(entry.inverse).records
    except UNREADABLE as error:
        raise _refused(entry, "its undo records cannot be read") from error
    for op in entry.ops:
        _check_value(entry, op.get("value"))
        _check_value(entry, op.get("insert"))
    for single in (single for record in records for single in single_records(record)):
        _check_place(entry, single)
        for value in _values(single):
            _check_depth(entry, value)
            _check_value(entry, _as_doubles(value))


def _check_place(entry: Entry, single: SingleRecord) -> None:
    place = (
        single.path if isinstance(single, TextRecord | ListRecord) else (*single.path, single.key)
    )
    if len(place) > _DEEPEST or any(step in FORBIDDEN_KEYS for step in place):
        raise _refused(entry, "an undo record has an invalid path")
    if place and place[-1] in RESERVED and place[-1] != VALUE:
        raise _refused(entry, "an undo record writes a reserved key")


def _values(single: SingleRecord) -> Iterator[Any]:
    """Yield the values that undo may write from a record."""
    match single:
        case SetRecord():
            yield from (
                one.raw for one in (single.before, single.after) if isinstance(one, Exactly)
            )
        case ListRecord():
            yield from single.hunk.removed
        case TextRecord():
            yield from (hunk.deleted for hunk in single.hunks)
        case MovedRecord():
            yield from (single.before, single.after)
        case ShownRecord():
            pass


def _check_value(entry: Entry, value: Any) -> None:
    _check_depth(entry, value)
    try:
        check(value, room=_ANY_NUMBER, depth=_DEEPEST)
    except Rejected as error:
        raise _refused(entry, error.refusal.message) from error


def _check_depth(entry: Entry, value: Any) -> None:
    if nesting(value)[0] > _DEEPEST:
        raise _refused(entry, "a value is nested too deep")


def _as_doubles(value: Any) -> Any:
    """Return a value with its integers as floats.

    In a record yrs may have written a double as digits, so it looks like an integer that is too
    large.
    """
    if isinstance(value, dict):
        return {key: _as_doubles(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_doubles(inner) for inner in value]
    return float(value) if type(value) is int and abs(value) <= 2**63 else value


def _refused(entry: Entry, why: str) -> Rejected:
    return Rejected(Code.INVALID_DOCUMENT, f"version {entry.version}: {why}")
