"""Bounds: a patch that is too large is refused before it takes memory or time."""

from __future__ import annotations

from typing import Any

import pytest

from collab.errors import Code, Rejected
from collab.patch.apply import apply
from collab.patch.bounds import Bounds, json_size, nesting


def code(value: Any, patch: list[Any], **limits: int) -> Code:
    with pytest.raises(Rejected) as caught:
        apply(value, patch, size=json_size(value), bounds=Bounds(**limits))
    return caught.value.refusal.code


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def test_p7_twenty_copies_that_double_the_document_are_refused() -> None:
    value = {"a": "x" * 700}
    bomb = [{"op": "copy", "from": "", "path": f"/k{number}"} for number in range(20)]
    assert code(value, bomb) == Code.TOO_LARGE
    deeper = [{"op": "copy", "from": "/a", "path": f"/a/k{number}"} for number in range(20)]
    assert code({"a": {"x": "y" * 700}}, deeper) == Code.TOO_LARGE


def test_p7_the_limit_of_the_size_is_exact_to_the_byte() -> None:
    patch = [{"op": "add", "path": "/bb", "value": "é\n"}]
    after = len('{"a":1,"bb":"é\\n"}'.encode())
    assert apply({"a": 1}, patch, size=7, bounds=Bounds(max_bytes=after)).size == after
    assert code({"a": 1}, patch, max_bytes=after - 1) == Code.TOO_LARGE


def test_p7_a_document_above_its_bound_may_still_shrink() -> None:
    value = {"a": "x" * 100}
    patch = [{"op": "replace", "path": "/a", "value": "x" * 50}]
    assert apply(value, patch, size=json_size(value), bounds=Bounds(max_bytes=20)).size == 58


def test_p7_repeated_copying_and_removing_is_bounded_by_work() -> None:
    patch: list[Any] = []
    for _ in range(300):
        patch += [{"op": "copy", "from": "/big", "path": "/x"}, {"op": "remove", "path": "/x"}]
    assert code({"big": "x" * 500_000}, patch) == Code.TOO_LARGE


def test_p7_the_number_of_ops_is_bounded() -> None:
    op = {"op": "test", "path": "", "value": {}}
    apply({}, [op] * 3, bounds=Bounds(max_ops=3))
    assert code({}, [op] * 4, max_ops=3) == Code.TOO_LARGE


def test_p7_the_values_of_a_patch_are_counted() -> None:
    apply({}, [{"op": "add", "path": "/a", "value": [1, 2]}], bounds=Bounds(max_nodes=3))
    assert (
        code({}, [{"op": "add", "path": "/a", "value": [1, 2, 3]}], max_nodes=3) == Code.TOO_LARGE
    )
    two = [{"op": "add", "path": f"/{key}", "value": 1} for key in "ab"]
    assert code({}, two, max_nodes=1) == Code.TOO_LARGE


@pytest.mark.parametrize(
    ("kind", "source", "path", "made"),
    [
        ("copy", "/list", "/b", 4),
        ("copy", "/list/0", "/list/-", 1),
        ("copy", "/a/x", "/a/y", 3),
        ("copy", "", "/b", 10),
        ("copy", "/a/x", "/a", 3),
        ("move", "/list", "/b", 4),
        ("move", "/a/x", "/a/y", 3),
        ("move", "/list/0", "/a/y", 1),
        ("move", "/a/x", "/a", 3),
        ("move", "/list/2", "/list/0", 0),
    ],
)
def test_p7_the_values_that_a_copy_or_move_writes_are_counted(
    kind: str, source: str, path: str, made: int
) -> None:
    value = {"list": [1, 2, 3], "a": {"x": [1, 2]}}
    ops = [{"op": "add", "path": "/n", "value": 0}, {"op": kind, "from": source, "path": path}]
    apply(value, ops, bounds=Bounds(max_nodes=made + 1))
    if made:
        assert code(value, ops, max_nodes=made) == Code.TOO_LARGE


def test_p7_copying_many_small_values_is_bounded_by_their_number() -> None:
    value = {"held": [[0] * 1000] * 50}
    copied = [{"op": "copy", "from": "/held/7", "path": f"/n{n}"} for n in range(10)]
    apply(value, copied[:9], bounds=Bounds())
    assert code(value, copied) == Code.TOO_LARGE


def test_p7_values_pointers_moves_and_copies_have_bounded_depth() -> None:
    add = [{"op": "add", "path": "/a", "value": nested(63)}]
    value = apply({}, add, bounds=Bounds()).value
    assert nesting(value)[0] == 64
    assert code({}, [{"op": "add", "path": "/a", "value": nested(64)}]) == Code.INVALID_PATCH
    assert code({}, [{"op": "test", "path": "/a" * 65, "value": 1}]) == Code.INVALID_PATCH
    for kind in ("move", "copy"):
        op = {"op": kind, "from": "/a", "path": "/b/c"}
        assert code({**value, "b": {}}, [op]) == Code.INVALID_PATCH


def test_p7_a_very_deep_value_does_not_overflow_the_stack() -> None:
    for kind in ("add", "test", "replace"):
        op = {"op": kind, "path": "/a", "value": nested(100_000)}
        assert code({"a": 1}, [op]) == Code.INVALID_PATCH


@pytest.mark.parametrize("key", ["__proto__", "constructor", "prototype"])
def test_p8_keys_that_reach_a_prototype_are_refused(key: str) -> None:
    for op in (
        {"op": "add", "path": f"/{key}", "value": 1},
        {"op": "add", "path": "/a", "value": [{"b": {key: 1}}]},
        {"op": "move", "from": "/b", "path": f"/{key}"},
        {"op": "copy", "from": "/b", "path": f"/{key}"},
    ):
        assert code({"b": 1}, [op]) == Code.INVALID_PATCH


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\udfff": 1}, {1: 1}, b"", {1}, (1,)],
)
def test_p8_a_value_that_is_not_allowed_is_refused(value: Any) -> None:
    for wrapped in (value, [value], {"a": value}):
        patch = [{"op": "add", "path": "/x", "value": wrapped}]
        assert code({}, patch) == Code.INVALID_PATCH
    apply({}, [{"op": "add", "path": "/x", "value": 2**53 - 1}])
