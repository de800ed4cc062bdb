"""What a reader who was behind is told of locks when they catch up."""

from __future__ import annotations

from collab.locks.events import MissedLocks
from collab.messages import Holder, LockChange


def stands(fence: int, scope: str = "/a") -> LockChange:
    return LockChange(f"l-{fence}", scope, Holder("ada"), fence)


def ended(fence: int) -> LockChange:
    return LockChange(f"l-{fence}", "/a", None, fence, reason="released")


def test_of_several_changes_of_one_lock_the_last_is_owed() -> None:
    missed = MissedLocks(5)
    assert not missed
    missed.add([stands(3, "/a")])
    missed.add([stands(3, "/b")])
    assert missed
    assert missed.flush() == [stands(3, "/b")]
    assert not missed


def test_a_lock_that_came_and_went_is_not_mentioned() -> None:
    missed = MissedLocks(5)
    missed.add([stands(6)])
    missed.add([ended(6), stands(7)])
    assert missed.flush() == [stands(7)]


def test_the_end_of_a_lock_that_was_told_of_is_owed_before_what_follows_it() -> None:
    missed = MissedLocks(5)
    missed.mark_sent([stands(6)])
    missed.add([stands(6, "/b")])
    missed.add([ended(6), stands(7)])
    assert missed.flush() == [ended(6), stands(7)]
    missed.add([ended(7)])
    assert missed.flush() == [ended(7)]


def test_however_often_locks_come_and_go_the_debt_stays_small() -> None:
    missed = MissedLocks(0)
    for fence in range(1, 2000):
        missed.add([stands(fence)])
        missed.add([ended(fence)])
    assert missed.flush() == []
