"""What a reader who was behind is told of locks when they catch up."""

from __future__ import annotations

from collab.locks.events import LockDebt
from collab.messages import Holder, LockChange


def stands(fence: int, scope: str = "/a") -> LockChange:
    return LockChange(f"l-{fence}", scope, Holder("ada"), fence)


def ended(fence: int) -> LockChange:
    return LockChange(f"l-{fence}", "/a", None, fence, reason="released")


def test_of_several_changes_of_one_lock_the_last_is_owed() -> None:
    debt = LockDebt(5)
    assert not debt
    debt.miss([stands(3, "/a")])
    debt.miss([stands(3, "/b")])
    assert debt
    assert debt.pay() == [stands(3, "/b")]
    assert not debt


def test_a_lock_that_came_and_went_is_not_mentioned() -> None:
    debt = LockDebt(5)
    debt.miss([stands(6)])
    debt.miss([ended(6), stands(7)])
    assert debt.pay() == [stands(7)]


def test_the_end_of_a_lock_that_was_told_of_is_owed_before_what_follows_it() -> None:
    debt = LockDebt(5)
    debt.tell([stands(6)])
    debt.miss([stands(6, "/b")])
    debt.miss([ended(6), stands(7)])
    assert debt.pay() == [ended(6), stands(7)]
    debt.miss([ended(7)])
    assert debt.pay() == [ended(7)]


def test_however_often_locks_come_and_go_the_debt_stays_small() -> None:
    debt = LockDebt(0)
    for fence in range(1, 2000):
        debt.miss([stands(fence)])
        debt.miss([ended(fence)])
    assert debt.pay() == []
