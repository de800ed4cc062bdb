"""The work of the commit loop for one document: locked rows, older entries, long requests."""

from __future__ import annotations

import asyncio

import pytest

from collab.ports.store import Held
from collab.room.requests import LockRequest, PatchRequest
from server.broadcast.close_reasons import DELETED, IN_TROUBLE
from server.commits import recovery, transactions
from server.documents.live_room import LiveRoom
from server.documents.request_queue import IN_A_TURN
from server.documents.room_state import Event, LiveState
from tests.held_store import until
from tests.server.listener import Listener
from tests.server.scene import OTHER, Scene, scene

NAMES = ("ada", "bo", "cy")


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)
    monkeypatch.setattr(transactions, "FIRST", 0.0)
    monkeypatch.setattr(transactions, "LONGEST", 0.0)


def retry_tasks() -> int:
    return sum(task.get_name() == "held documents" for task in asyncio.all_tasks())


async def test_a_locked_row_is_retried_each_time_and_its_batch_is_written_once() -> None:
    async with scene() as it:
        for number in range(2):
            it.calls.answer_next("commit", [Held()])
            it.calls.answer_next("commit", [Held()])
            it.ada.set(it.hub, f"a-{number}", f"/a{number}", 1)
            await it.in_state(LiveState.HELD)
            await it.settled()
        assert await it.ids_in_log() == [(2, "a-0"), (3, "a-1")]
        assert ("ada", "a-1", 3) in it.journal


async def test_all_locked_rows_are_retried_by_one_task() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.calls.answer_next("commit", [Held()])
            it.ada.set(it.hub, "a", "/a", 1)
            await it.in_state(LiveState.HELD)
            it.calls.hold("commit")
            away.set(it.hub, "d", "/d", 1)
            await it.calls.reached("commit")
            for _ in range(3):
                it.calls.answer_next("commit", [Held()])
            it.calls.release("commit")
            await until(lambda: other.state is LiveState.HELD)
            assert retry_tasks() == 1
            it.calls._answers.clear()
            await it.settled()
            await until(lambda: not other.is_busy)
            assert {("ada", "a", 2), ("dee", "d", 2)} <= set(it.journal)


async def test_a_batch_whose_row_was_locked_when_its_document_ended_is_not_retried() -> None:
    async with scene() as it:
        it.calls.hold("commit")
        it.ada.set(it.hub, "a", "/a", 1)
        await it.calls.reached("commit")
        it.calls.answer_next("commit", [Held()])
        it.hub.end_room(it.live, DELETED)
        it.calls.release("commit")
        for _ in range(10):
            await asyncio.sleep(0)
        assert (it.live.state, retry_tasks()) == (LiveState.CLOSED, 0)
        assert it.events() == [
            ("ada", "a", "not_found"),
            *((name, "closed", 4404) for name in NAMES),
        ]


async def with_a_short_tail(it: Scene) -> None:
    """Write three versions, of which the room keeps none in memory."""
    for number in range(3):
        await it.here.set("/n", number + 1)
    it.live.room.tail.drop_entries()
    it.events()


def on_version_1(id: str) -> PatchRequest:
    return PatchRequest(id, 1, [{"op": "add", "path": "/old", "value": 1}])


async def test_a_patch_on_an_old_version_waits_for_its_entries_and_keeps_its_turn() -> None:
    async with scene() as it:
        await with_a_short_tail(it)
        it.calls.hold("log_bytes")
        it.bo.send(it.hub, on_version_1("old"))
        await it.calls.reached("log_bytes")
        it.ada.set(it.hub, "a", "/a", 1)
        assert it.events() == []
        it.calls.release("log_bytes")
        await it.settled()
        answers = [event for event in it.events() if event[1] != "news"]
        assert answers == [("bo", "old", 5), ("ada", "a", 6)]


async def test_a_patch_on_a_version_that_is_not_kept_is_refused_and_looked_up_once() -> None:
    async with scene() as it:
        await with_a_short_tail(it)
        it.calls.answer_next("log_bytes", 2**53)
        it.bo.send(it.hub, on_version_1("old"))
        await it.settled()
        assert it.of("bo") == [("old", "unknown_version")]
        assert len(it.calls.of("log_bytes")) == 1


async def test_older_entries_that_cannot_be_read_in_trouble_stop_the_document() -> None:
    async with scene() as it:
        await with_a_short_tail(it)
        it.calls.hold("ping")
        it.calls.fail_next("log_bytes")
        it.bo.send(it.hub, on_version_1("old"))
        await it.stopped()
        assert it.of("bo") == [("old", "storage_unavailable"), ("notice", "read_only")]
        loads = len(it.calls.of("load"))
        it.calls.release("ping")
        await it.settled()
        assert it.calls.of("find_commit") == [], "no commit has an unknown outcome"
        assert len(it.calls.of("load")) == loads, "the room is still sound"


async def test_a_bug_in_the_work_for_a_document_closes_it() -> None:
    async with scene() as it:
        await with_a_short_tail(it)
        it.calls.fail_next("log_bytes", error=RuntimeError("a bug"))
        it.bo.send(it.hub, on_version_1("old"))
        await it.in_state(LiveState.CLOSED)
        assert it.events() == [
            ("bo", "old", "storage_unavailable"),
            *((name, "closed", 1011) for name in NAMES),
        ]


async def test_a_long_request_is_committed_with_the_id_of_its_round() -> None:
    async with scene() as it:
        it.live._slow_until = it.clock.monotonic() + 60.0
        it.ada.set(it.hub, "slow", "/s", 1)
        it.bo.set(it.hub, "late", "/l", 1)
        await until(lambda: ("bo", "late", 3) in it.journal, turns=200_000)
        commits = [entry.commit for batch in it.batches()[1:] for entry in batch.entries]
        assert len(commits) == 2
        assert all(id.startswith("c-") for id in commits)


@pytest.mark.parametrize("cause", ["a lock request has an earlier turn", "writes are refused"])
async def test_a_document_stays_open_when_a_worker_thread_finds_nothing_to_apply(
    cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene() as it:
        move, events = LiveRoom.move, list[Event]()

        def then_the_queue_changes(live: LiveRoom, event: Event) -> None:
            move(live, event)
            events.append(event)
            if events.count(Event.WORK) != 1 or event is not Event.WORK:
                return
            if cause == "writes are refused":
                live.refuse_waiting(IN_TROUBLE)
            else:
                it.bo.send(it.hub, LockRequest("lock", "acquire", "/list"))
                assert live.has_lock_request()

        monkeypatch.setattr(LiveRoom, "move", then_the_queue_changes)
        while (it.live.queue._newest.get("ada", -1) + 1) % IN_A_TURN or not it.live.queue:
            it.ada.set(it.hub, f"a-{len(it.live.queue)}", "/a", 1)  # the long one begins a turn
        ops = [{"op": "add", "path": f"/{number}", "value": 1} for number in range(30)]
        it.ada.send(it.hub, PatchRequest("long", None, ops))
        await until(lambda: Event.WORKED in events)
        await it.settled()
        it.ada.set(it.hub, "last", "/last", 1)
        await it.settled()
        written = [id for _, id in await it.ids_in_log()]
        assert written[-1] == "last"
        assert ("long" in written) == (cause != "writes are refused")
        assert it.live.audience.ended is None
