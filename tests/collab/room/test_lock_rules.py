"""The lock actions of the wire contract, by scope or by lock id."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author
from collab.errors import Code, Refusal
from collab.locks.state import Locks, LockStep
from collab.locks.terms import LockTerms
from collab.messages import LockAction
from collab.rights.user_rights import Rights, Role
from collab.room.lock_rules import apply, check_shape
from collab.room.member import Member
from collab.room.requests import LockRequest

ADA, BO = Author("ada", "Ada", "tab-1"), Author("bo", "Bo", "tab-1")
PAGE: dict[str, Any] = {"sections": [{"id": "a", "t": "x"}], "title": "Home"}
S0 = "/sections/0"


def ask(
    action: LockAction, by: Author = ADA, *, admin: bool = False, **named: Any
) -> tuple[Member, LockRequest]:
    member = Member(by, Rights(Role.ADMIN if admin else Role.EDITOR, 2**53), "patch")
    return member, LockRequest("l", action, **named)


def done(locks: Locks, what: tuple[Member, LockRequest], now: int = 0) -> Locks:
    step = apply(locks, *what, PAGE, now=now, secret=b"secret")
    assert isinstance(step, LockStep), step
    return step.locks


def refused(locks: Locks, what: tuple[Member, LockRequest], now: int = 0) -> Code:
    refusal = apply(locks, *what, PAGE, now=now, secret=b"secret")
    assert isinstance(refusal, Refusal), refusal
    return refusal.code


@pytest.mark.parametrize("named", [{"scope": S0}, {"lock_id": "l-1"}, {"scope": f"{S0}/t"}])
def test_a_lock_is_named_by_its_id_its_scope_or_a_location_in_it(named: Any) -> None:
    locks = done(Locks(), ask("acquire", scope=S0))
    assert done(locks, ask("renew", **named), now=5).held[0].expires_at == 300_005
    claimed = done(locks, ask("take_over", BO, **named))
    assert claimed.held[0].claimed_by == BO
    assert done(claimed, ask("keep", **named)).held[0].claimed_by is None
    assert done(locks, ask("release", **named)).held == ()
    assert done(locks, ask("take_over", BO, admin=True, **named)).held[0].holder == BO


@pytest.mark.parametrize("action", ["acquire", "renew", "release", "take_over", "keep"])
def test_a_lock_request_without_a_valid_place_is_malformed(action: LockAction) -> None:
    for scope, lock_id in (
        (None, None),
        ("sections", None),
        ("/a~2", "l-1"),
        (f"/{'a' * 4096}", None),
    ):
        refusal = check_shape(action, scope, lock_id)
        assert refusal is not None
        assert refusal.code is Code.MALFORMED
    assert check_shape(action, "/a~1b/-/00", None) is None
    assert (check_shape(action, None, "l-1") is not None) is (action == "acquire")


def test_without_a_lock_renew_is_stale_and_other_actions_not_found() -> None:
    assert refused(Locks(), ask("renew", scope=S0)) is Code.STALE_LOCK
    for action in ("release", "take_over", "keep"):
        assert refused(Locks(), ask(action, scope=S0)) is Code.NOT_FOUND


def test_settings_decide_how_long_a_lock_and_its_grace_last() -> None:
    locks = done(Locks(terms=LockTerms(ttl=60, grace=5)), ask("acquire", scope=S0))
    assert locks.held[0].expires_at == 60_000
    assert done(locks, ask("take_over", BO, scope=S0)).held[0].yields_at == 5_000
    at_once = done(Locks(terms=LockTerms(grace=0)), ask("acquire", scope=S0))
    assert done(at_once, ask("take_over", BO, scope=S0)).held[0].holder == BO
