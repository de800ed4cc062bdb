"""Diffs: always correct, and as small as a person would write them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collab.patch.apply import replay
from collab.patch.diff import diff
from collab.patch.values import same
from tests.collab.patch.values import VALUES, page

ELEMENTS = st.one_of(
    st.builds(
        lambda key, text: {"id": key, "t": text}, st.sampled_from("abcdefg"), st.integers(0, 2)
    ),
    st.sampled_from(["x", "y", 1, True]),
    VALUES,
)


def sections(names: str) -> list[dict[str, Any]]:
    return [{"id": name, "content": {"headline": name}} for name in names]


@given(VALUES, VALUES)
def test_p9_a_diff_turns_one_value_into_the_other(old: Any, new: Any) -> None:
    kept = copy.deepcopy((old, new))
    assert same(replay(old, diff(old, new)), new)
    assert same([old, new], list(kept))
    assert (diff(old, new) == []) == same(old, new)


@given(st.lists(ELEMENTS, max_size=9), st.lists(ELEMENTS, max_size=9))
def test_p9_a_diff_turns_one_list_into_the_other(old: list[Any], new: list[Any]) -> None:
    assert same(replay(old, diff(old, new)), new)


@given(st.permutations("abcdefgh"), st.data())
def test_p9_a_reordered_list_is_only_moved(order: list[str], data: st.DataObject) -> None:
    old, new = sections("abcdefgh"), sections("".join(order))
    ops = diff(old, new)
    assert {op["op"] for op in ops} <= {"move"}
    assert len(ops) < 8
    assert replay(old, ops) == new


def test_p9_moving_a_section_is_one_move() -> None:
    assert diff({"s": sections("abcd")}, {"s": sections("dabc")}) == [
        {"op": "move", "from": "/s/3", "path": "/s/0"}
    ]
    assert diff(sections("abcd"), sections("bcda")) == [{"op": "move", "from": "/0", "path": "/3"}]


def test_p9_a_section_that_moved_and_changed_is_moved_and_edited() -> None:
    new = sections("cab")
    new[0]["content"]["headline"] = "new"
    assert diff(sections("abc"), new) == [
        {"op": "move", "from": "/2", "path": "/0"},
        {"op": "replace", "path": "/0/content/headline", "value": "new"},
    ]


def test_p9_an_element_without_id_is_edited_in_place_or_inserted() -> None:
    assert diff(["a", "b", "c"], ["a", "x", "c"]) == [{"op": "replace", "path": "/1", "value": "x"}]
    assert diff(["a", "b"], ["a", "x", "b"]) == [{"op": "add", "path": "/1", "value": "x"}]
    assert diff(["a", "b", "c"], ["c", "a", "b"]) == [{"op": "move", "from": "/2", "path": "/0"}]
    assert diff([{"t": 1}], [{"t": 2}]) == [{"op": "replace", "path": "/0/t", "value": 2}]


def test_p9_an_element_with_another_id_is_another_element() -> None:
    assert diff(sections("a"), sections("b")) == [
        {"op": "remove", "path": "/0"},
        {"op": "add", "path": "/0", "value": sections("b")[0]},
    ]


def test_p9_an_edit_of_one_field_is_one_op() -> None:
    old, new = page(), page()
    new["pages"]["home"]["sections"][17]["content"]["field3"] = "Hi"
    assert diff(old, new) == [
        {"op": "replace", "path": "/pages/home/sections/17/content/field3", "value": "Hi"}
    ]
