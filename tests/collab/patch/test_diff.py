"""Diffs: always correct, and as small as a person would write them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collab.patch.apply import replay
from collab.patch.diff import diff, places
from collab.patch.relocate import element_before, place_before
from collab.patch.steps import Path, to_tokens, trace
from collab.patch.values import same
from tests.collab.patch.values import VALUES, page
from tests.line_count import lines_run

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


def places_before_each_op(old: Any, new: Any) -> set[tuple[str, ...]]:
    """Take each location of the diff back through the ops before it. The time is quadratic."""
    steps, _ = trace(old, diff(old, new))
    found: set[tuple[str, ...]] = set()
    for number, step in enumerate(steps):
        for path in {step.path, step.source} if step.kind == "move" else {step.path}:
            is_place = path is step.path and step.kind in ("add", "move")
            at: Path | None = path
            for one in reversed(steps[:number]):
                at = None if at is None else (place_before if is_place else element_before)(at, one)
            if at is not None and not (is_place and at and type(at[-1]) is int):
                found.add(to_tokens(at))
            elif at is not None:
                found.add((*to_tokens(at[:-1]), "-"))
    return found


@given(VALUES, VALUES)
def test_p9_places_are_the_locations_of_the_diff_in_the_old_value(old: Any, new: Any) -> None:
    found, wanted = set(places(old, new)), places_before_each_op(old, new)
    assert {at for at in found if at[-1:] != ("-",)} == {at for at in wanted if at[-1:] != ("-",)}


@given(st.lists(ELEMENTS, max_size=9), st.lists(ELEMENTS, max_size=9))
def test_p9_places_of_lists_are_the_locations_of_the_diff(old: list[Any], new: list[Any]) -> None:
    found, wanted = set(places(old, new)), places_before_each_op(old, new)
    assert {at for at in found if at[-1] != "-"} == {at for at in wanted if at[-1] != "-"}
    assert {at for at in found if at[-1] == "-"} <= wanted
    assert found or same(old, new)


def test_p9_places_are_found_in_linear_time() -> None:
    def lines(count: int) -> int:
        members: dict[str, Any] = {f"k{n}": n for n in range(count)}
        old = {**members, "list": [{"id": f"{n}"} for n in range(count)]}
        new = {"list": [{"id": f"{n}"} for n in range(0, count, 2)]}
        return lines_run(lambda: list(places(old, new)))

    assert lines(4_000) < 2.5 * lines(2_000)
