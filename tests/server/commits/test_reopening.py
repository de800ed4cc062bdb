"""Reopening: what a reload tells each client, and a document that ends or stops meanwhile."""

from __future__ import annotations

import asyncio
import threading

import pytest

from collab.ports.store import Corrupt
from collab.room.requests import PatchRequest, Round
from server.broadcast.close_reasons import DELETED
from server.broadcast.subscriber import Submission
from server.commits import recovery
from server.documents import hub
from server.documents.room_state import Event, LiveState
from server.runtime.worker_threads import _FREEING
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.patience import PATIENCE
from tests.server.scene import Scene, scene

REFUSED = "storage_unavailable"
NAMES = ("ada", "bo", "cy")


@pytest.fixture(autouse=True)
def _recovery_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)


async def hold_the_reload_of_a_clash(it: Scene) -> None:
    """Let a batch of Ada's clash with another instance, and hold the reload."""
    it.calls.hold("commit")
    it.ada.set(it.hub, "a", "/n", 1)
    await it.calls.reached("commit")
    await it.elsewhere.set("/elsewhere", 1, id="else")
    it.calls.hold("load")
    it.calls.release("commit")
    await it.calls.reached("load")


async def test_a_reload_sends_every_missed_entry_before_any_new_one() -> None:
    async with scene() as it:
        it.calls.hold("commit")
        it.ada.set(it.hub, "a", "/n", 1)
        await it.calls.reached("commit")
        for number in range(3):
            await it.elsewhere.set("/elsewhere", number, id=f"else-{number}")
        it.calls.release("commit")
        await it.settled()
        missed = [(name, "news", 2, 3, 4) for name in NAMES]
        new = [("ada", "news", 5), ("ada", "a", 5), ("bo", "news", 5), ("cy", "news", 5)]
        assert it.events() == missed + new


async def test_requests_wait_while_the_document_is_reloaded_and_then_keep_their_order() -> None:
    async with scene() as it:
        await hold_the_reload_of_a_clash(it)
        it.bo.set(it.hub, "b", "/n", 2)
        assert it.live.state is LiveState.RELOADING
        it.calls.release("load")
        await it.settled()
        assert await it.ids_in_log() == [(2, "else"), (3, "a"), (4, "b")]


