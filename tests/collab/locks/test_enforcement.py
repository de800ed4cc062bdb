"""Rules L10 to L12: changes that other clients' locks allow or refuse, and stale fences."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Refusal
from collab.locks.enforcement import check_locks
from collab.locks.state import Locks, LockStep

ADA = Author("ada", "Ada", "tab-1")
ADA_2 = Author("ada", "Ada", "tab-2")
BO = Author("bo", "Bo", "tab-1")
PAGE: dict[str, Any] = {
    "sections": [{"id": "a", "t": "one"}, {"id": "b", "t": "two"}, {"id": "c", "t": "three"}],
    "404": {"t": "lost"},
    "title": "Home",
}
LOCKED = "/sections/1"


def hold(scope: str = LOCKED, by: Author = ADA) -> Locks:
    step = Locks(revision=6).acquire(by, scope, PAGE, now=0, secret=b"s")
    assert isinstance(step, LockStep)
    return step.locks


def check(
    *ops: Op, by: Author = BO, now: int = 1, fence: int | None = None, locks: Locks | None = None
) -> Refusal | None:
    return check_locks(locks or hold(), ops, PAGE, by=by, now=now, fence=fence)


def replaced(path: str) -> Op:
    return {"op": "replace", "path": path, "value": "x"}


TOUCHING: list[list[Op]] = [
    [replaced("/sections/1/t")],
    [replaced("/sections/1")],
    [replaced("/sections")],
    [replaced("")],
    [{"op": "splice", "path": "/sections/1/t", "offset": 0, "delete": 0, "insert": "x"}],
    [{"op": "remove", "path": "/sections/1/t"}],
    [{"op": "remove", "path": "/sections/1"}],
    [{"op": "remove", "path": "/sections"}],
    [{"op": "add", "path": "/sections/1/new", "value": 1}],
    [{"op": "add", "path": "/sections", "value": []}],
    [{"op": "move", "from": "/sections/1", "path": "/sections/0"}],
    [{"op": "move", "from": "/sections/1/t", "path": "/t"}],
    [{"op": "move", "from": "/sections", "path": "/old"}],
    [{"op": "move", "from": "/title", "path": "/sections/1/title"}],
    [{"op": "copy", "from": "/title", "path": "/sections/1/title"}],
    [{"op": "remove", "path": "/sections/0"}, replaced("/sections/0/t")],
    [{"op": "add", "path": "/sections/0", "value": {}}, replaced("/sections/2/t")],
    [{"op": "move", "from": "/sections/0", "path": "/sections/2"}, replaced("/sections/0/t")],
    [{"op": "test", "path": "/title", "value": "Home"}, replaced("/sections/1/t")],
]

PASSING: list[list[Op]] = [
    [replaced("/title")],
    [replaced("/sections/0/t")],
    [{"op": "add", "path": "/sections/0", "value": {}}],
    [{"op": "add", "path": "/sections/1", "value": {}}],
    [{"op": "add", "path": "/sections/-", "value": {}}],
    [{"op": "remove", "path": "/sections/0"}],
    [{"op": "move", "from": "/sections/0", "path": "/sections/2"}],
    [{"op": "move", "from": "/sections/2", "path": "/sections/0"}],
    [{"op": "copy", "from": "/sections/1", "path": "/sections/0"}],
    [{"op": "test", "path": "/sections/1/t", "value": "two"}],
    [{"op": "remove", "path": "/sections/0"}, replaced("/sections/1/t")],
    [{"op": "add", "path": "/sections/0", "value": {}}, replaced("/sections/1/t")],
]


@pytest.mark.parametrize("ops", TOUCHING)
def test_l10_a_change_under_another_clients_lock_is_refused(ops: list[Op]) -> None:
    for by in (BO, ADA_2):
        refusal = check(*ops, by=by)
        assert refusal is not None
        assert refusal.code is Code.LOCKED
        assert refusal.retryable
        assert refusal.extra["lock"].id == "l-7"
    assert check(*ops, by=ADA) is None


@pytest.mark.parametrize("ops", PASSING)
def test_l10_a_change_beside_a_lock_is_allowed(ops: list[Op]) -> None:
    assert check(*ops) is None


def test_l10_a_member_named_like_an_index_is_not_an_element() -> None:
    locks = hold("/404/t")
    assert check({"op": "add", "path": "/403", "value": 1}, locks=locks) is None
    assert check({"op": "add", "path": "/404", "value": 1}, locks=locks) is not None


def test_l10_a_lock_on_the_document_refuses_all_other_clients() -> None:
    for ops in (*TOUCHING, *PASSING):
        touching = any(op["op"] != "test" for op in ops)
        assert (check(*ops, locks=hold("")) is not None) is touching


def test_l10_an_op_with_a_missing_path_is_left_to_apply() -> None:
    assert check({"op": "remove", "path": "/none"}, replaced("/none/x")) is None
    assert check({"op": "move", "from": "/sections/9", "path": "/sections/0"}) is None


@pytest.mark.parametrize(
    "op",
    [
        {},
        {"op": "add"},
        {"op": "remove", "path": 7},
        {"path": LOCKED},
        {"op": [], "path": LOCKED},
        {"op": "add", "path": "/sections/-"},
        {"op": "move", "from": 7, "path": LOCKED},
        {"op": "move", "path": "/sections/0"},
        {"op": "remove", "path": "sections"},
        {"op": "unheard", "path": "/sections/0"},
    ],
)
def test_l10_a_malformed_op_is_left_to_apply(op: Op) -> None:
    assert check(op) is None
    assert check(op, replaced("/sections/1/t"), by=ADA) is None
    assert check(replaced("/sections/1/t"), op) is not None


def test_l10_a_patch_above_its_bounds_is_not_checked_further() -> None:
    ops: list[Op] = [{"op": "copy", "from": "/sections/0", "path": "/sections/0/t"}]
    ops += [{"op": "copy", "from": "/sections/0", "path": "/sections/0/t/t"}] * 900
    assert check(*ops) is None
    assert check(*ops, {"op": "remove", "path": "/sections/1"}) is None
    assert check({"op": "remove", "path": "/sections/1"}, *ops) is not None


def test_l11_an_expired_lock_stops_no_change() -> None:
    assert check(replaced("/sections/1/t"), now=300_000) is None


def test_l12_a_valid_fence_is_allowed_and_an_old_fence_is_stale() -> None:
    assert check(replaced("/title"), by=ADA, fence=7) is None
    for by, now, fence in ((ADA, 1, 6), (ADA, 300_000, 7), (BO, 1, 7), (ADA_2, 1, 7)):
        refusal = check(replaced("/title"), by=by, now=now, fence=fence)
        assert refusal is not None
        assert refusal.code is Code.STALE_LOCK
        assert "lock" not in refusal.extra
    empty = check_locks(Locks(), [replaced("/title")], PAGE, by=ADA, now=1, fence=7)
    assert empty is not None
    assert empty.code is Code.STALE_LOCK


def test_l12_a_late_edit_after_a_take_over_names_the_new_holder() -> None:
    step = hold().take_over("l-7", BO, now=1, admin=True)
    assert isinstance(step, LockStep)
    refusal = check(replaced("/sections/1/t"), by=ADA, fence=7, locks=step.locks)
    assert refusal is not None
    assert refusal.code is Code.STALE_LOCK
    assert refusal.extra["lock"].holder.user == "bo"
