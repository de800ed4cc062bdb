"""The hub: openings that several clients share, requests, deletion, the end, and unloading."""

from __future__ import annotations

import asyncio

import pytest

from collab.errors import Code, Rejected
from collab.ports.store import Corrupt
from collab.room.requests import Answer, ReadStateVector
from server.broadcast.close_reasons import DELETED
from server.broadcast.subscriber import Submission
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from server.loading.room_loader import Quarantined
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.held_store import HeldCalls, held, until
from tests.server.scene import OTHER, scene

NAMES = ("ada", "bo", "cy")


async def stored() -> MemoryStore:
    """A store with one document."""
    store = MemoryStore()
    async with inside(store) as made:
        await made.make({"n": 0})
    return store


# --- opening ----------------------------------------------------------------------------------


async def test_one_load_serves_all_clients_that_open_a_document_at_once() -> None:
    port, calls = held(await stored())
    async with inside(port) as it:
        calls.hold("load")
        opening = [asyncio.create_task(it.hub.open(PAGE)) for _ in range(5)]
        await calls.reached("load")
        calls.release("load")
        lives = await asyncio.gather(*opening)
        assert len(set(map(id, lives))) == 1
        assert (len(calls.of("load")), lives[0].users) == (1, 5)


async def test_when_the_opening_client_leaves_another_one_opens_the_document() -> None:
    port, calls = held(await stored())
    async with inside(port) as it:
        calls.hold("load")
        first = asyncio.create_task(it.hub.open(PAGE))
        await calls.reached("load")
        second = asyncio.create_task(it.hub.open(PAGE))
        await asyncio.sleep(0)
        first.cancel()
        await until(lambda: len(calls.of("load")) == 2)
        calls.release("load")
        live = await second
        assert (it.hub.lives[PAGE], live.users) == (live, 1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(None, "storage_unavailable"), (Corrupt("damaged"), "storage_unavailable")],
)
async def test_an_opening_that_fails_fails_for_all_that_wait_and_not_for_the_next(
    error: Exception | None, expected: str
) -> None:
    port, calls = held(await stored())
    async with inside(port) as it:
        calls.hold("load")
        calls.fail_next("load", error=error)
        opening = [asyncio.create_task(it.hub.open(PAGE)) for _ in range(3)]
        await calls.reached("load")
        calls.release("load")
        for failed in await asyncio.gather(*opening, return_exceptions=True):
            assert isinstance(failed, Rejected)
            assert failed.refusal.code.value == expected
            assert isinstance(failed, Quarantined) is (error is not None)
        assert it.hub.lives == {}
        assert (await it.read())[0] == 1


async def test_a_draining_hub_opens_no_further_document() -> None:
    async with inside(await stored()) as it:
        live = await it.hub.open(PAGE)
        it.hub.draining = True
        assert await it.hub.open(PAGE) is live
        with pytest.raises(Rejected):
            await it.hub.open(OTHER)


async def test_a_missing_document_is_forgotten_when_its_last_client_leaves() -> None:
    async with inside(MemoryStore()) as it:
        one, two = await it.hub.open(PAGE), await it.hub.open(PAGE)
        it.hub.release(one)
        assert it.hub.lives == {PAGE: two}
        it.hub.release(two)
        assert it.hub.lives == {}
        assert two.state is LiveState.CLOSED


# --- requests ---------------------------------------------------------------------------------


async def test_a_request_to_an_ended_document_is_refused_and_a_read_is_not_answered() -> None:
    async with scene() as it:
        it.hub.end_room(it.live, DELETED)
        it.events()
        it.ada.set(it.hub, "a", "/a", 1)
        assert it.events() == [("ada", "a", "not_found")]


async def test_a_request_to_a_read_only_document_is_refused_and_a_read_waits() -> None:
    async with scene() as it:
        it.calls.hold("ping")
        it.calls.fail_next("commit")
        it.ada.set(it.hub, "a", "/a", 1)
        await it.stopped()
        it.events()
        read = it.bo.send(it.hub, ReadStateVector())
        it.ada.set(it.hub, "b", "/b", 1)
        assert it.events() == [("ada", "b", "storage_unavailable")]
        assert list(it.live.queue) == [read]


async def test_a_caller_that_has_given_up_gets_no_late_answer() -> None:
    port, calls = held(await stored())
    async with inside(port, answer_seconds=0.0) as it:
        calls.hold("commit")
        refused = await it.set("/n", 1)
        assert isinstance(refused, Rejected)
        assert refused.refusal.code is Code.STORAGE_UNAVAILABLE
        calls.release("commit")
        live = it.hub.lives[PAGE]
        await until(lambda: not live.is_busy)
        assert live.room.version == 2


async def test_a_request_that_fails_with_a_bug_raises_at_its_caller_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene() as it:
        failed: list[Answer | Exception] = []
        submission = Submission(it.ada.member, ReadStateVector(), 0.0, deliver=failed.append)
        submission.fail(RuntimeError("a bug"))
        assert [str(error) for error in failed] == ["a bug"]
        bad = it.ada.set(it.hub, "a", "/a", 1)
        bad.fail(RuntimeError("a bug"))
        assert it.of("ada")[0] == ("closed", 1011)
        await it.settled()


