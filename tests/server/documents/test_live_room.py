"""A live room: what a batch, a refusal, a reload and the end do to its queue and its clients."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from collab.entry import Author, Entry
from collab.ports.store import Absent
from collab.room.member import Member
from collab.room.requests import (
    Answer,
    Barrier,
    Create,
    LockRequest,
    PatchRequest,
    ReadState,
    ReadStateVector,
    Round,
)
from collab.room.room import Room
from server.broadcast.close_reasons import GONE, IN_TROUBLE
from server.documents import live_room
from server.documents.batch import Stop
from server.documents.catching_up import replace_room
from server.documents.changes import LastChange
from server.documents.live_room import MAX_SECONDS
from server.documents.room_state import Event, IllegalTransition, LiveState
from tests.server.documents.live_room_alone import PAGE, ROUND, Alone
from tests.server.listener import Listener


@pytest.fixture
def it() -> Alone:
    return Alone()


async def test_a_batch_takes_requests_until_a_lock_request(it: Alone) -> None:
    it.set("a", "/a", 1, it.ada)
    it.queue(it.bo, LockRequest("lock", "acquire", "/list"))
    it.set("b", "/b", 1, it.ada)
    append = it.begin()
    assert append is not None
    assert [entry.id for entry in append.entries] == ["a"]
    assert it.ids() == ["lock", "b"]
    assert it.live.state is LiveState.COMMITTING


async def test_a_batch_ends_at_its_time_with_at_least_one_request(it: Alone) -> None:
    it.clock.per_reading = 0.001
    for id in "abc":
        it.set(id, f"/{id}", 1, it.ada)
    append = it.begin(it.clock.monotonic())
    assert append is not None
    assert [entry.id for entry in append.entries] == ["a"]


async def test_clients_and_the_committed_value_change_only_with_the_commit(it: Alone) -> None:
    it.set("a", "/a", 1, it.ada)
    it.begin()
    assert (it.live.room.version, it.live.room.value) == (1, {"list": ["a"]})
    assert it.journal == []
    busy = [it.live.is_busy]
    news = it.live.commit_batch(it.clock.monotonic())
    it.live.move(Event.COMMITTED)
    busy.append(it.live.is_busy)
    assert (news.before, news.after, it.live.room.version) == (1, 2, 2)
    assert busy == [True, False]
    assert it.journal == [("ada", "news", 2), ("ada", "a", 2), ("bo", "news", 2)]
    assert it.live.last_change == LastChange(2, 0, it.ada.member.author, "edit")


async def test_a_requeued_batch_stands_before_the_waiting_requests(it: Alone) -> None:
    first, second = it.set("a", "/a", 1, it.ada), it.set("b", "/b", 1, it.bo)
    first.history_loaded = second.history_loaded = True
    it.begin()
    it.set("c", "/c", 1, it.ada)
    it.live.requeue_batch()
    assert it.ids() == ["a", "b", "c"]
    assert not first.history_loaded
    assert not it.live.batch
    assert it.journal == []


async def test_a_failed_batch_is_refused_with_the_ids_and_the_queue_waits_on(it: Alone) -> None:
    it.set("a", "/a", 1, it.ada)
    it.set("b", "/b", 1, it.bo)
    it.begin()
    it.set("c", "/c", 1, it.ada)
    it.live.fail(IN_TROUBLE)
    assert it.journal == [("ada", "a", "storage_unavailable"), ("bo", "b", "storage_unavailable")]
    assert it.ids() == ["c"]


async def test_reads_wait_while_writes_are_refused(it: Alone) -> None:
    read, mark = it.queue(it.bo, ReadState(b"\0")), it.queue(it.bo, ReadStateVector())
    it.set("a", "/a", 1, it.ada)
    it.queue(it.ada, LockRequest("lock", "acquire", "/list"))
    it.live.refuse_waiting(IN_TROUBLE)
    assert it.journal == [
        ("ada", "a", "storage_unavailable"),
        ("ada", "lock", "storage_unavailable"),
    ]
    assert list(it.live.queue) == [read, mark]


async def test_the_end_refuses_the_batch_and_the_queue_and_keeps_no_request(it: Alone) -> None:
    it.set("a", "/a", 1, it.ada)
    it.begin()
    it.set("b", "/b", 1, it.bo)
    it.queue(it.bo, ReadState(b"\0"))
    waiter = it.live.reopen_waiter = asyncio.get_running_loop().create_future()
    it.live.end(GONE)
    assert it.journal == [("ada", "a", "not_found"), ("bo", "b", "not_found")]
    assert not it.live.queue
    assert waiter.done()


async def test_a_refused_patch_of_a_pipeline_has_a_barrier_and_a_passed_barrier_none(
    it: Alone,
) -> None:
    dee = Listener(it.live, "dee", it.journal, pipelines=True)
    it.set("a", "/a", 1, dee)
    it.live.refuse_waiting(IN_TROUBLE)
    rejected = [dee.member.rejected_patch]
    it.queue(dee, Barrier(1))
    it.live.refuse_waiting(IN_TROUBLE)
    rejected.append(dee.member.rejected_patch)
    assert rejected == [("a", 1), None]
    assert it.journal == [("dee", "a", "storage_unavailable"), ("dee", "", 1)]


async def test_a_request_that_fails_with_a_bug_is_failed_alone(
    it: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    it.set("a", "/a", 1, it.ada)
    bad = it.set("b", "/b", 1, it.bo)
    failed: list[Answer | Exception] = []
    bad.subscriber, bad.deliver = None, failed.append
    it.set("c", "/c", 1, it.ada)
    apply = it.live.room.apply

    def fail_for_b(member: object, request: PatchRequest, now: Round) -> Answer:
        if request.id == "b":
            raise RuntimeError("a bug")
        return apply(it.ada.member, request, now)

    monkeypatch.setattr(it.live.room, "apply", fail_for_b)
    assert it.live.apply_waiting(ROUND) is Stop.BUG
    assert [str(error) for error in failed] == ["a bug"]
    it.live.requeue_batch()
    assert it.ids() == ["a", "c"]


async def test_a_request_with_an_old_base_waits_for_its_history(it: Alone) -> None:
    for number in range(3):
        it.set(f"n-{number}", "/n", number, it.ada)
    it.commit()
    it.live.room.tail._max_entries = 1
    it.set("last", "/n", 9, it.ada)
    it.commit()
    old = it.queue(it.bo, PatchRequest("old", 1, [{"op": "add", "path": "/o", "value": 1}]))
    assert it.live.needs_history(old)
    assert it.live.apply_waiting(ROUND) is Stop.NOT_NOW
    assert it.ids() == ["old"]
    old.history_loaded = True
    assert not it.live.needs_history(old)
    for base in (it.live.room.tail.base, -1):
        odd = it.queue(it.bo, PatchRequest("odd", base, []))
        assert not it.live.needs_history(odd)


async def test_at_most_so_many_lock_requests_are_taken_and_none_behind_an_edit(it: Alone) -> None:
    for id in "abc":
        it.queue(it.ada, LockRequest(id, "acquire", "/list"))
    it.set("edit", "/a", 1, it.ada)
    it.queue(it.ada, LockRequest("d", "acquire", "/list"))
    assert [one.request.id for one in it.live.pop_lock_requests(2)] == ["a", "b"]  # type: ignore[union-attr]
    assert [one.request.id for one in it.live.pop_lock_requests(9)] == ["c"]  # type: ignore[union-attr]
    assert it.ids() == ["edit", "d"]
    assert not it.live.has_lock_request()


def other_room(it: Alone, *entries: Entry, epoch: int = 1) -> Room:
    """A room of the same document at a later version, as another instance has written it."""
    room = Room(PAGE, Absent(), it.bounds, None)
    room.apply(it.ada.member, Create({"list": ["a"]}), Round(0))
    for number, id in enumerate(("x", "y"), 2):
        ops = [{"op": "add", "path": f"/{id}", "value": number}]
        room.apply(it.bo.member, PatchRequest(id, None, ops), Round(7))
    room.commit()
    return room


async def test_a_replaced_room_sends_the_missed_entries_and_knows_the_old_ids(it: Alone) -> None:
    room = other_room(it)
    missed = room.tail.since(1)
    assert missed is not None
    bare = Room(PAGE, Absent(), it.bounds, None)
    bare.close()
    room.tail.drop_entries()
    replace_room(it.live, room, missed)
    assert it.journal == [("ada", "news", 2, 3), ("bo", "news", 2, 3)]
    assert it.live.last_change == LastChange(3, 7, it.bo.member.author, "edit")
    assert it.live.room.ids.find("ada", "make") is not None
    assert room.tail.base == 0, "the tail of the old room is kept below the missed entries"


async def test_a_replaced_room_at_the_same_version_sends_nothing(it: Alone) -> None:
    room = Room(PAGE, Absent(), it.bounds, None)
    room.apply(it.ada.member, Create({"list": ["a"]}, "make"), Round(0))
    room.commit()
    replace_room(it.live, room, [])
    assert it.journal == []


async def test_a_replaced_room_of_another_epoch_does_not_keep_the_old_tail(it: Alone) -> None:
    room = other_room(it)
    room.epoch = 2
    missed = room.tail.since(1)
    assert missed is not None
    room.tail.drop_entries()
    replace_room(it.live, room, missed)
    assert room.tail.base == 1


async def test_a_requested_reload_is_done_only_for_the_request_that_it_began_with(
    it: Alone,
) -> None:
    loop = asyncio.get_running_loop()
    earlier, later = loop.create_future(), loop.create_future()
    it.live.reopen_waiter = later
    it.live.finish_reopen(earlier)
    it.live.finish_reopen(None)
    assert not earlier.done()
    assert it.live.reopen_waiter is later
    it.live.finish_reopen(later)
    assert later.done()
    assert it.live.reopen_waiter is None


async def test_the_commit_loop_wants_a_room_with_requests_a_reload_or_a_due_lock(
    it: Alone,
) -> None:
    wanted = [it.live.is_wanted]
    it.live.lock_announcer.is_due = True
    wanted.append(it.live.is_wanted)
    it.live.lock_announcer.is_due = False
    it.live.reopen_waiter = asyncio.get_running_loop().create_future()
    wanted.append(it.live.is_wanted)
    it.live.reopen_waiter = None
    wanted.append(it.live.is_wanted)
    it.set("a", "/a", 1, it.ada)
    wanted.append(it.live.is_wanted)
    assert wanted == [False, True, True, False, True]
    assert it.live.is_busy


async def test_an_illegal_event_raises_and_changes_no_state(it: Alone) -> None:
    with pytest.raises(IllegalTransition) as raised:
        it.live.move(Event.COMMITTED)
    assert str(raised.value) == "`committed` is not allowed in the state `open`"
    assert it.live.state is LiveState.OPEN


async def test_the_commit_loop_is_woken_for_an_open_document_with_work_only(it: Alone) -> None:
    it.live.wake_if_wanted()
    it.set("late", "/l", 1, it.bo)
    it.live.move(Event.FETCH)
    it.live.wake_if_wanted()
    assert it.woken == []
    it.live.move(Event.FETCHED)
    it.live.wake_if_wanted()
    assert it.woken == [it.live]


async def test_a_worker_thread_applies_requests_until_its_time_is_over(it: Alone) -> None:
    """So after a slow request, a busy document does not need a commit for each request."""
    it.live._slow_until = it.clock.monotonic() + 60.0
    apply, names = it.live.room.apply, ["a", "b", "c", "late"]

    def slowly(member: Member, request: Any, now: Round) -> Answer:
        it.clock.advance(MAX_SECONDS * 0.4)
        return apply(member, request, now)

    it.live.room.apply = slowly  # type: ignore[method-assign] # for the test
    for name in names:
        it.set(name, f"/{name}", 1, it.ada)
    assert it.live.apply_waiting(ROUND) is Stop.LONG
    it.live.move(Event.WORK)
    assert await it.live.apply_in_thread(ROUND)
    assert _applied(it) == ["a", "b", "c"]
    assert it.ids() == ["late"]


async def test_requests_after_a_bug_in_a_worker_thread_stay_in_the_queue(it: Alone) -> None:
    apply = it.live.room.apply

    def fail_second(member: Member, request: Any, now: Round) -> Answer:
        if request.id == "bad":
            raise LookupError("a bug")
        return apply(member, request, now)

    it.live.room.apply = fail_second  # type: ignore[method-assign] # for the test
    for name in ("good", "bad", "late"):
        it.set(name, f"/{name}", 1, it.ada)
    it.live.move(Event.WORK)
    assert not await it.live.apply_in_thread(ROUND)
    assert _applied(it) == ["good"]
    assert it.ids() == ["late"]


async def test_requests_stay_in_the_queue_when_no_thread_can_be_used(
    it: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document ends then, and refuses them."""

    async def fail(work: object) -> None:
        raise MemoryError

    monkeypatch.setattr(live_room, "run_in_thread", fail)
    it.set("first", "/first", 1, it.ada)
    it.set("last", "/last", 1, it.bo)
    it.live.move(Event.WORK)
    with pytest.raises(MemoryError):
        await it.live.apply_in_thread(ROUND)
    assert it.ids() == ["first", "last"]


async def test_a_worker_thread_leaves_requests_that_are_not_for_its_batch(it: Alone) -> None:
    it.set("first", "/first", 1, it.ada)
    it.queue(it.ada, LockRequest("lock", "acquire", "/first"))
    it.set("last", "/last", 1, it.ada)
    it.live.move(Event.WORK)
    assert await it.live.apply_in_thread(ROUND)
    assert _applied(it) == ["first"]
    assert it.ids() == ["lock", "last"]


def _applied(it: Alone) -> list[str]:
    return [one.request.id for one, _ in it.live.batch.answered]  # type: ignore[union-attr]


async def test_an_author_of_a_missed_change_is_noted_without_its_entries(it: Alone) -> None:
    room = other_room(it)
    newest = LastChange(3, 7, Author("bo"), "edit")
    replace_room(it.live, room, [], newest)
    assert it.live.last_change == newest
    assert it.journal == [("ada", "jump", 1, 3), ("bo", "jump", 1, 3)]
