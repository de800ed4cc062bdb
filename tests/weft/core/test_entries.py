"""How unsent edits are joined into one patch."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.weft.core.test_patch import op, value
from weft.core.entries import MOST_BYTES, MOST_OPS, Entry, Limits, join, joins, squash
from weft.core.patch import apply, same
from weft.errors import PatchError


def put(path: str, content: Any = 1) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": content}


def splice(offset: int, delete: int, insert: str) -> dict[str, Any]:
    return {"op": "splice", "path": "/t", "offset": offset, "delete": delete, "insert": insert}


@pytest.mark.parametrize(
    ("now", "ops", "step", "sent", "is_joined"),
    [
        (10.0, [put("/b")], None, False, True),
        (10.5, [put("/a")], None, False, True),
        (10.5, [put("/b")], None, False, False),
        (11.5, [put("/a")], None, False, False),
        (10.0, [put("/a")], "drag", False, False),
        (10.0, [put("/a")], None, True, False),
    ],
)
def test_an_edit_joins_an_unsent_edit_of_the_same_gesture(
    now: float, ops: list[Any], step: str | None, sent: bool, is_joined: bool
) -> None:
    entry = Entry("e", 1, [put("/a")], 10.0, sent=sent)
    assert joins(entry, ops, now, step, None) is is_joined


def test_edits_of_one_step_are_joined_at_any_time() -> None:
    entry = Entry("e", 1, [put("/a")], 10.0, step="drag")
    assert joins(entry, [put("/b")], 99.0, "drag", None)
    assert not joins(entry, [put("/b")], 10.0, "drag", 7)


@pytest.mark.parametrize(
    ("edits", "limits", "entries"),
    [
        ([put(f"/k{n}") for n in range(MOST_OPS + 1)], {}, 2),
        ([put(f"/k{n}") for n in range(10)], {"max_ops": 5}, 2),
        ([put(f"/k{n}", "y" * 4000) for n in range(100)], {}, 2),
        ([put(f"/k{n}", "y" * 4000) for n in range(10)], {"max_frame": 50_000}, 2),
        ([put(f"/k{n}", list(range(100))) for n in range(60)], {}, 2),
        ([put("/a", "y" * 4000) for _ in range(100)], {}, 1),
        ([put("/a", "y" * MOST_BYTES), put("/b")], {}, 2),
    ],
)
def test_joined_edits_stay_below_the_limits_of_a_patch(
    edits: list[Any], limits: dict[str, int], entries: int
) -> None:
    queue = [Entry("e", 1, [edits[0]], 10.0)]
    for edit in edits[1:]:
        if not join(queue[-1], [edit], Limits.of(limits)):
            queue.append(Entry("e", 1, [edit], 10.0))
    assert len(queue) == entries


def test_writes_of_one_value_become_one_write() -> None:
    assert squash([put("/n", 1)], [put("/n", 2)]) == [put("/n", 2)]
    assert squash([put("/t", "Hi")], [splice(2, 0, "!")]) == [put("/t", "Hi!")]
    assert squash([splice(5, 0, "a")], [splice(6, 0, "b")]) == [splice(5, 0, "ab")]
    assert squash([splice(5, 0, "a")], [splice(4, 2, "")]) == [splice(4, 1, "")]


def test_a_squashed_patch_has_the_effect_of_both() -> None:
    dice = random.Random(11)
    count = 0
    for _ in range(4000):
        old = {"a": value(dice), "b": "Hello"}
        first = [op(dice, old)]
        try:
            between = apply(old, first)
            more = [op(dice, between), op(dice, between)]
            new = apply(between, more)
        except PatchError:
            continue
        count += 1
        assert same(apply(old, squash(first, more)), new), (old, first, more)
    assert count > 200
