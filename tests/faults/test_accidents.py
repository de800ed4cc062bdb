"""A bug in Weft or a panic in the native library fails one request and no other."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from collab.document.document import Document
from collab.document.snapshot_format import Draft
from collab.errors import Rejected
from collab.ids import DocKey
from collab.ports.store import Corrupt
from collab.room.requests import Answer, LockRequest, Round
from collab.room.room import Room
from server.commits import reopening
from server.documents import catching_up
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from tests.faults.inside import PAGE, Follower, Inside, inside
from tests.faults.serving import FaultyStore

OTHER = DocKey("demo", "other")


class Panic(BaseException):
    """Like a panic of the native library: not a subclass of Exception."""


@pytest.fixture
async def store(tmp_path: Path) -> FaultyStore:
    return FaultyStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")


@pytest.fixture
async def hall(store: FaultyStore) -> AsyncIterator[Inside]:
    async with inside(store) as made:
        await made.make({"n": 0})
        await made.make({"n": 0}, OTHER)
        yield made


def fail_on(monkeypatch: pytest.MonkeyPatch, id: str, error: BaseException) -> None:
    """Make the request with this id change the document and then raise."""
    judge = Room.apply

    def apply(room: Room, member: Any, request: Any, now: Round) -> Answer:
        answer = judge(room, member, request, now)
        if getattr(request, "id", "") == id:
            raise error
        return answer

    monkeypatch.setattr(Room, "apply", apply)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), Panic("a panic")])
async def test_a_failing_request_ends_alone(
    hall: Inside, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fail_on(monkeypatch, "bad", error)
    async with hall.hub.using(PAGE) as live:
        follower = Follower(live)
        good = [hall.set(f"/g{n}", n, id=f"good{n}") for n in range(4)]
        bad = hall.set("/bad", 1, id="bad")
        answers = await asyncio.gather(
            *good[:2], bad, *good[2:], hall.set("/n", 1, OTHER), return_exceptions=True
        )
        assert isinstance(answers.pop(2), RuntimeError)
        assert all(isinstance(answer, Answer) for answer in answers)
        assert follower.value == {"n": 0, "g0": 0, "g1": 1, "g2": 2, "g3": 3}
        assert not follower.closed
        assert (await hall.read())[0] == 5
    assert (await hall.read(OTHER))[1] == {"n": 1}


async def test_a_failing_subscriber_is_closed_and_others_get_the_change(hall: Inside) -> None:
    async with hall.hub.using(PAGE) as live:
        broken, sound = Follower(live, "broken"), Follower(live, "sound")
        broken.fails = True
        assert isinstance(await hall.set("/n", 1), Answer)
        assert (broken.closed, sound.closed) == ([1011], [])
        assert sound.value == {"n": 1}


async def test_a_subscriber_that_fails_at_a_lock_message_stops_no_other(hall: Inside) -> None:
    async with hall.hub.using(PAGE) as live:
        broken, sound = Follower(live, "broken"), Follower(live, "sound")
        broken.fails = True
        answer = await hall.ask(LockRequest("l", "acquire", scope="/n", base=1))
        assert answer.ack["lock"].scope == "/n"
        assert (broken.closed, sound.closed) == ([1011], [])


def let_rot(store: FaultyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every commit of this document fail."""
    commit = store.commit

    async def fail(batch: Any) -> Any:
        if any(append.key == PAGE for append in batch):
            raise Corrupt("a row of this document's has rotted")
        return await commit(batch)

    monkeypatch.setattr(store, "commit", fail)


async def test_a_failing_commit_ends_its_document_and_no_other(
    hall: Inside, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_rot(store, monkeypatch)
    async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER) as other:
        follower, other_follower = Follower(live), Follower(other)
        together = await asyncio.gather(hall.set("/n", 1), hall.set("/n", 1, OTHER))
        assert isinstance(together[0], Rejected)
        while isinstance(await hall.set("/n", 2, OTHER), Rejected):
            pass  # it was in the same transaction once, and its client must retry
        assert isinstance(await hall.set("/n", 3), Rejected)
        assert (follower.closed, other_follower.closed) == ([1011], [])
    monkeypatch.undo()
    assert isinstance(await hall.set("/n", 4), Answer)
    assert (await hall.read())[1] == {"n": 4}


