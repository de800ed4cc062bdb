"""Changes of locked elements are undone, and the guard relocates locks with a batch."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.locks.enforcement import LockGuard, check_locks
from collab.locks.state import Locks, LockStep
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.diff import diff
from collab.patch.relocate import AppliedChange
from tests.collab.locks.test_at_random import AUTHORS, Run

pytestmark = pytest.mark.thorough

ADA = Author("ada", "Ada", "tab-1")
BO = Author("bo", "Bo", "tab-1")
PAGE: dict[str, Any] = {
    "title": "Home",
    "sections": [{"id": "a", "t": "one"}, {"id": "b", "t": "two"}, {"id": "c", "t": "three"}],
    "tags": ["x", "y", "y"],
    "meta": {"k": {"n": 1}, "z": 0},
}


NOW = 1


def guard(*scopes: str, value: Any = PAGE, by: Author = ADA) -> LockGuard:
    locks = Locks(revision=3, version=1)
    for scope in scopes:
        step = locks.acquire(by, scope, value, now=0, secret=b"s")
        assert isinstance(step, LockStep)
        locks = step.locks
    return LockGuard(locks)


def restored(scope: str, *ops: Op, by: Author = BO) -> Any:
    exact = apply(PAGE, ops).ops
    value = guard(scope).put_back_locked(exact, PAGE, by, NOW)
    return apply(PAGE, exact).value if value is None else value


def with_title(value: Any = PAGE) -> Any:
    return {**value, "title": "New"}


TITLE = {"op": "replace", "path": "/title", "value": "New"}


@pytest.mark.parametrize(
    ("scope", "op"),
    [
        ("/sections/1", {"op": "replace", "path": "/sections/1/t", "value": "X"}),
        ("/sections/1", {"op": "replace", "path": "/sections/1", "value": {"id": "b", "t": "X"}}),
        ("/sections/1", {"op": "add", "path": "/sections/1/new", "value": 1}),
        ("/sections/1", {"op": "remove", "path": "/sections/1"}),
        ("/sections/1", {"op": "move", "from": "/sections/1", "path": "/sections/0"}),
        ("/sections/0", {"op": "move", "from": "/sections/0", "path": "/sections/2"}),
        ("/sections/2", {"op": "move", "from": "/sections/2", "path": "/tags/0"}),
        ("/meta/k", {"op": "remove", "path": "/meta/k"}),
        ("/meta/k", {"op": "move", "from": "/meta/k", "path": "/k"}),
        ("/meta/k", {"op": "replace", "path": "/meta/k/n", "value": 2}),
        ("/tags/1", {"op": "replace", "path": "/tags/1", "value": "X"}),
        ("/tags/0", {"op": "remove", "path": "/tags/0"}),
    ],
)
def test_a_change_of_a_locked_element_is_undone_the_rest_stays(scope: str, op: Op) -> None:
    assert restored(scope, op, TITLE) == with_title()
    assert restored(scope, op, TITLE, by=ADA) != with_title()


def test_a_restored_element_follows_its_earlier_neighbour() -> None:
    value = restored(
        "/sections/1",
        {"op": "remove", "path": "/sections/1"},
        {"op": "add", "path": "/sections/0", "value": {"id": "new"}},
    )
    assert [section["id"] for section in value["sections"]] == ["new", "a", "b", "c"]
    value = restored(
        "/sections/1",
        {"op": "remove", "path": "/sections/1"},
        {"op": "remove", "path": "/sections/0"},
    )
    assert [section["id"] for section in value["sections"]] == ["b", "c"]


def test_when_the_parent_is_gone_the_whole_update_is_undone() -> None:
    assert restored("/sections/1", TITLE, {"op": "remove", "path": "/sections"}) is PAGE
    emptied = {"op": "replace", "path": "/sections", "value": "text"}
    assert restored("/sections/1", TITLE, emptied) is PAGE


def test_a_replaced_list_keeps_its_other_elements() -> None:
    other: list[Any] = [{"id": "new"}, {"id": "b", "t": "X"}]
    value = restored("/sections/1", {"op": "replace", "path": "/sections", "value": other})
    assert value["sections"] == [PAGE["sections"][1], {"id": "new"}]


@pytest.mark.parametrize("op", ["move", "remove"])
def test_an_update_that_takes_too_long_to_restore_is_undone(op: str) -> None:
    page: dict[str, Any] = {"title": "Home", "l": [{"id": f"i{n}"} for n in range(400)]}
    made = guard(*(f"/l/{n}" for n in range(200)), value=page)
    one = {"op": "remove", "path": "/l/0"}
    if op == "move":
        one = {"op": "move", "from": "/l/0", "path": "/l/399"}
    ops = apply(page, [TITLE, *[one] * 300]).ops
    assert made.put_back_locked(ops, page, BO, NOW) is page


def test_only_the_touched_lock_of_many_is_restored() -> None:
    page: dict[str, Any] = {"title": "Home", "l": [{"id": f"i{n}", "t": 1} for n in range(400)]}
    made = guard(*(f"/l/{n}" for n in range(200)), value=page)
    beside: list[Op] = [{"op": "add", "path": "/l/0", "value": {"id": f"n{n}"}} for n in range(200)]
    attack: Op = {"op": "replace", "path": "/l/205/t", "value": 2}
    ops = apply(page, [TITLE, *beside, attack]).ops
    value = made.put_back_locked(ops, page, BO, NOW)
    assert value == apply(page, [TITLE, *beside]).value


def test_under_a_lock_on_the_document_the_whole_update_is_undone() -> None:
    assert restored("", TITLE) is PAGE


@pytest.mark.parametrize("seed", range(60))
def test_a_restored_value_never_touches_a_lock(seed: int) -> None:
    run = Run(seed)
    for _ in range(40):
        run.now += 50
        run.edit()
        run.ask()
        made, author = LockGuard(run.locks), run.choose.choice(AUTHORS)
        try:
            ops = apply(run.value, [run.op() for _ in range(3)]).ops
        except Rejected:
            continue
        value = made.put_back_locked(ops, run.value, author, run.now)
        touches = check_locks(run.locks, ops, run.value, by=author, now=run.now) is not None
        assert (value is not None) is touches
        if value is not None:
            left = diff(run.value, value)
            assert check_locks(run.locks, left, run.value, by=author, now=run.now) is None


def test_a_batch_is_checked_by_locks_after_its_own_entries() -> None:
    made = guard("/sections/1")
    add: list[Op] = [{"op": "add", "path": "/sections/0", "value": {"id": "new"}}]
    made.check(add, PAGE, BO, None, Bounds(), NOW)
    made.add_change(AppliedChange(2, BO, add, PAGE))
    after = apply(PAGE, add).value
    mine: list[Op] = [{"op": "replace", "path": "/sections/1/t", "value": "x"}]
    made.check(mine, after, BO, None, Bounds(), NOW)
    theirs: list[Op] = [{"op": "replace", "path": "/sections/2/t", "value": "x"}]
    with pytest.raises(Rejected) as caught:
        made.check(theirs, after, BO, None, Bounds(), NOW)
    assert caught.value.refusal.code is Code.LOCKED


def test_a_batch_moves_the_rows_of_its_locks_by_one_revision() -> None:
    made = guard("/sections/1", "/meta")
    add: list[Op] = [{"op": "add", "path": "/sections/0", "value": {"id": "new"}}]
    gone: list[Op] = [{"op": "remove", "path": "/meta"}]
    between = apply(PAGE, add).value
    history = [AppliedChange(2, BO, add, PAGE), AppliedChange(3, ADA, gone, between)]
    step = made.batch_step(history, made.committed.revision)
    assert step is not None
    assert [lock.scope for lock in step.put] == ["/sections/2"]
    assert len(step.drop) == 1
    assert step.locks.revision == made.committed.revision + 1
    assert made.batch_step(history, 90).locks.revision == 91  # type: ignore[union-attr]  # there is one


def test_a_batch_that_moves_nothing_writes_no_row() -> None:
    made = guard("/sections/1")
    step = made.batch_step([AppliedChange(2, BO, [TITLE], PAGE)], made.committed.revision)
    assert step is not None
    assert (step.put, step.drop, step.events) == ((), (), ())
    assert step.locks.revision == made.committed.revision
    assert guard().batch_step([AppliedChange(2, BO, [TITLE], PAGE)], 3) is None


def test_no_check_is_needed_when_no_other_client_holds_a_lock() -> None:
    made = guard("/sections/1")
    assert made.check_for(ADA, NOW) is None
    assert made.check_for(BO, NOW) is not None
    assert made.check_for(BO, 10**12) is None