# --- deletion ---------------------------------------------------------------------------------


async def test_clients_are_closed_when_the_deletion_is_written_and_not_before() -> None:
    async with scene() as it:
        it.calls.hold("delete")
        deleting = asyncio.create_task(it.hub.delete(it.live))
        await it.calls.reached("delete")
        assert it.events() == []
        assert it.hub.lives[PAGE] is it.live
        it.calls.release("delete")
        await deleting
        assert it.events() == [(name, "closed", 4404) for name in NAMES]
        assert it.hub.lives == {}


@pytest.mark.parametrize("is_written", [True, False])
async def test_after_a_deletion_with_an_unknown_outcome_the_document_is_read_again(
    is_written: bool,
) -> None:
    async with scene() as it:
        it.calls.fail_next("delete", after=is_written)
        with pytest.raises(Rejected) as refused:
            await it.hub.delete(it.live)
        assert refused.value.refusal.code is Code.STORAGE_UNAVAILABLE
        if is_written:
            await it.in_state(LiveState.CLOSED)
            assert it.events() == [(name, "closed", 4404) for name in NAMES]
        else:
            await until(lambda: len(it.calls.of("load")) == 2)
            await it.settled()
            assert it.events() == []


async def test_a_deletion_during_a_commit_refuses_the_edit_and_closes_its_author() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        await it.hub.delete(it.live)
        assert it.events() == [
            ("cy", "first", "not_found"),
            *((name, "closed", 4404) for name in NAMES),
        ]
        it.calls.release("commit")
        for _ in range(10):
            await asyncio.sleep(0)
        assert it.events() == []
        assert it.live.state is LiveState.CLOSED


async def test_a_client_that_joins_an_ended_document_is_closed_for_the_same_reason() -> None:
    async with scene() as it:
        it.hub.end_room(it.live, DELETED)
        it.events()
        late = it.join("late")
        assert it.events() == [("late", "closed", 4404)]
        assert late not in it.live.audience.subscribers


# --- unloading --------------------------------------------------------------------------------


async def idle(calls: HeldCalls, it: Inside, snapshot_entries: int = 1) -> LiveRoom:
    await it.set("/n", 1)
    live = it.hub.lives[PAGE]
    it.clock.advance(it.hub.bounds.idle_seconds)
    return live


async def test_an_idle_document_is_saved_before_it_is_unloaded() -> None:
    port, calls = held(await stored())
    async with inside(port) as it:
        live = await idle(calls, it)
        calls.hold("save_snapshot")
        unloading = asyncio.create_task(it.hub.unload_idle())
        await calls.reached("save_snapshot")
        assert it.hub.lives == {PAGE: live}
        calls.release("save_snapshot")
        await unloading
        assert it.hub.lives == {}
        assert (await it.read()) == (2, {"n": 1})


async def test_a_document_is_not_unloaded_before_its_time() -> None:
    port, calls = held(await stored())
    async with inside(port) as it:
        live = await idle(calls, it)
        it.clock.advance(-0.001)
        await it.hub.unload_idle()
        assert it.hub.lives == {PAGE: live}
        it.clock.advance(0.001)
        await it.hub.unload_idle()
        assert it.hub.lives == {}


async def test_a_client_that_comes_while_the_snapshot_is_written_keeps_the_document() -> None:
    port, calls = held(await stored())
    async with inside(port) as it:
        live = await idle(calls, it)
        calls.hold("save_snapshot")
        unloading = asyncio.create_task(it.hub.unload_idle())
        await calls.reached("save_snapshot")
        async with it.hub.using(PAGE) as again:
            calls.release("save_snapshot")
            await unloading
            assert again is live
            assert live.state is LiveState.OPEN
            assert isinstance(await it.set("/n", 2), Answer)


async def test_a_document_with_a_batch_a_reader_or_a_user_is_not_idle() -> None:
    async with scene() as it:
        it.clock.advance(3_600)
        it.hub.release(it.live)
        it.clock.advance(3_600)
        await it.hub.unload_idle()
        assert PAGE in it.hub.lives, "a document with an audience was unloaded"
        await it.hold_a_commit()
        for one in (it.ada, it.bo, it.cy):
            it.live.audience.leave(one)
        await it.hub.unload_idle()
        assert PAGE in it.hub.lives, "a document with a batch in flight was unloaded"
        it.live.users += 1
        it.calls.release("commit")


async def test_an_unloaded_room_is_no_longer_due_in_the_commit_loop() -> None:
    async with inside(await stored()) as it:
        await it.read()
        live = it.hub.lives[PAGE]
        it.hub.wake(live)
        it.hub.drop(live)
        assert live not in it.hub.dirty
        it.hub.wake(live)
        await asyncio.sleep(0)
        await until(lambda: not it.hub.dirty)
