"""Patches of the client: the same results as the server's, and values that share their parts."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from collab.errors import Rejected
from collab.patch import apply as server
from collab.patch.bounds import TRUSTED
from tests.sdk.patch_vectors import FILE
from weft.core.patch import ABSENT, apply, as_json, covers, difference, get, parse, render, same
from weft.core.patch import to_set as setting
from weft.errors import NotJsonError, PatchError

KEYS = ("a", "b", "0", "1", "-", "ä/~")
TEXTS = ("", "x", "Buy now", "é😀z")


def value(dice: random.Random, depth: int = 3) -> Any:
    kind = dice.randrange(6) if depth else dice.randrange(4)
    if kind < 2:
        return dice.choice(TEXTS)
    if kind < 4:
        return dice.choice((None, True, False, 0, 1, -2.5))
    if kind == 4:
        return [value(dice, depth - 1) for _ in range(dice.randrange(4))]
    return {key: value(dice, depth - 1) for key in dice.sample(KEYS, dice.randrange(4))}


def pointer(dice: random.Random, at: Any) -> str:
    tokens = []
    while isinstance(at, dict | list) and dice.random() < 0.8:
        known = list(at) if isinstance(at, dict) else [str(n) for n in range(len(at))]
        token = dice.choice(known) if known and dice.random() < 0.8 else dice.choice(KEYS)
        tokens.append(token)
        at = get(at, [token])
    return render(tokens)


def op(dice: random.Random, at: Any) -> dict[str, Any]:
    kind = dice.choice(("add", "remove", "replace", "move", "copy", "test", "splice"))
    one: dict[str, Any] = {"op": kind, "path": pointer(dice, at)}
    if kind in ("add", "replace", "test"):
        one["value"] = value(dice, 1)
    if kind in ("move", "copy"):
        one["from"] = pointer(dice, at)
    if kind == "splice":
        offset, count = dice.randrange(4), dice.randrange(3)
        one |= {"offset": offset, "delete": count, "insert": dice.choice(TEXTS)}
    return one


def by_server(old: Any, ops: list[dict[str, Any]]) -> Any:
    try:
        return server.apply(old, ops, bounds=TRUSTED, splices=True).value
    except Rejected:
        return ABSENT


def by_client(old: Any, ops: list[dict[str, Any]]) -> Any:
    try:
        return apply(old, ops)
    except PatchError:
        return ABSENT


def test_a_patch_has_the_same_result_at_client_and_server() -> None:
    dice = random.Random(17)
    for _ in range(4000):
        old = {"a": value(dice), "b": value(dice)}
        ops = [op(dice, old) for _ in range(dice.randrange(1, 5))]
        before = deepcopy((old, ops))
        expected, found = by_server(old, ops), by_client(old, ops)
        assert (old, ops) == before, "a patch changes no argument"
        assert (found is ABSENT) == (expected is ABSENT), (old, ops, expected, found)
        assert found is ABSENT or same(found, expected), (old, ops)


@pytest.mark.parametrize("case", json.loads(FILE.read_text(encoding="utf-8")))
def test_a_patch_has_the_same_result_as_in_the_browser_sdk(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(PatchError) as caught:
            apply(case["value"], case["ops"])
        assert {"code": caught.value.code, "op": caught.value.op} == case["refused"]
    else:
        assert same(apply(case["value"], case["ops"]), case["expected"])


def test_a_patch_changes_no_argument_and_shares_the_other_parts() -> None:
    old = {"a": {"x": [1]}, "b": {"y": 2}}
    new = apply(old, [{"op": "add", "path": "/a/x/-", "value": 2}])
    assert (old, new) == ({"a": {"x": [1]}, "b": {"y": 2}}, {"a": {"x": [1, 2]}, "b": {"y": 2}})
    assert new["b"] is old["b"]


def test_a_copied_value_stays_when_its_source_changes() -> None:
    copy = {"op": "copy", "from": "/a", "path": "/b"}
    first, later = ({"op": "add", "path": f"/a/{key}", "value": 1} for key in "xy")
    assert apply({"a": {}}, [first, copy, later]) == {"a": {"x": 1, "y": 1}, "b": {"x": 1}}


def test_a_patch_of_many_operations_copies_a_large_object_once() -> None:
    copies = 0

    class Counted(dict[str, Any]):
        def copy(self) -> Counted:
            nonlocal copies
            copies += 1
            return Counted(self)

    ops = [{"op": "add", "path": f"/k{n}", "value": n} for n in range(100)]
    assert apply(Counted(), ops) == {f"k{n}": n for n in range(100)}
    assert copies == 1


def test_a_write_without_effect_keeps_the_value() -> None:
    old = {"a": [1, 2]}
    assert apply(old, [{"op": "replace", "path": "/a", "value": [1, 2]}]) is old
    assert apply({"a": 1}, [{"op": "replace", "path": "/a", "value": True}]) == {"a": True}


@pytest.mark.parametrize(
    ("ops", "code", "index"),
    [
        ([{"op": "remove", "path": "/x"}], "path_not_found", 0),
        ([{"op": "test", "path": "/t", "value": 1}], "test_failed", 0),
        ([{"op": "add", "path": "/y", "value": 1}, {"op": "add", "path": "y"}], "invalid_patch", 1),
        ([{"op": "jump", "path": "/t"}], "invalid_patch", 0),
        ([{"op": "add", "value": 1}], "invalid_patch", 0),
        ([{"op": "splice", "path": "/t", "offset": 2, "insert": "x"}], "invalid_patch", 0),
        ([{"op": "move", "path": "/t/x", "from": "/t"}], "invalid_patch", 0),
    ],
)
def test_a_patch_that_does_not_fit_names_its_operation(
    ops: list[dict[str, Any]], code: str, index: int
) -> None:
    with pytest.raises(PatchError) as caught:
        apply({"t": "a😀b"}, ops)
    assert (caught.value.code, caught.value.op) == (code, index)


def test_pointers_are_read_and_written() -> None:
    assert parse("/a~1b/~0/0") == ["a/b", "~", "0"]
    assert render(["a/b", "~", "0"]) == "/a~1b/~0/0"
    assert get({"a": [{"b": None}]}, "/a/0/b") is None
    assert get({"a": [1]}, "/a/01") is ABSENT
    assert covers("/a", "/a/b")
    assert not covers("/a", "/ab")


@pytest.mark.parametrize("bad", ["a", "/~", "/~2", "/\ud800"])
def test_a_wrong_pointer_is_refused(bad: str) -> None:
    with pytest.raises((PatchError, NotJsonError)):
        parse(bad)


def test_a_value_is_copied_when_it_is_stored() -> None:
    mine = {"a": [1, (2, 3)]}
    stored = as_json(mine)
    mine["a"].append(4)
    assert stored == {"a": [1, [2, 3]]}


class Size(IntEnum):
    SMALL = 1


class Color(StrEnum):
    RED = "red"


class Text(str):
    __slots__ = ()


class Price(float):
    __slots__ = ()


def test_a_stored_value_has_only_plain_types() -> None:
    stored = as_json([Size.SMALL, Color.RED, Text("x"), Price(1.5), {Color.RED: (True,)}])
    assert stored == [1, "red", "x", 1.5, {"red": [True]}]
    assert [type(each) for each in stored] == [int, str, str, float, dict]
    assert [type(key) for key in stored[4]] == [str]


LOOP: list[Any] = []
LOOP.append(LOOP)
NOT_JSON = [
    *({1: 2}, {1, 2}, b"x", float("nan"), [object()]),
    *("a\ud800b", {"\udc00": 1}, 2**53, -(2**64), LOOP),
]


@pytest.mark.parametrize("bad", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_no_json_is_refused(bad: Any) -> None:
    with pytest.raises(NotJsonError):
        as_json(bad)


def test_a_difference_leads_from_one_value_to_the_other() -> None:
    dice = random.Random(5)
    for _ in range(300):
        old, new = value(dice), value(dice)
        assert same(apply(old, difference(old, new)), new)
    changed = difference({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2, 3]})
    assert changed == [{"op": "add", "path": "/b/2", "value": 3}]
    assert difference({"a": 1}, {"a": True}) == [{"op": "replace", "path": "/a", "value": True}]


def test_a_write_replaces_what_exists_and_adds_the_rest() -> None:
    page = {"title": None, "list": [1]}
    kinds = [setting(page, path, 1)["op"] for path in ("/title", "/new", "/list/0", "/list/1")]
    assert kinds == ["replace", "add", "replace", "add"]
