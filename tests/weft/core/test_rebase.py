"""When a pending patch is certainly the same on the newest value, and when it is not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from weft.core.patch import apply
from weft.core.rebase import rebase

A, B, C = ({"id": name, "text": name * 3} for name in "abc")


def put(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def splice(offset: int, delete: int, insert: str) -> dict[str, Any]:
    return {"op": "splice", "path": "/t", "offset": offset, "delete": delete, "insert": insert}


@pytest.mark.parametrize(
    ("ops", "start", "end", "expected"),
    [
        ([put("/l/1/text", "x")], {"l": [A, B]}, {"l": [C, A, B]}, [put("/l/2/text", "x")]),
        ([put("/l/0", 9)], {"l": [1, 2]}, {"l": [1, 2, 3]}, [put("/l/0", 9)]),
        ([put("/l/1", 9)], {"l": [1, 2]}, {"l": [0, 1, 2]}, [put("/l/2", 9)]),
        ([put("/l/1", 9, "add")], {"l": [A, B]}, {"l": [C, A, B]}, [put("/l/2", 9, "add")]),
        ([put("/l/-", 9, "add")], {"l": [A]}, {"l": [A, B]}, [put("/l/1", 9, "add")]),
        ([put("/t", "x")], {"t": "a", "u": 1}, {"t": "a", "u": 2}, [put("/t", "x")]),
        ([splice(5, 0, "!")], {"t": "Hello"}, {"t": "Oh, Hello"}, [splice(9, 0, "!")]),
        ([splice(0, 1, "h")], {"t": "Hello"}, {"t": "Hello!"}, [splice(0, 1, "h")]),
        ([splice(3, 0, "!")], {"t": "a😀b"}, {"t": "😀a😀b"}, [splice(5, 0, "!")]),
    ],
)
def test_a_certain_patch_is_rebased(ops: Any, start: Any, end: Any, expected: Any) -> None:
    found = rebase(ops, start, end)
    assert found is not None
    assert found.ops == expected
    assert found.end == apply(end, expected)


@pytest.mark.parametrize(
    ("ops", "start", "end"),
    [
        ([put("/t", "x")], {"t": "a"}, {"t": "b"}),
        ([put("/t", "x")], {"t": "a"}, {}),
        ([put("/l/0/text", "x")], {"l": [A]}, {"l": [A, A]}),
        ([put("/l/0", 9)], {"l": [1, 2]}, {"l": [3, 2, 1]}),
        ([put("/n", 1, "add")], {}, {"n": 2}),
        ([{"op": "remove", "path": "/l/0"}], {"l": [A]}, {"l": [{**A, "text": "new"}]}),
        ([splice(0, 5, "x")], {"t": "Hello"}, {"t": "Hallo"}),
    ],
)
def test_an_uncertain_patch_is_left_to_the_server(ops: Any, start: Any, end: Any) -> None:
    assert rebase(ops, start, end) is None


def test_a_splice_is_rebased_only_when_equal_letters_leave_no_doubt() -> None:
    old, new = {"t": "baaac"}, {"t": "baaaac"}

    def moved(op: Any, start: Any, end: Any) -> Any:
        found = rebase([op], start, end, is_sure=True)
        return None if found is None else found.ops[0]["offset"]

    assert [moved(splice(at, 0, "!"), old, new) for at in range(6)] == [0, 1, None, None, 5, 6]
    assert [moved(splice(at, 0, "!"), new, old) for at in range(7)] == [
        0,
        1,
        None,
        None,
        None,
        4,
        5,
    ]
    assert moved(splice(1, 1, ""), old, new) is None
    assert moved(splice(1, 0, "!"), {"t": "Hallo"}, {"t": "Hello"}) == 1


def test_a_write_may_overwrite_when_it_is_asked_to() -> None:
    found = rebase([put("/t", "x")], {"t": "a"}, {"t": "b"}, overwrite=True)
    assert found is not None
    assert found.end == {"t": "x"}


def test_a_rebased_patch_always_fits() -> None:
    dice = random.Random(3)

    def some() -> dict[str, Any]:
        return {"l": [{"id": str(n), "t": "x" * n} for n in dice.sample(range(6), 3)], "t": "abc"}

    certain = 0
    for _ in range(2000):
        start, end = some(), some()
        at = dice.randrange(3)
        kinds = [
            put(f"/l/{at}/t", "new"),
            put(f"/l/{at}", 1, "add"),
            {"op": "remove", "path": f"/l/{at}"},
            {"op": "move", "from": f"/l/{at}", "path": "/l/0"},
        ]
        found = rebase([dice.choice(kinds)], start, end)
        certain += found is not None
        assert found is None or found.end == apply(end, found.ops)
    assert certain > 200
