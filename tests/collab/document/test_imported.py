"""Imported entries: which ops and undo records are allowed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collab.document.imported import check_values
from collab.document.steps import Inverse
from collab.entry import Author, Entry
from collab.errors import Code, Rejected
from collab.types.records import (
    Absent,
    Exactly,
    ItemsHunk,
    ListRecord,
    MovedRecord,
    Record,
    SetRecord,
)
from collab.yjs.update import DEFAULT_BOUNDS


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def entry(value: Any = 1, *records: Record, inverse: bytes = b"") -> Entry:
    inverse = inverse or Inverse(records).encoded()
    ops = [{"op": "add", "path": "/a", "value": value}, {"op": "remove", "path": "/b"}]
    return Entry(1, Author("ada"), 0, "edit", ops, b"", inverse=inverse)


BAD = [{"__proto__": 1}, [{"constructor": 1}], float("nan"), 2**64 - 1, nested(300)]


def test_p8_a_value_may_be_as_deep_as_a_yjs_client_may_make_it() -> None:
    deepest = DEFAULT_BOUNDS.depth
    check_values(entry(nested(deepest), SetRecord((), "k", Absent(), Exactly(nested(deepest)))))
    with pytest.raises(Rejected):
        check_values(entry(nested(deepest + 1)))


def test_p8_values_that_lanes_write_are_accepted() -> None:
    set_ = SetRecord(("list",), "k", Absent(), Exactly({"@order": "a0", "n": 10**16}))
    wrapped = SetRecord(("list", "k"), "@value", Exactly(1.5), Exactly(None))
    check_values(entry(1e300, set_, wrapped, MovedRecord(("list",), "k", "a0", "a1")))


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_p8_a_value_that_no_lane_accepts_is_refused(value: Any) -> None:
    records = (
        SetRecord((), "k", Exactly(value), Absent()),
        ListRecord(("y",), (1, 0), ItemsHunk((value,))),
    )
    for each in (entry(value), *(entry(1, record) for record in records)):
        with pytest.raises(Rejected) as refused:
            check_values(each)
        assert refused.value.refusal.code is Code.INVALID_DOCUMENT


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_p8_a_splice_may_insert_only_what_lanes_accept(value: Any) -> None:
    splice = {"op": "splice", "path": "/a", "index": 0, "remove": 0, "insert": value}
    with pytest.raises(Rejected):
        check_values(msgspec.structs.replace(entry(), ops=[splice]))


@pytest.mark.parametrize(
    "record",
    [
        SetRecord((), "__proto__", Exactly(1), Absent()),
        SetRecord(("constructor",), "k", Exactly(1), Absent()),
        SetRecord((), "@array", Exactly(True), Absent()),
        SetRecord(("k",) * 300, "k", Exactly(1), Absent()),
    ],
    ids=repr,
)
def test_p8_a_path_that_no_lane_writes_is_refused(record: Record) -> None:
    with pytest.raises(Rejected):
        check_values(entry(1, record))


def test_undo_records_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(Rejected):
        check_values(entry(inverse=b"\xc1"))


def test_an_integer_with_more_digits_than_a_double_is_refused() -> None:
    with pytest.raises(Rejected):
        check_values(entry(10**16))
