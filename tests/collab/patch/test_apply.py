"""Applying a patch: all of RFC 6902, atomic, with exact ops and their inverse."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Code, Rejected
from collab.patch.apply import Applied, apply, replay
from collab.patch.bounds import Bounds, json_size
from collab.patch.values import same
from tests.collab.patch.values import VALUES, ops


def refusal(value: Any, patch: list[Any], **options: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        apply(value, patch, **options)
    return caught.value


def test_p2_a_patch_is_applied_as_a_whole_or_not_at_all() -> None:
    value = {"a": {"b": [1, 2]}}
    before = copy.deepcopy(value)
    error = refusal(value, [{"op": "remove", "path": "/a/b/0"}, {"op": "remove", "path": "/x"}])
    assert (error.refusal.code, error.refusal.extra) == (
        Code.PATH_NOT_FOUND,
        {"op": 1, "path": "/x"},
    )
    assert value == before


def test_p2_values_share_the_parts_that_no_op_touches() -> None:
    value = {"a": {"x": [1]}, "b": {"y": [2]}}
    after = apply(value, [{"op": "replace", "path": "/a/x/0", "value": 9}]).value
    assert after["b"] is value["b"]
    assert after["a"] is not value["a"]


def test_p2_the_values_in_a_patch_are_never_changed() -> None:
    inner: dict[str, Any] = {"list": []}
    patch = [
        {"op": "add", "path": "/a", "value": inner},
        {"op": "add", "path": "/a/list/-", "value": 1},
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/b/list/-", "value": 2},
    ]
    assert apply({}, patch).value == {"a": {"list": [1]}, "b": {"list": [1, 2]}}
    assert inner == {"list": []}


def test_p3_ops_are_exact() -> None:
    value = {"list": ["a", "b"], "text": "Buy now", "n": 1}
    patch = [
        {"op": "test", "path": "/n", "value": 1.0},
        {"op": "replace", "path": "/n", "value": 1},
        {"op": "add", "path": "/list/-", "value": "c", "comment": "unknown"},
        {"op": "add", "path": "/n", "value": 2},
        {"op": "splice", "path": "/text", "offset": 4, "delete": 3, "insert": "it"},
        {"op": "move", "from": "/list/0", "path": "/list/0"},
    ]
    done = apply(value, patch, splices=True)
    assert done.ops == [
        {"op": "add", "path": "/list/2", "value": "c"},
        {"op": "replace", "path": "/n", "value": 2},
        {"op": "replace", "path": "/text", "value": "Buy it"},
    ]


def test_p3_an_exact_op_is_kept_as_the_same_object() -> None:
    patch = [{"op": "replace", "path": "/a", "value": 2}]
    assert apply({"a": 1}, patch).ops[0] is patch[0]


def test_p3_a_move_or_copy_over_a_member_removes_it_first() -> None:
    value = {"a": 1, "b": 2}
    moved = apply(value, [{"op": "move", "from": "/a", "path": "/b"}])
    assert moved.ops == [
        {"op": "remove", "path": "/b"},
        {"op": "move", "from": "/a", "path": "/b"},
    ]
    assert replay(moved.value, moved.inverse) == value


def test_p3_a_copy_over_an_equal_member_changes_nothing() -> None:
    value = {"a": [1], "b": [1.0]}
    done = apply(value, [{"op": "copy", "from": "/a", "path": "/b"}])
    assert (done.ops, done.inverse, done.value) == ([], [], value)


def test_p3_a_move_that_shifts_its_target_hits_the_right_member() -> None:
    value = [{"k": 0}, {"k": 1}, {"k": 2}]
    done = apply(value, [{"op": "move", "from": "/0", "path": "/1/k"}])
    assert done.value == [{"k": 1}, {"k": {"k": 0}}]
    assert done.ops[0] == {"op": "remove", "path": "/2/k"}
    assert replay(value, done.ops) == done.value
    assert replay(done.value, done.inverse) == value


def test_p3_a_value_moved_over_its_holder_replaces_the_holder() -> None:
    value = {"a": {"b": {"c": 1}}}
    patch = [
        {"op": "add", "path": "/a/b/d", "value": 2},
        {"op": "move", "from": "/a/b", "path": "/a"},
        {"op": "add", "path": "/a/e", "value": 3},
    ]
    done = apply(value, patch)
    assert done.value == {"a": {"c": 1, "d": 2, "e": 3}}
    assert replay(done.value, done.inverse) == value


def test_p3_a_move_before_its_holder_becomes_remove_and_add() -> None:
    value = [[{"a": 1}]]
    patch = [
        {"op": "add", "path": "/0/0/b", "value": 2},
        {"op": "move", "from": "/0/0", "path": "/0"},
        {"op": "add", "path": "/0/c", "value": 3},
    ]
    done = apply(value, patch)
    assert done.value == [{"a": 1, "b": 2, "c": 3}, []]
    assert [op["op"] for op in done.ops] == ["add", "remove", "add", "add"]
    assert replay(value, done.ops) == done.value
    assert replay(done.value, done.inverse) == value


def test_p4_types_differ_and_numbers_are_compared_by_value() -> None:
    assert same(1, 1.0)
    assert not same(1, True)
    assert not same(0, False)
    assert not same([0], [False])
    assert not same("1", 1)
    assert not same(None, False)
    assert same({"a": 1, "b": [2.0]}, {"b": [2], "a": 1})
    assert refusal({"a": 1}, [{"op": "test", "path": "/a", "value": True}]).refusal.code == (
        Code.TEST_FAILED
    )


def test_p5_a_splice_counts_utf16_units() -> None:
    def spliced(text: str, **splice: Any) -> Any:
        op = {"op": "splice", "path": "/t", **splice}
        return apply({"t": text}, [op], splices=True).value["t"]

    assert spliced("a😀b", offset=3, delete=1, insert="c") == "a😀c"
    assert spliced("a😀b", offset=1, delete=2, insert="é") == "aéb"
    assert spliced("ab", offset=2, delete=0, insert="!") == "ab!"
    for bad in (
        {"offset": 2, "delete": 0, "insert": ""},
        {"offset": 1, "delete": 1, "insert": ""},
        {"offset": 4, "delete": 1, "insert": ""},
        {"offset": -1, "delete": 0, "insert": ""},
        {"offset": True, "delete": 0, "insert": ""},
        {"offset": 0, "delete": 0, "insert": 3},
        {"offset": 0, "delete": 0, "insert": "\udc00"},
        {},
    ):
        error = refusal({"t": "a😀b"}, [{"op": "splice", "path": "/t", **bad}], splices=True)
        assert error.refusal.code == Code.INVALID_PATCH


def test_p5_a_splice_needs_agreement_and_a_text() -> None:
    op = {"op": "splice", "path": "/t", "offset": 0, "delete": 0, "insert": "x"}
    assert refusal({"t": ""}, [op]).refusal.code == Code.INVALID_PATCH
    assert refusal({"t": 1}, [op], splices=True).refusal.code == Code.INVALID_PATCH


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["op", "path", "from", "value", "offset", "delete", "insert"])
KINDS = st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "splice"])
POINTERS = st.sampled_from(["", "/", "/a", "/a/0", "/a/-", "/a/-/b", "/t", "/t/0", "/\ud800"])
BAD_OPS = st.dictionaries(NAMES, GARBAGE | KINDS | POINTERS) | GARBAGE


@given(st.lists(BAD_OPS, max_size=3))
def test_p6_a_garbage_op_raises_only_rejected(patch: list[Any]) -> None:
    value = {"a": [1], "t": "text"}
    refused = None
    try:
        apply(value, patch, size=json_size(value), bounds=Bounds(), splices=True)
    except Rejected as error:
        refused = error.refusal
    if refused is not None:
        assert refused.extra.keys() == {"op", "path"}
        str(refused.extra["path"]).encode()
    assert value == {"a": [1], "t": "text"}


def check(before: Any, done: Applied, size: int) -> None:
    assert same(replay(before, done.ops), done.value)
    assert same(replay(done.value, done.inverse), before)
    assert done.size == json_size(done.value) or size == 0
    assert not any(op["op"] in ("test", "splice") for op in done.ops)


@given(st.data(), VALUES)
def test_p3_ops_and_inverse_replay_and_the_size_is_exact(data: st.DataObject, value: Any) -> None:
    now, size, before, patch = value, json_size(value), copy.deepcopy(value), []
    for _ in range(data.draw(st.integers(1, 5))):
        op = data.draw(ops(now))
        try:
            done = apply(now, [op], size=size)
        except Rejected:
            continue
        check(now, done, size)
        patch.append(op)
        now, size = done.value, done.size
    whole = apply(value, patch, size=json_size(value), bounds=Bounds())
    check(value, whole, 1)
    assert same(whole.value, now)
    assert same(value, before)


def test_p2_a_refusal_names_the_location_that_has_no_value() -> None:
    error = refusal({"a": 1, "l": []}, [{"op": "add", "path": "/a/b", "value": 2}])
    assert error.refusal.code is Code.PATH_NOT_FOUND
    assert error.refusal.message == "no value at the JSON Pointer '/a/b'"
    error = refusal({"a": 1, "l": []}, [{"op": "add", "path": "/l/1", "value": 2}])
    assert error.refusal.message == "no value at the JSON Pointer '/l/1'"
