"""Checks of ops before they are applied: what an undo may bring back."""

from __future__ import annotations

import pytest

from collab.errors import Rejected
from collab.room.permissions import require_allowed, undo_check
from collab.room.requests import Round
from tests.collab.room.rooms import lock, member, opened

NOW = Round(0)
SET_N = [{"op": "replace", "path": "/n", "value": "x"}]
SET_A = [{"op": "replace", "path": "/a/x", "value": 2}]


def test_an_undo_without_locks_sections_and_schema_needs_no_check() -> None:
    assert undo_check(opened({"n": 0}).working, member(), NOW) is None


def test_an_undo_is_checked_against_the_locks_of_other_clients() -> None:
    room = opened({"a": {"x": 1}, "n": 0})
    lock(room, "/a")
    check = undo_check(room.working, member(), NOW)
    assert check is not None
    check(room.value, SET_N)
    with pytest.raises(Rejected) as refused:
        check(room.value, SET_A)
    assert refused.value.refusal.code.value == "locked"
    assert undo_check(room.working, member("bo"), NOW) is None


def test_an_undo_is_checked_against_the_schema_and_the_locks() -> None:
    room = opened({"a": {"x": 1}, "n": 0}, b'{"properties": {"n": {"type": "number"}}}')
    lock(room, "/a")
    check = undo_check(room.working, member(), NOW)
    assert check is not None
    for ops, code in ((SET_N, "invalid_document"), (SET_A, "locked")):
        with pytest.raises(Rejected) as refused:
            check(room.value, ops)
        assert refused.value.refusal.code.value == code


def test_ops_on_a_locked_element_are_refused_but_to_its_holder() -> None:
    room = opened({"a": {"x": 1}, "n": 0})
    fence = lock(room, "/a").locks.held[0].fence
    require_allowed(room.working, member("bo"), SET_A, fence, NOW)
    require_allowed(room.working, member(), SET_N, None, NOW)
    with pytest.raises(Rejected):
        require_allowed(room.working, member(), SET_A, None, NOW)


def test_ops_outside_the_sections_of_a_member_are_refused() -> None:
    room = opened({"a": {"x": 1}, "n": 0})
    require_allowed(room.working, member(), SET_N, None, NOW)
    writer = member(sections=("/a",))
    require_allowed(room.working, writer, SET_A, None, NOW)
    with pytest.raises(Rejected) as refused:
        require_allowed(room.working, writer, SET_N, None, NOW)
    assert refused.value.refusal.code.value == "forbidden"


def test_an_undo_is_checked_against_the_sections_of_its_user() -> None:
    room = opened({"a": {"x": 1}, "n": 0})
    check = undo_check(room.working, member(sections=("/a",)), NOW)
    assert check is not None
    check(room.value, SET_A)
    with pytest.raises(Rejected) as refused:
        check(room.value, SET_N)
    assert refused.value.refusal.code.value == "forbidden"