async def test_clients_resend_the_requests_of_a_failed_commit(
    hall: Inside, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Yjs client sends an update once, so the server must ask it to sync again."""
    let_rot(store, monkeypatch)
    async with hall.hub.using(PAGE), hall.hub.using(OTHER) as other:
        follower = Follower(other)
        together = await asyncio.gather(hall.set("/n", 1), hall.set("/n", 1, OTHER))
        assert isinstance(together[1], Rejected)
        while isinstance(await hall.set("/n", 2, OTHER), Rejected):
            pass
        assert follower.resynchronised == 1


def _stands(each: weakref.ref[LiveRoom]) -> bool:
    live = each()
    return live is not None and live.state is not LiveState.CLOSED


async def test_a_document_that_was_dropped_is_freed(
    hall: Inside,
    store: FaultyStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(batch: Any) -> Any:
        raise Corrupt("a row has rotted")

    caplog.set_level("CRITICAL")  # kept tracebacks would keep the document in memory
    monkeypatch.setattr(store, "commit", fail)
    gone = [weakref.ref(await hall.hub.open(key)) for key in (PAGE, OTHER)]
    while any(map(_stands, gone)):
        await asyncio.gather(hall.set("/n", 1), hall.set("/n", 1, OTHER))
    monkeypatch.undo()
    assert isinstance(await hall.set("/n", 1), Answer)
    gc.collect()
    assert [each() for each in gone] == [None, None]


async def test_a_batch_that_cannot_be_built_ends_its_document_and_no_other(
    hall: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = Room.pending

    def fail(room: Room) -> Any:
        if room.key == PAGE:
            raise RuntimeError("a bug")
        return pending(room)

    async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER):
        follower = Follower(live)
        monkeypatch.setattr(Room, "pending", fail)
        bad, good = await asyncio.gather(hall.set("/n", 1), hall.set("/n", 1, OTHER))
        assert isinstance(bad, Rejected)
        assert isinstance(good, Answer)
        assert follower.closed == [1011]
    monkeypatch.undo()
    assert isinstance(await hall.set("/n", 1), Answer)


async def test_a_document_that_cannot_be_reloaded_delays_no_other(
    hall: Inside, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = catching_up.replace_room

    def fail(live: LiveRoom, room: Room, missed: Any, newest: Any = None) -> None:
        if live.key == PAGE:
            raise RuntimeError("a bug")
        replace(live, room, missed, newest)

    async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER):
        follower = Follower(live)
        monkeypatch.setattr(reopening, "replace_room", fail)
        store.faults.append("before")
        await asyncio.gather(hall.set("/n", 1), hall.set("/n", 1, OTHER))
        async with asyncio.timeout(5):
            while isinstance(await hall.set("/n", 2, OTHER), Rejected):
                await asyncio.sleep(0)
            while not follower.closed:
                await asyncio.sleep(0)
        assert follower.closed == [1011]
    monkeypatch.undo()
    assert isinstance(await hall.set("/n", 3), Answer)


async def test_a_document_damaged_while_open_is_closed_and_no_other(
    hall: Inside, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = store.load

    async def fail(key: DocKey) -> Any:
        if key == PAGE:
            raise Corrupt("rotten")
        return await load(key)

    async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER) as other:
        follower, other_follower = Follower(live), Follower(other)
        monkeypatch.setattr(store, "load", fail)
        store.faults.append("before")  # the documents must be reloaded, and one cannot be
        await asyncio.gather(hall.set("/n", 1), hall.set("/n", 1, OTHER))
        while isinstance(await hall.set("/n", 2, OTHER), Rejected):
            await asyncio.sleep(0)
        while not follower.closed:
            await asyncio.sleep(0)
        assert (follower.closed, other_follower.closed) == ([1013], [])
        assert isinstance(await hall.set("/n", 1), Rejected)
    assert PAGE not in hall.hub.lives


@pytest.mark.thorough
async def test_a_failing_snapshot_stops_nothing(
    hall: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = list[Document]()

    def fail(document: Document, **_: bool) -> Draft:
        failed.append(document)
        raise Panic("in the native library")

    monkeypatch.setattr(Document, "draft", fail)
    for number in range(1, 500):
        assert isinstance(await hall.set("/n", number), Answer)
    assert (await hall.read())[0] == 500
    assert failed
