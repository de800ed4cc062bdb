"""Recovery: which documents become writable again, when, and what their clients are sent."""

from __future__ import annotations

import asyncio

import pytest

from collab.ids import DocKey
from collab.ports.store import Corrupt
from collab.room.requests import ReadStateVector
from server.commits import recovery
from server.commits.recovery import AT_ONCE
from server.documents.room_state import Event, LiveState
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.server.listener import Listener
from tests.server.scene import OTHER, Scene, scene


@pytest.fixture(autouse=True)
def _recovery_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)


async def fail_a_commit(it: Scene, *, after: bool = False) -> None:
    """Make the document read-only: its commit fails."""
    it.calls.fail_next("commit", after=after)
    it.ada.set(it.hub, "lost", "/lost", 1)
    await it.stopped()
    it.events()


async def test_while_the_database_takes_no_edit_every_document_is_read_only() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.calls.fail("ping")
            await fail_a_commit(it)
            await until(lambda: other.is_read_only)
            assert it.of("dee") == [("notice", "read_only")]
            away.set(it.hub, "d", "/d", 1)
            assert it.of("dee") == [("d", "storage_unavailable")]
            it.calls.mend("ping")
            await until(lambda: other.state is LiveState.OPEN)
            await it.settled()
            assert it.of("dee") == [("notice", "writable"), ("resynchronise",)]


async def test_a_document_whose_commit_failed_stops_no_other_document() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.calls.fail("find_commit")
            await fail_a_commit(it)
            away.set(it.hub, "d", "/d", 1)
            await until(lambda: not other.is_busy)
            assert it.of("dee") == [("news", 2), ("d", 2)]
            assert it.live.is_read_only
            it.calls.mend()
            await it.settled()


async def test_a_database_that_does_not_answer_a_ping_in_time_is_not_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "WITHIN", 0.0)
    async with scene() as it:
        it.calls.hold("ping")
        await fail_a_commit(it)
        await until(lambda: len(it.calls.of("ping")) >= 3)
        assert it.live.is_read_only
        monkeypatch.setattr(recovery, "WITHIN", 5.0)
        it.calls.release("ping")
        await it.settled()


async def test_a_document_is_not_recovered_while_its_commit_has_not_returned() -> None:
    async with scene() as it:
        await it.hold_a_commit()
        it.live.move(Event.TROUBLE)  # as a failure of another document's commit does
        it.here.commits._reopening.trouble.set()
        await until(lambda: len(it.calls.of("ping")) >= 3)
        assert it.live.is_read_only
        it.calls.release("commit")
        await it.settled()
        assert ("cy", "first", 2) in it.events()


async def test_a_document_that_cannot_be_opened_is_closed_and_reads_from_no_bad_room() -> None:
    async with scene() as it:
        it.calls.fail_next("load", error=Corrupt("a damaged row"))
        await fail_a_commit(it)
        await it.in_state(LiveState.CLOSED)
        assert it.events() == [(name, "closed", 1013) for name in ("ada", "bo", "cy")]
        assert PAGE not in it.hub.lives


async def test_a_document_that_fails_with_a_bug_is_closed_and_others_recover() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        async with it.hub.using(OTHER) as other:
            away = Listener(other, "dee", it.journal)
            it.calls.fail_next("find_commit", error=RuntimeError("a bug"))
            it.calls.fail_next("commit")
            it.ada.set(it.hub, "a", "/a", 1)
            away.set(it.hub, "d", "/d", 1)
            await until(lambda: LiveState.CLOSED in (it.live.state, other.state))
            await until(lambda: LiveState.OPEN in (it.live.state, other.state))
            closed = {name for name, what, *_ in it.events() if what == "closed"}
            assert closed in ({"dee"}, {"ada", "bo", "cy"})


async def test_a_document_that_cannot_be_loaded_is_tried_again() -> None:
    async with scene() as it:
        it.calls.fail_next("load")
        it.calls.fail_next("load")
        await fail_a_commit(it)
        await it.settled()
        assert it.events()[:1] == [("ada", "notice", "writable")]


async def test_only_so_many_documents_are_reloaded_at_a_time() -> None:
    async with scene() as it:
        keys = [DocKey("demo", f"doc-{number}") for number in range(AT_ONCE + 3)]
        lives = []
        for key in keys:
            await it.here.make({"n": 0}, key)
            lives.append(await it.hub.open(key))
        it.calls.hold("load")
        it.calls.fail_next("commit")
        for live in lives:
            Listener(live, "dee", it.journal).set(it.hub, live.key.doc, "/d", 1)
        await it.calls.reached("load", AT_ONCE)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(it.calls.held("load")) == AT_ONCE
        it.calls.release("load")
        await until(lambda: all(live.state is LiveState.OPEN for live in lives))


async def test_requests_that_came_during_the_recovery_are_committed_after_it() -> None:
    async with scene() as it:
        it.calls.hold("load")
        await fail_a_commit(it)
        await it.calls.reached("load")
        it.calls.release("load")
        await it.settled()
        it.ada.set(it.hub, "a", "/n", 1)
        await it.settled()
        assert (2, "a") in await it.ids_in_log()


async def test_reads_that_waited_are_answered_after_the_recovery() -> None:
    async with scene() as it:
        it.calls.hold("ping")
        await fail_a_commit(it)
        it.bo.send(it.hub, ReadStateVector())
        assert it.events() == []
        it.calls.release("ping")
        await it.settled()
        assert it.of("bo")[-1] == ("", 1)


async def test_a_stopping_process_recovers_no_document() -> None:
    async with scene() as it:
        it.calls.hold("ping")
        await fail_a_commit(it)
        await it.calls.reached("ping")
        it.hub.draining = True
        it.calls.fail("ping")
        it.calls.release("ping")
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(it.calls.of("ping")) == 1
        assert it.live.is_read_only
