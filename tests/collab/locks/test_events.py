"""The lock events that a slow reader gets with its catch-up."""

from __future__ import annotations

from collab.locks.events import MissedLocks
from collab.messages import Holder, LockChange


def stands(fence: int, scope: str = "/a") -> LockChange:
    return LockChange(f"l-{fence}", scope, Holder("ada"), fence)


def ended(fence: int) -> LockChange:
    return LockChange(f"l-{fence}", "/a", None, fence, reason="released")


def test_only_the_last_change_of_a_lock_is_sent() -> None:
    missed = MissedLocks(5)
    assert not missed
    missed.add([stands(3, "/a")])
    missed.add([stands(3, "/b")])
    assert missed
    assert missed.flush() == [stands(3, "/b")]
    assert not missed


def test_a_lock_that_began_and_ended_meanwhile_is_not_sent() -> None:
    missed = MissedLocks(5)
    missed.add([stands(6)])
    missed.add([ended(6), stands(7)])
    assert missed.flush() == [stands(7)]


def test_the_end_of_a_known_lock_is_sent_before_the_next_lock() -> None:
    missed = MissedLocks(5)
    missed.mark_sent([stands(6)])
    missed.add([stands(6, "/b")])
    missed.add([ended(6), stands(7)])
    assert missed.flush() == [ended(6), stands(7)]
    missed.add([ended(7)])
    assert missed.flush() == [ended(7)]


def test_many_short_locks_leave_no_missed_events() -> None:
    missed = MissedLocks(0)
    for fence in range(1, 2000):
        missed.add([stands(fence)])
        missed.add([ended(fence)])
    assert missed.flush() == []
