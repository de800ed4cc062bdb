"""Where pointers and cursors are after a change."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.entry import Author, Op
from collab.errors import Rejected
from collab.patch.apply import apply
from collab.patch.pointer import lookup, parse, render
from collab.patch.relocate import AppliedChange, moved_prefixes, replaced_pointers
from tests.collab.patch.values import locations

BEFORE: dict[str, Any] = {
    "s": [{"id": name, "t": f"text {name}"} for name in "abc"],
    "pages": {"404": {"t": "x"}, "500": {"t": "y"}},
}


def change(ops: Sequence[Op], before: Any) -> AppliedChange:
    return AppliedChange(1, Author("ada"), ops, before)


def carried(pointer: str, *patch: Op) -> str | None:
    exact = apply(BEFORE, patch).ops
    tokens = change(exact, BEFORE).relocate(parse(pointer))
    return None if tokens is None else render(tokens)


def test_r1_inserts_and_removals_shift_the_elements_behind_them() -> None:
    assert carried("/s/1/t", {"op": "add", "path": "/s/0", "value": 1}) == "/s/2/t"
    assert carried("/s/1/t", {"op": "add", "path": "/s/1", "value": 1}) == "/s/2/t"
    assert carried("/s/1/t", {"op": "add", "path": "/s/2", "value": 1}) == "/s/1/t"
    assert carried("/s/1/t", {"op": "remove", "path": "/s/0"}) == "/s/0/t"
    assert carried("/s/1/t", {"op": "remove", "path": "/s/1"}) is None
    assert carried("/s/1/t", {"op": "remove", "path": "/s/2"}) == "/s/1/t"


def test_r1_a_move_takes_along_all_below_it() -> None:
    assert carried("/s/2/t", {"op": "move", "from": "/s/2", "path": "/s/0"}) == "/s/0/t"
    assert carried("/s/0/t", {"op": "move", "from": "/s/2", "path": "/s/0"}) == "/s/1/t"
    assert carried("/s/2/t", {"op": "move", "from": "/s", "path": "/pages/s"}) == "/pages/s/2/t"


def test_r1_a_numeric_key_of_an_object_is_no_index() -> None:
    assert carried("/pages/500/t", {"op": "remove", "path": "/pages/404"}) == "/pages/500/t"
    added: Op = {"op": "add", "path": "/pages/0", "value": 1}
    assert carried("/pages/404", added) == "/pages/404"


def test_r1_a_replaced_value_keeps_the_parts_still_in_it() -> None:
    whole: Op = {"op": "replace", "path": "/s", "value": [{"id": "n"}, {"id": "b", "t": "new"}]}
    assert carried("/s/1/t", whole) == "/s/1/t"
    assert carried("/s/0/t", whole) is None
    assert carried("/s", whole) == "/s"
    assert carried("/s/1/t", {"op": "replace", "path": "/s/1/t", "value": "z"}) == "/s/1/t"
    assert carried("/s/1/t", {"op": "replace", "path": "/s/1", "value": "z"}) is None


TREE: dict[str, Any] = {
    "a": ["u0", "u1", "u2", ["u3", "u4", ["u5"]]],
    "b": [["u6", "u7"], ["u8"], {"7": "u9", "8": ["u10", "u11"]}],
    "3": {"0": "u12", "1": ["u13"]},
}


def random_op(chance: random.Random, value: Any) -> Op:
    places = locations(value)[1:]
    kind = chance.choice(["add", "remove", "move", "move"])
    place = chance.choice(places)
    if kind == "remove":
        return {"op": kind, "path": render(place)}
    key = chance.choice(["0", "1", "2", "7", "-"])
    target = chance.choice([place, (*place[:-1], key), (*place, key)])
    if kind == "add":
        return {"op": kind, "path": render(target), "value": []}
    return {"op": kind, "from": render(chance.choice(places)), "path": render(target)}


@given(st.integers(0, 1 << 32), st.integers(1, 6))
def test_r1_a_relocated_pointer_finds_the_same_element(seed: int, count: int) -> None:
    """Each text is unique. Its relocated pointer finds it, or the text is gone."""
    chance = random.Random(seed)
    now: Any = TREE
    patch: list[Op] = []
    while len(patch) < count and len(locations(now)) > 1:
        op = random_op(chance, now)
        if op["op"] == "move" and f"{op['from']}/".startswith(f"{op['path']}/"):
            # A move over or before its own holder is stated by its value (P3).
            continue
        try:
            done = apply(now, [op])
        except Rejected:
            continue
        # A replaced value keeps its location, so the pointer would find another text.
        if all(each["op"] != "replace" for each in done.ops):
            now = done.value
            patch += done.ops
    there = [lookup(now, place) for place in locations(now)]
    for place in locations(TREE):
        text = lookup(TREE, place)
        if isinstance(text, str):
            tokens = change(patch, TREE).relocate(place)
            assert (tokens is None) == (text not in there)
            assert tokens is None or lookup(now, tokens) == text


def cursor(text: str, offset: int, new: str) -> Any:
    op = {"op": "replace", "path": "/t", "value": new}
    found = change([op], {"t": text}).relocate_cursor(("t",), offset)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("text", "offset", "new", "expected"),
    [
        ("Buy now", 4, "Please Buy now", 11),
        ("Buy now", 4, "Buy now!", 4),
        ("Buy now", 7, "Buy later", 9),
        ("Buy now", 3, "Buy it now", 3),
        ("Buy now", 5, "now", 1),
        ("a😀b", 3, "xa😀b", 4),
        ("ab", 1, "😀ab", 3),
    ],
)
def test_r1_a_cursor_moves_with_the_text_before_it(
    text: str, offset: int, new: str, expected: int
) -> None:
    assert cursor(text, offset, new) == expected


def test_r1_a_cursor_follows_its_text_and_ends_with_it() -> None:
    moved = [{"op": "move", "from": "/s/2", "path": "/s/0"}]
    assert change(moved, BEFORE).relocate_cursor(("s", "2", "t"), 3) == (("s", "0", "t"), 3)
    removed = [{"op": "remove", "path": "/s/2"}]
    assert change(removed, BEFORE).relocate_cursor(("s", "2", "t"), 3) is None


@pytest.mark.parametrize(
    ("op", "prefixes"),
    [
        ({"op": "replace", "path": "/a/b", "value": 1}, ("/a/b",)),
        ({"op": "splice", "path": "/a/b", "index": 0, "remove": 0, "insert": "x"}, ("/a/b",)),
        ({"op": "add", "path": "/a/0", "value": 1}, ("/a/",)),
        ({"op": "remove", "path": "/a/0"}, ("/a/",)),
        ({"op": "move", "from": "/a/0", "path": "/b"}, ("/", "/a/")),
        ({"op": "test", "path": "/a", "value": 1}, ()),
    ],
)
def test_the_prefixes_of_what_an_op_may_move(op: Op, prefixes: tuple[str, ...]) -> None:
    assert moved_prefixes([op]) == prefixes


def test_the_pointers_of_a_patch_that_only_replaces_values() -> None:
    replace = {"op": "replace", "path": "/a/b", "value": 1}
    assert replaced_pointers([replace, {**replace, "path": ""}]) == ("/a/b", "")
    assert replaced_pointers([replace, {"op": "remove", "path": "/c"}]) is None
    assert replaced_pointers([{**replace, "path": 1}]) is None
