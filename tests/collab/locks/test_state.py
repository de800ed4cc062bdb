"""Rules L1 to L9: which client holds which part of a document, until when, and how it changes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from collab.entry import Author, Op
from collab.errors import Code, Refusal
from collab.locks.state import Locks, LockStep
from collab.locks.terms import MAX_LOCKS
from collab.messages import Holder
from collab.patch.relocate import AppliedChange
from collab.ports.locks import StoredLock

ADA = Author("ada", "Ada", "tab-1", "s-1")
ADA_2 = Author("ada", "Ada", "tab-2", "s-2")
BO = Author("bo", "Bo", "tab-1", "s-3")
CY = Author("cy", "Cy", "tab-1", "s-4")
SECRET = b"s" * 32
S0, S1 = "/sections/0", "/sections/1"
PAGE: dict[str, Any] = {
    "sections": [{"id": "a", "title": "A"}, {"id": "b"}, {"id": "c"}],
    "sections2": [],
    "title": "Home",
}


def done(step: LockStep | Refusal | None) -> LockStep:
    assert isinstance(step, LockStep), step
    return step


def refused(step: LockStep | Refusal) -> Refusal:
    assert isinstance(step, Refusal), step
    return step


def held(scope: str = S0, by: Author = ADA, *, revision: int = 6, ttl: float = 300) -> Locks:
    locks = Locks(revision=revision)
    return done(locks.acquire(by, scope, PAGE, now=0, secret=SECRET, ttl=ttl)).locks


def the(locks: Locks) -> StoredLock:
    (lock,) = locks.held
    return lock


def test_l1_a_client_acquires_a_free_scope_and_it_is_broadcast() -> None:
    step = done(Locks(revision=6).acquire(ADA, S0, PAGE, now=0, secret=SECRET))
    (event,) = step.events
    assert (event.id, event.scope, event.fence) == ("l-7", S0, 7)
    assert event.holder == Holder("ada", "Ada", "tab-1")
    assert event.expires_at == "1970-01-01T00:05:00.000Z"
    assert step.lock == the(step.locks) == step.put[0]
    assert (step.revision, step.locks.revision, step.drop) == (6, 7, ())
    assert SECRET not in step.put[0].secret_hash


@pytest.mark.parametrize(
    ("scope", "code"),
    [("/sections/3", "path_not_found"), ("/sections/-", "path_not_found"), ("x", "invalid_patch")],
)
def test_l1_only_an_existing_element_can_be_locked(scope: str, code: str) -> None:
    assert refused(Locks().acquire(ADA, scope, PAGE, now=0, secret=SECRET)).code == code


@pytest.mark.parametrize("scope", [S0, "", "/sections", f"{S0}/title"])
def test_l2_a_lock_collides_with_locks_above_and_below_it(scope: str) -> None:
    refusal = refused(held().acquire(BO, scope, PAGE, now=1, secret=SECRET))
    assert refusal.code is Code.LOCKED
    assert refusal.extra["lock"].holder == Holder("ada", "Ada", "tab-1")


@pytest.mark.parametrize("scope", [S1, "/title", "/sections2"])
def test_l2_locks_beside_each_other_do_not_collide(scope: str) -> None:
    assert len(done(held().acquire(BO, scope, PAGE, now=1, secret=SECRET)).locks.held) == 2


def test_l2_the_same_users_other_tab_is_another_holder() -> None:
    assert refused(held().acquire(ADA_2, S0, PAGE, now=1, secret=SECRET)).code is Code.LOCKED


def test_l2_acquiring_an_own_lock_again_renews_it() -> None:
    step = done(held().acquire(ADA, S0, PAGE, now=1000, secret=b"new", ttl=10))
    assert (the(step.locks).fence, the(step.locks).expires_at) == (7, 11_000)


@pytest.mark.parametrize(
    ("ttl", "expected"), [(None, 300_000), (0, 1000), (-5, 1000), (1e9, 3_600_000), (1.5, 1500)]
)
def test_l3_a_ttl_is_clamped_to_1_to_3600_seconds(ttl: float | None, expected: int) -> None:
    step = done(Locks().acquire(ADA, S0, PAGE, now=0, secret=SECRET, ttl=ttl))
    assert the(step.locks).expires_at == expected


def test_l3_a_lock_expires_and_its_scope_is_free() -> None:
    locks = held()
    assert locks.due_at() == 300_000
    assert locks.expire(299_999) is None
    step = done(locks.expire(300_000))
    assert [event.reason for event in step.events] == ["expired"]
    assert step.drop == ("l-7",)
    assert step.locks.held == ()
    assert step.locks.due_at() is None


def test_l3_an_expired_lock_yields_before_it_is_removed() -> None:
    step = done(held().acquire(BO, "", PAGE, now=300_000, secret=SECRET))
    assert [event.reason for event in step.events][:1] == ["expired"]
    assert the(step.locks).holder == BO


def test_l3_only_the_holder_renews_a_lock() -> None:
    locks = held()
    assert the(done(locks.renew("l-7", ADA, now=9000, secret=b"new")).locks).expires_at == 309_000
    assert refused(locks.renew("l-7", BO, now=9000, secret=b"new")).code is Code.LOCKED
    for lock_id, now in (("l-7", 300_000), ("l-1", 1)):
        assert refused(locks.renew(lock_id, ADA, now=now, secret=b"n")).code is Code.STALE_LOCK


def test_l4_only_the_holder_releases_a_lock() -> None:
    step = done(held().release("l-7", ADA, now=1))
    assert [event.reason for event in step.events] == ["released"]
    assert step.locks.held == ()
    assert refused(held().release("l-7", BO, now=1)).code is Code.LOCKED
    assert refused(held().release("l-1", ADA, now=1)).code is Code.NOT_FOUND


def test_l4_only_the_right_secret_releases_without_a_token() -> None:
    locks = held()
    assert done(locks.release_by_secret("l-7", SECRET, now=1)).locks.held == ()
    for wrong in (b"", b"other", the(locks).secret_hash):
        assert refused(locks.release_by_secret("l-7", wrong, now=1)).code is Code.NOT_FOUND
    assert refused(locks.release_by_secret("l-1", SECRET, now=1)).code is Code.NOT_FOUND


def test_l4_the_two_newest_secrets_are_valid() -> None:
    locks = done(held().renew("l-7", ADA, now=1, secret=b"second")).locks
    assert done(locks.release_by_secret("l-7", SECRET, now=1))
    locks = done(locks.renew("l-7", ADA, now=2, secret=b"third")).locks
    assert done(locks.release_by_secret("l-7", b"second", now=1))
    assert refused(locks.release_by_secret("l-7", SECRET, now=1))


def test_l4_an_empty_secret_never_releases_a_lock() -> None:
    claimed = done(held().take_over("l-7", BO, now=0)).locks
    locks = done(claimed.expire(20_000)).locks
    lock_id = the(locks).id
    for guess in (b"", b"\0" * 32):
        assert refused(locks.release_by_secret(lock_id, guess, now=1)).code is Code.NOT_FOUND


def test_l5_a_take_over_announces_the_claimant_and_the_time() -> None:
    (event,) = done(held().take_over("l-7", BO, now=1000)).events
    assert event.holder == Holder("ada", "Ada", "tab-1")
    assert event.claimed_by == Holder("bo", "Bo", "tab-1")
    assert event.yields_at == "1970-01-01T00:00:21.000Z"


def test_l5_without_an_answer_the_claimant_gets_a_new_fence() -> None:
    locks = done(held().take_over("l-7", BO, now=0)).locks
    locks = done(locks.renew("l-7", ADA, now=10_000, secret=b"n")).locks
    assert locks.due_at() == 20_000
    step = done(locks.expire(20_000))
    old, new = step.events
    assert (old.id, old.holder, old.reason) == ("l-7", None, "taken_over")
    assert (new.holder, new.fence) == (Holder("bo", "Bo", "tab-1"), 10)
    assert step.drop == ("l-7",)


def test_l5_the_holder_may_keep_the_lock_within_the_grace() -> None:
    locks = done(held().take_over("l-7", BO, now=0)).locks
    assert refused(locks.keep("l-7", BO)).code is Code.LOCKED
    step = done(locks.keep("l-7", ADA))
    assert the(step.locks).claimed_by is None
    assert step.locks.expire(20_000) is None
    assert done(step.locks.keep("l-7", ADA)).events == ()


def test_l5_a_release_gives_the_lock_to_the_claimant() -> None:
    step = done(done(held().take_over("l-7", BO, now=0)).locks.release("l-7", ADA, now=5))
    assert [event.reason for event in step.events][:1] == ["released"]
    assert the(step.locks).holder == BO


def test_l5_an_expired_claimed_lock_goes_to_the_claimant() -> None:
    locks = done(held(ttl=5).take_over("l-7", BO, now=0)).locks
    assert refused(locks.acquire(CY, S0, PAGE, now=5000, secret=SECRET)).code is Code.LOCKED
    assert the(done(locks.expire(5000)).locks).holder == BO


def test_l5_yields_at_is_never_later_than_the_expiry() -> None:
    locks = done(held(ttl=5).take_over("l-7", BO, now=0)).locks
    assert locks.states()[0].yields_at == "1970-01-01T00:00:05.000Z"
    renewed = done(locks.renew("l-7", ADA, now=1, secret=SECRET)).locks
    assert renewed.states()[0].yields_at == "1970-01-01T00:00:20.000Z"


def test_l5_the_claimant_may_withdraw() -> None:
    locks = done(done(held().take_over("l-7", BO, now=0)).locks.release("l-7", BO, now=1)).locks
    assert (the(locks).holder, the(locks).claimed_by) == (ADA, None)


def test_l6_a_second_claimant_is_refused() -> None:
    locks = done(held().take_over("l-7", BO, now=0)).locks
    assert refused(locks.take_over("l-7", CY, now=1)).code is Code.LOCKED
    again = done(locks.take_over("l-7", BO, now=9000))
    assert (again.events, again.locks) == ((), locks)
    assert refused(locks.take_over("l-7", CY, now=300_000)).code is Code.LOCKED


@pytest.mark.parametrize("claimed", [False, True])
def test_l6_an_admin_does_not_wait(claimed: bool) -> None:
    locks = held()
    if claimed:
        locks = done(locks.take_over("l-7", BO, now=0)).locks
    step = done(locks.take_over("l-7", CY, now=1, admin=True))
    assert [event.reason for event in step.events][:1] == ["taken_over"]
    assert the(step.locks).holder == CY
    assert the(step.locks).fence > 7


def test_l6_taking_over_an_own_or_an_ended_lock() -> None:
    assert done(held().take_over("l-7", ADA, now=1)).events == ()
    assert refused(held().take_over("l-1", BO, now=1)).code is Code.NOT_FOUND


def test_l7_each_lock_that_yields_gets_its_own_fence() -> None:
    locks = done(held().acquire(ADA, S1, PAGE, now=0, secret=SECRET)).locks
    for lock in locks.held:
        locks = done(locks.take_over(lock.id, BO, now=0)).locks
    fences = []
    while (step := locks.expire(20_000)) is not None:
        locks = step.locks
        fences.append(locks.revision)
    assert [lock.fence for lock in locks.held] == fences
    assert len(set(fences)) == 2


def change(*ops: Op) -> AppliedChange:
    return AppliedChange(9, BO, list(ops), PAGE)


def test_l8_a_lock_follows_its_element_and_is_announced() -> None:
    step = held(S1).relocate(change({"op": "move", "from": S1, "path": S0}))
    (event,) = step.events
    assert (event.scope, event.fence) == (S0, 7)
    assert (step.put[0].scope, step.put[0].version) == (S0, 9)
    assert step.locks.version == 9


def test_l8_a_lock_ends_with_its_element() -> None:
    step = held(S1).relocate(change({"op": "remove", "path": S1}))
    assert [(event.reason, event.holder) for event in step.events] == [("deleted", None)]
    assert step.drop == ("l-7",)


def test_l8_a_change_elsewhere_writes_nothing() -> None:
    locks = held(S1)
    step = locks.relocate(change({"op": "replace", "path": "/title", "value": "x"}))
    assert (step.events, step.put, step.drop) == ((), (), ())
    assert step.locks.held == locks.held
    assert held("").relocate(change({"op": "remove", "path": S1})).events == ()


def test_l8_when_scopes_come_to_overlap_the_older_lock_stays() -> None:
    locks = done(held("/sections").acquire(ADA, "/title", PAGE, now=0, secret=SECRET)).locks
    step = locks.relocate(change({"op": "move", "from": "/title", "path": "/sections/0"}))
    assert [event.reason for event in step.events] == ["released"]
    assert [lock.scope for lock in step.locks.held] == ["/sections"]


def test_l9_locks_survive_a_restart() -> None:
    locks = done(held().acquire(BO, "/title", PAGE, now=0, secret=SECRET)).locks
    assert Locks.load(locks.revision, reversed(locks.held), 0).locks == locks


def test_l9_a_scope_not_written_before_a_crash_is_relocated() -> None:
    locks = held(S1)
    history = [change({"op": "remove", "path": S0})]
    step = Locks.load(locks.revision, locks.held, 9, history)
    assert [lock.scope for lock in step.locks.held] == [S0]
    assert Locks.load(step.locks.revision, step.locks.held, 9, history).events == ()
    gone = Locks.load(locks.revision, locks.held, 9, [change({"op": "remove", "path": S1})])
    assert (gone.locks.held, gone.drop) == ((), ("l-7",))


def test_a_document_has_a_bounded_number_of_locks() -> None:
    template = the(held())
    locks = Locks(held=tuple(replace(template, scope=f"/{n}") for n in range(MAX_LOCKS)))
    assert (
        refused(locks.acquire(BO, "/title", PAGE, now=0, secret=SECRET)).code is Code.QUOTA_EXCEEDED
    )


def test_a_lock_is_found_by_its_scope_or_a_location_in_it() -> None:
    locks = held()
    assert locks.at(S0) == locks.at(f"{S0}/title") == the(locks)
    assert locks.at("/sections") is None
    assert locks.states()[0].scope == S0


def test_l3_a_client_that_opens_is_not_sent_an_expired_lock() -> None:
    assert len(held().states(299_999)) == 1
    assert held().states(300_000) == []