async def test_a_document_that_ends_while_it_is_reloaded_refuses_what_waits() -> None:
    async with scene() as it:
        await hold_the_reload_of_a_clash(it)
        it.bo.set(it.hub, "b", "/n", 2)
        it.events()
        it.hub.end_room(it.live, DELETED)
        assert it.events() == [
            ("ada", "a", "not_found"),
            ("bo", "b", "not_found"),
            *((name, "closed", 4404) for name in NAMES),
        ]
        it.calls.release("load")
        await until(lambda: not it.calls.held("load"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert it.live.state is LiveState.CLOSED
        assert it.events() == []


async def test_a_batch_that_clashes_after_its_document_ended_is_refused_with_the_end() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        await it.elsewhere.set("/elsewhere", 1, id="else")
        it.hub.end_room(it.live, DELETED)
        assert it.events()[0] == ("cy", "first", "not_found")
        it.calls.release("commit")
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(it.calls.of("load")) == 1, "a room that has ended was reloaded"


async def test_a_batch_that_clashes_in_a_stopped_document_is_refused_and_reloaded_later() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        await it.elsewhere.set("/elsewhere", 1, id="else")
        it.live.move(Event.TROUBLE)  # as a failure of another document's commit does
        it.calls.release("commit")
        await until(lambda: not it.live.is_busy)
        assert it.events() == [("cy", "first", REFUSED)]
        assert it.live.state is LiveState.BROKEN, "its reload is due before the next write"
        it.here.commits._reopening.trouble.set()
        await it.settled()
        assert it.events()[:3] == [(name, "news", 2) for name in NAMES]


async def test_a_batch_that_the_store_has_is_answered_though_its_document_is_stopped() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        it.bo.set(it.hub, "b", "/b", 1)
        it.here.commits._reopening.stop(it.live)
        assert it.events() == [
            ("bo", "b", REFUSED),
            *((name, "notice", "read_only") for name in NAMES),
        ]
        assert it.live.state is LiveState.STOPPING
        it.calls.release("commit")
        await until(lambda: not it.live.is_busy)
        assert it.of("cy") == [("news", 2), ("first", 2)]


async def test_a_batch_that_the_store_has_not_is_refused_and_its_room_reloaded() -> None:
    async with scene() as it:
        it.live.move(Event.WORK)
        ops = [{"op": "add", "path": "/slow", "value": 1}]
        request = PatchRequest("slow", None, ops)
        it.live.queue.put(Submission(it.ada.member, request, 0.0, subscriber=it.ada))
        await it.live.apply_in_thread(Round(0, commit_id="c-slow"))
        it.live.move(Event.APPLIED)
        it.here.commits._reopening.stop(it.live)
        assert it.of("ada") == [("slow", REFUSED), ("notice", "read_only")]
        assert it.live.state is LiveState.BROKEN
        it.here.commits._reopening.trouble.set()
        await it.settled()
        assert it.live.room.head == it.live.room.version == 1


async def test_a_reload_that_fails_makes_the_document_read_only_and_refuses_its_requests() -> None:
    async with scene() as it:
        await hold_the_reload_of_a_clash(it)
        it.calls.hold("ping")
        it.calls.fail_next("load")
        it.bo.set(it.hub, "b", "/n", 2)
        it.events()
        it.calls.release("load")
        await it.stopped()
        assert it.events() == [
            ("ada", "a", REFUSED),
            ("bo", "b", REFUSED),
            *((name, "notice", "read_only") for name in NAMES),
        ]
        it.calls.release("ping")
        await it.settled()
        assert it.events()[:3] == [(name, "news", 2) for name in NAMES]


async def test_a_reload_of_a_damaged_document_closes_it() -> None:
    async with scene() as it:
        await hold_the_reload_of_a_clash(it)
        it.calls.fail_next("load", error=Corrupt("a damaged row"))
        it.calls.release("load")
        await it.in_state(LiveState.CLOSED)
        assert it.events() == [
            ("ada", "a", REFUSED),
            *((name, "closed", 1013) for name in NAMES),
        ]


@pytest.mark.parametrize(("is_made_again", "code"), [(False, 4404), (True, 1013)])
async def test_a_document_that_another_instance_deleted_ends_for_its_clients(
    is_made_again: bool, code: int
) -> None:
    async with scene() as it:
        it.calls.hold("commit")
        it.ada.set(it.hub, "a", "/n", 1)
        await it.calls.reached("commit")
        await it.store.delete(PAGE, 0)
        if is_made_again:
            it.elsewhere.hub.lives.clear()
            await it.elsewhere.make({"new": True})
        it.calls.release("commit")
        await it.in_state(LiveState.CLOSED)
        assert it.events() == [
            ("ada", "a", "not_found"),
            *((name, "closed", code) for name in NAMES),
        ]


async def test_missed_entries_that_are_too_many_are_one_jump_to_the_head() -> None:
    async with scene() as it:
        it.calls.hold("commit")
        it.ada.set(it.hub, "a", "/n", 1)
        await it.calls.reached("commit")
        await it.elsewhere.set("/elsewhere", 1, id="else-1")
        await it.elsewhere.set("/elsewhere", 2, id="else-2")
        it.calls.answer_next("log_bytes", 2**53)
        it.calls.release("commit")
        await it.settled()
        assert it.events()[:3] == [(name, "jump", 1, 3) for name in NAMES]
        [newest] = await it.store.entries(PAGE, 3, 4, 1)
        assert it.live.last_change is not None
        assert (it.live.last_change.version, it.live.last_change.at) == (4, newest.at)


async def test_a_requested_reload_is_done_when_the_room_has_the_new_schema() -> None:
    async with scene() as it:
        await it.store.set_schema(PAGE, b'{"required": ["list"]}', 0)
        it.calls.hold("load")
        reopening = asyncio.create_task(it.hub.reopen(it.live))
        await it.calls.reached("load")
        assert not reopening.done()
        it.calls.release("load")
        await reopening
        assert it.live.room.schema is not None
        assert it.events() == []


async def test_a_reload_that_is_requested_during_a_reload_follows_it() -> None:
    async with scene() as it:
        it.calls.hold("load")
        first = it.hub.request_reopen(it.live)
        assert first is not None
        await it.calls.reached("load")
        it.live.reopen_waiter = None  # its requester has given up
        await it.store.set_schema(PAGE, b'{"required": ["list"]}', 0)
        second = asyncio.create_task(it.hub.reopen(it.live))
        await asyncio.sleep(0)
        it.calls.release("load")
        await second
        assert it.live.room.schema is not None


async def test_a_room_that_ends_releases_the_requester_of_its_reload() -> None:
    async with scene() as it:
        it.calls.hold("load")
        reopening = asyncio.create_task(it.hub.reopen(it.live))
        await it.calls.reached("load")
        it.hub.end_room(it.live, DELETED)
        await reopening
        it.calls.release("load")


@pytest.mark.parametrize("large", [True, False])
async def test_a_large_document_waits_until_an_earlier_one_is_freed(
    monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setattr(hub, "LARGE", 0 if large else 2**40)
    async with scene() as it:
        may_end = threading.Event()
        earlier = _FREEING.submit(may_end.wait, PATIENCE)
        reopening = asyncio.create_task(it.hub.reopen(it.live))
        if not large:
            await reopening
        await it.settled()
        assert reopening.done() is not large
        may_end.set()
        await reopening
        assert earlier.result()
