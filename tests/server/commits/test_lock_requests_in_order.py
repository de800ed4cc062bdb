"""Lock requests: their order among edits, what each client is sent, and locks that expire."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from collab.ids import DocKey
from collab.locks.terms import DEFAULT_TERMS
from collab.messages import LockAction, LockChange
from collab.room.member import Member
from collab.room.requests import LockRequest
from server.broadcast.close_reasons import DELETED
from server.broadcast.subscriber import Answered
from server.commits import lock_requests, recovery
from server.documents.room_state import LiveState
from tests.held_store import until
from tests.server.listener import Listener
from tests.server.scene import Scene, scene

NAMES = ("ada", "bo", "cy")
BOX = {"a": {"x": 1}, "b": {"x": 1}, "n": 0}


@pytest.fixture(autouse=True)
def _recovery_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)


class Observer:
    """Keeps who caused lock events, and by which action."""

    def __init__(self) -> None:
        self.changed: list[tuple[str, str]] = []

    def on_broadcast(
        self, key: DocKey, answered: Sequence[Answered], durable_at: float
    ) -> None: ...

    def on_locks_changed(
        self, key: DocKey, events: Sequence[LockChange], by: Member | None, asked: str
    ) -> None:
        self.changed.append(("" if by is None else by.author.user, asked))


def ask(
    it: Scene, by: Listener, id: str, action: LockAction = "acquire", scope: str = "/a"
) -> None:
    by.send(it.hub, LockRequest(id, action, scope))


async def expire(it: Scene) -> None:
    """Let the timer of the locks fire."""
    it.live.lock_announcer._due()
    await until(lambda: not it.live.lock_announcer.is_due)
    await it.settled()


async def test_edits_and_lock_requests_are_decided_in_their_order() -> None:
    async with scene(BOX) as it:
        it.ada.set(it.hub, "a-1", "/a/x", 2)
        ask(it, it.bo, "mine")
        it.ada.set(it.hub, "a-2", "/a/x", 3)
        ask(it, it.cy, "again")
        it.bo.set(it.hub, "b-1", "/a/x", 4)
        await it.settled()
        answers = [event for event in it.events() if event[1] not in ("news", "lock")]
        assert answers == [
            ("ada", "a-1", 2),
            ("bo", "mine", 2),
            ("ada", "a-2", "locked"),
            ("cy", "again", "locked"),
            ("bo", "b-1", 3),
        ]


async def test_a_lock_is_announced_to_each_client_after_its_answer_and_reloads_nothing() -> None:
    async with scene(BOX) as it:
        it.live.audience.observer = observer = Observer()
        loads = len(it.calls.of("load"))
        ask(it, it.bo, "lock")
        await it.settled()
        ask(it, it.bo, "free", "release")
        await it.settled()
        assert it.events() == [
            ("bo", "lock", 1),
            *((name, "lock", "/a", "bo") for name in NAMES),
            ("bo", "free", 1),
            *((name, "lock", "/a", None) for name in NAMES),
        ]
        assert observer.changed == [("bo", "acquire"), ("bo", "release")]
        assert len(it.calls.of("load")) == loads


async def test_no_client_is_told_of_a_lock_before_it_is_written() -> None:
    async with scene(BOX) as it:
        it.calls.hold("save_locks")
        ask(it, it.bo, "lock")
        await it.calls.reached("save_locks")
        it.ada.set(it.hub, "a", "/a/x", 2)
        assert it.events() == []
        it.calls.release("save_locks")
        await it.settled()
        assert ("ada", "a", "locked") in it.events()


async def test_a_lock_that_clashes_is_decided_again_on_the_newer_version() -> None:
    async with scene(BOX) as it:
        it.calls.hold("save_locks")
        ask(it, it.bo, "first")
        ask(it, it.cy, "second", scope="/b")
        await it.calls.reached("save_locks")
        await it.elsewhere.set("/n", 1, id="else")
        it.calls.release("save_locks")
        await it.settled()
        events = it.events()
        assert events[:3] == [(name, "news", 2) for name in NAMES]
        assert [event for event in events if event[1] in ("first", "second")] == [
            ("bo", "first", 2),
            ("cy", "second", 2),
        ]


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_lock_with_an_unknown_outcome_is_refused_and_its_retry_is_answered(
    is_written: bool,
) -> None:
    async with scene(BOX) as it:
        it.calls.hold("ping")
        it.calls.fail_next("save_locks", after=is_written)
        ask(it, it.bo, "lock")
        ask(it, it.cy, "other", scope="/b")
        await it.stopped()
        refused = [("bo", "lock", "storage_unavailable"), ("cy", "other", "storage_unavailable")]
        assert it.events() == [*refused, *((name, "notice", "read_only") for name in NAMES)]
        it.calls.release("ping")
        await it.settled()
        it.events()
        ask(it, it.bo, "lock")
        await it.settled()
        assert it.of("bo")[0] == ("lock", 1)
        assert [lock.holder.user for lock in it.live.room.locks().held][:1] == ["bo"]


async def test_locks_that_expire_together_end_for_every_client_in_one_write() -> None:
    async with scene(BOX) as it:
        ask(it, it.bo, "one")
        ask(it, it.bo, "two", scope="/b")
        await it.settled()
        it.events()
        it.clock.advance(3_600)
        writes = len(it.calls.of("save_locks"))
        await expire(it)
        ended = [event for event in it.events() if event[1] == "lock"]
        assert sorted(ended) == sorted(
            (name, "lock", scope, None) for name in NAMES for scope in ("/a", "/b")
        )
        assert len(it.calls.of("save_locks")) == writes + 1
        assert it.live.room.locks().held == ()


async def test_a_lock_that_another_instance_renews_meanwhile_does_not_end() -> None:
    async with scene(BOX) as it:
        await it.elsewhere.ask(LockRequest("one", "acquire", "/a"), user="bo")
        await it.hub.reopen(it.live)
        it.events()
        it.calls.hold("save_locks")
        it.clock.advance(1.2 * DEFAULT_TERMS.ttl)
        it.live.lock_announcer._due()
        await it.calls.reached("save_locks")
        it.elsewhere.clock.advance(0.9 * DEFAULT_TERMS.ttl)
        await it.elsewhere.ask(LockRequest("two", "renew", "/a"), user="bo")
        ask(it, it.cy, "waits", scope="/b")
        it.calls.release("save_locks")
        await until(lambda: ("cy", "waits", 1) in it.journal)
        assert ("ada", "lock", "/a", None) not in it.journal
        assert [lock.scope for lock in it.live.room.locks().held] == ["/a", "/b"]


async def test_a_document_that_ends_while_a_lock_is_written_refuses_it() -> None:
    async with scene(BOX) as it:
        it.calls.hold("save_locks")
        ask(it, it.bo, "lock")
        ask(it, it.cy, "other", scope="/b")
        await it.calls.reached("save_locks")
        it.hub.end_room(it.live, DELETED)
        it.calls.fail_next("save_locks")
        it.calls.release("save_locks")
        await until(lambda: ("cy", "other", "not_found") in it.journal or not it.live.is_busy)
        assert it.live.state is LiveState.CLOSED


async def test_locks_of_a_very_large_document_are_decided_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lock_requests, "VERY_LARGE", 0)
    async with scene(BOX) as it:
        ask(it, it.bo, "lock")
        it.ada.set(it.hub, "a", "/a/x", 2)
        await until(lambda: ("ada", "a", "locked") in it.journal, turns=100_000)
        assert ("bo", "lock", 1) in it.journal
