"""Numbers as Yjs stores them."""

from __future__ import annotations

from typing import Any

from collab.document.numbers import canonical, canonical_ops


def test_an_integral_float_becomes_an_integer_wherever_it_is() -> None:
    value: Any = canonical({"a": [1.0, -0.0, 1.5], "b": {"c": 2.0, "d": "3.0"}, "e": 1e300})
    assert value == {"a": [1, 0, 1.5], "b": {"c": 2, "d": "3.0"}, "e": 1e300}
    kinds = [type(one) for one in (*value["a"], value["b"]["c"], value["e"])]
    assert kinds == [int, int, float, int, float]


def test_a_value_without_such_a_float_stays_the_same_object() -> None:
    values: list[Any] = ["1.0", 1, 1.5, None, [1, {"a": 1.5}], {}]
    for value in values:
        assert canonical(value) is value
    ops = [{"op": "add", "path": "/a", "value": [1, "2.0"]}, {"op": "remove", "path": "/b"}]
    assert canonical_ops(ops) is ops


def test_only_the_ops_with_such_a_float_are_made_again() -> None:
    test = {"op": "test", "path": "/a", "value": 1.0}
    ops = [test, {"op": "add", "path": "/a", "value": 1.0}, {"op": "remove", "path": "/b"}]
    made = canonical_ops(ops)
    assert made == [test, {"op": "add", "path": "/a", "value": 1}, ops[2]]
    assert (type(made[0]["value"]), type(made[1]["value"])) == (float, int)


def test_a_value_that_nests_too_deep_is_left_for_a_later_check() -> None:
    deep: Any = 1.0
    for number in range(100_000):
        deep = [deep] if number % 2 else {"a": deep}
    assert canonical(deep) is deep
    first, rest = canonical([1.0, deep])
    assert (type(first), type(rest)) == (int, list)
