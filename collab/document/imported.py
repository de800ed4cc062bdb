"""What is asked of an entry that comes from outside: its values are those that a client may send.

Its update is judged by the Yjs guard. Its ops and its undo records are written into the document
later, by a restore or an undo, and nothing is asked again then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from collab.document.stacks import decode_inverse
from collab.entry import Entry
from collab.errors import Code, Rejected
from collab.patch.bounds import check, nesting
from collab.patch.values import FORBIDDEN_KEYS
from collab.yjs.guard import DEFAULT_BOUNDS
from collab.yjs.tree_layout import RESERVED, VALUE
from collab.yjs.tree_records import Absent, Alike, Exactly, Record, place_of

_ANY_NUMBER = 2**53
# JSON takes one or two Yjs types a level, and the guard lets no more of these in.
_DEEPEST = DEFAULT_BOUNDS.depth


def check_values(entry: Entry) -> None:
    """Refuse an entry that would bring into the document what no lane accepts."""
    try:
        records = decode_inverse(entry.inverse).records
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _refused(entry, "its undo records cannot be read") from error
    for op in entry.ops:
        _check_value(entry, op.get("value"))
    for record in records:
        _check_place(entry, record)
        for value in _values(record):
            _check_depth(entry, value)
            _check_value(entry, _as_doubles(value))


def _check_place(entry: Entry, record: Record) -> None:
    place = place_of(record)
    if len(place) > _DEEPEST or any(step in FORBIDDEN_KEYS for step in place):
        raise _refused(entry, "an undo record names a place that is none")
    if place and place[-1] in RESERVED and place[-1] != VALUE:
        raise _refused(entry, "an undo record writes a reserved key")


def _values(record: Record) -> Iterator[Any]:
    """What taking a record back may write."""
    for name in record.__struct_fields__:
        part = getattr(record, name)
        for each in part if isinstance(part, tuple) else (part,):
            if isinstance(each, Exactly):
                yield each.raw
            elif not isinstance(each, Absent | Alike | bytes | msgspec.Struct):
                yield each


def _check_value(entry: Entry, value: Any) -> None:
    _check_depth(entry, value)
    try:
        check(value, room=_ANY_NUMBER, depth=_DEEPEST)
    except Rejected as error:
        raise _refused(entry, error.refusal.message) from error


def _check_depth(entry: Entry, value: Any) -> None:
    if nesting(value)[0] > _DEEPEST:
        raise _refused(entry, "a value nests too deep")


def _as_doubles(value: Any) -> Any:
    """Undo records keep numbers as yrs writes them: the digits of what was a double."""
    if isinstance(value, dict):
        return {key: _as_doubles(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_doubles(inner) for inner in value]
    return float(value) if type(value) is int and abs(value) <= 2**63 else value


def _refused(entry: Entry, why: str) -> Rejected:
    return Rejected(Code.INVALID_DOCUMENT, f"version {entry.version}: {why}")
