"""Lock requests in a room: rights, ids that never were, and scopes of older versions."""

from __future__ import annotations

from typing import Any

import pytest

from collab.errors import Refusal
from collab.locks.state import LockStep
from collab.messages import LockAction
from collab.rights.user_rights import Role
from collab.room import lock_rules
from collab.room.member import Member
from collab.room.requests import LockRequest
from collab.room.room import Room
from collab.room.working import RoomBounds
from tests.collab.room.rooms import commit, done, lock, member, opened, put


def decide(
    room: Room, by: Member, action: LockAction = "acquire", *, wall: int = 0, **fields: Any
) -> str:
    """Return the scope of the lock after the request, or the code of the refusal."""
    asked = LockRequest("l", action, **fields)
    step = lock_rules.decide(room, room.locks(), by, asked, now=0, wall=wall, secret="s")
    if isinstance(step, Refusal):
        return step.code.value
    assert isinstance(step, LockStep)
    return "" if step.lock is None else step.lock.scope


def test_only_a_writer_locks_and_only_until_the_token_expires() -> None:
    room = opened({"a": {"x": 1}})
    assert decide(room, member(role=Role.VIEWER), scope="/a") == "forbidden"
    assert decide(room, member(expires_at=5), wall=5, scope="/a") == "unauthenticated"
    assert decide(room, member(expires_at=5), wall=4, scope="/a") == "/a"
    assert decide(opened(), member(), scope="/a") == "not_found"


@pytest.mark.parametrize(
    "lock_id", ["l-2", "l-x", "x-1", "l-01", "l-0", "1", "l-\u0661", "l-" + "9" * 20]
)
def test_a_lock_that_never_was_is_not_found(lock_id: str) -> None:
    room = opened({"a": {"x": 1}})
    lock(room, "/a", "ada")
    assert decide(room, member(), "renew", lock_id=lock_id) == "not_found"
    assert decide(room, member(), "renew", lock_id="l-1") == "/a"


def test_a_lock_that_has_ended_is_stale() -> None:
    room = opened({"a": {"x": 1}})
    lock(room, "/a", "ada")
    released = room.locks().release("l-1", member().author, now=0)
    assert isinstance(released, LockStep)
    room.set_locks(released.locks)
    assert decide(room, member(), "renew", lock_id="l-1") == "stale_lock"


def test_a_scope_of_an_older_version_is_relocated_to_the_head() -> None:
    room = opened({"list": [{"id": "a"}, {"id": "b"}], "n": 0}, bounds=RoomBounds(tail_entries=2))
    done(room, put("/list/0", {"id": "new"}))
    commit(room)
    assert decide(room, member(), scope="/list/1", base=1) == "/list/2"
    assert decide(room, member(), scope="/list/1", base=2) == "/list/1"
    assert decide(room, member(), scope="/list/1") == "/list/1"
    assert decide(room, member(), scope="/list/2", base=1) == "path_not_found"
    assert decide(room, member(), scope="/list/0", base=3) == "unknown_version"
    for number in range(2):
        done(room, put("/n", number + 1))
        commit(room)
    assert decide(room, member(), scope="/list/0", base=1) == "unknown_version"


def test_a_scope_that_a_later_version_removed_is_not_found() -> None:
    room = opened({"a": {"x": 1}, "n": 0})
    done(room, put("/a", 5))
    commit(room)
    assert decide(room, member(), scope="/a/x", base=1) == "path_not_found"


def test_a_lock_outside_the_sections_is_forbidden_and_may_be_released() -> None:
    room = opened({"a": {"x": 1}, "b": {"x": 1}})
    writer = member(sections=("/a",))
    assert decide(room, writer, scope="/b") == "forbidden"
    assert decide(room, writer, scope="/a") == "/a"
    lock(room, "/b", "ada")
    assert decide(room, writer, "renew", lock_id="l-1") == "forbidden"
    assert decide(room, writer, "renew", scope="/b") == "forbidden"
    assert decide(room, writer, "release", lock_id="l-1") == ""
