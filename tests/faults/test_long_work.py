"""A slow request is applied in a worker thread, so other documents do not wait for it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from collab.errors import Close, Rejected
from collab.ids import DocKey
from collab.ports.store import StorageUnavailable
from collab.room.requests import Answer, PatchRequest, ReadStateVector, Round
from collab.room.room import Room
from server.documents.long_work import MOST_OPS, SLOW, SLOW_FOR
from server.documents.room_state import LiveState
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside, inside
from tests.patience import PATIENCE

OTHER = DocKey("demo", "other")
MANY = [{"op": "add", "path": f"/k{number}", "value": number} for number in range(MOST_OPS + 1)]


class Gate:
    """Blocks a thread that checks a patch of many ops, until the test opens the gate."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        self.threads: list[threading.Thread] = []
        self.breaks = False
        self._opened = threading.Event()
        self._loop = asyncio.get_running_loop()
        judge = Room.apply

        def apply(room: Room, member: Any, request: Any, now: Round) -> Answer:
            if isinstance(request, PatchRequest) and len(request.ops) == len(MANY):
                self.threads.append(threading.current_thread())
                self._loop.call_soon_threadsafe(self.reached.set)
                assert self._opened.wait(PATIENCE)
                if self.breaks:
                    raise RuntimeError("a bug of ours")
            return judge(room, member, request, now)

        patch.setattr(Room, "apply", apply)

    def open(self) -> None:
        self._opened.set()


async def begun(made: Inside, gate: Gate, user: str = "ada") -> asyncio.Task[Answer]:
    """Start a long patch, and wait until a thread checks it."""
    task = asyncio.create_task(made.ask(PatchRequest("long", None, MANY), user=user))
    await gate.reached.wait()
    return task


async def test_other_documents_go_on_while_one_is_working(monkeypatch: pytest.MonkeyPatch) -> None:
    async with inside(MemoryStore()) as made:
        await made.make({"t": ""})
        await made.make({"t": ""}, OTHER)
        known = made.hub.lives[PAGE].known()
        gate = Gate(monkeypatch)
        long = await begun(made, gate)
        live = made.hub.lives[PAGE]
        assert [live.state] == [LiveState.WORKING]
        assert gate.threads != [threading.current_thread()]
        for number in range(5):
            await made.set("/t", number, OTHER)
        assert (await made.read(OTHER))[0] == 6
        assert (await made.read())[0] == 1, "what is being judged shows nowhere"
        assert live.known() == known
        assert made.hub.snapshots.begin_save(live) is None
        gate.open()
        assert (await long).version == 2
        assert [live.state] == [LiveState.OPEN]


async def test_later_requests_of_the_document_wait_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with inside(MemoryStore()) as made:
        await made.make({"t": ""})
        gate = Gate(monkeypatch)
        long = await begun(made, gate)
        follower = Follower(made.hub.lives[PAGE])
        later = [asyncio.create_task(made.set("/t", number)) for number in range(3)]
        read = asyncio.create_task(made.ask(ReadStateVector()))
        await asyncio.sleep(0)
        assert not any(task.done() for task in (*later, read))
        gate.open()
        answers = [await task for task in (long, *later, read)]
        versions = [answer.version for answer in answers if isinstance(answer, Answer)]
        assert versions == sorted(versions)
        assert follower.version == 5
        version, value = await made.read()
        assert version == 5
        assert value == {"t": 2, **{f"k{number}": number for number in range(len(MANY))}}


async def test_a_bug_in_a_long_request_fails_that_request_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with inside(MemoryStore()) as made:
        await made.make({"t": ""})
        gate = Gate(monkeypatch)
        long = await begun(made, gate)
        later = asyncio.create_task(made.set("/t", "after"))
        gate.breaks = True
        gate.open()
        with pytest.raises(RuntimeError, match="a bug of ours"):
            await long
        assert isinstance(await later, Answer)
        assert await made.read() == (2, {"t": "after"})


async def test_a_document_that_is_deleted_meanwhile_answers_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with inside(MemoryStore()) as made:
        await made.make({"t": ""})
        gate = Gate(monkeypatch)
        long = await begun(made, gate)
        live = made.hub.lives[PAGE]
        follower = Follower(live)
        await made.hub.delete(live)
        assert follower.closed == [Close.NOT_FOUND]
        gate.open()
        with pytest.raises(Rejected, match="not_found"):
            await long
        assert live.state is LiveState.CLOSED
        await made.make({"new": True})
        assert (await made.read())[1] == {"new": True}


class Failing(MemoryStore):
    """A store that answers no commit while the test says so."""

    fails = False

    async def commit(self, batch: Any) -> Any:
        if self.fails:
            raise StorageUnavailable
        return await super().commit(batch)

    async def ping(self) -> None:
        if self.fails:
            raise StorageUnavailable


async def test_a_database_fault_meanwhile_loses_no_acked_edit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the long request the document meets the fault, and its author may retry."""
    store = Failing()
    async with inside(store) as made:
        await made.make({"t": ""})
        await made.make({"t": ""}, OTHER)
        gate = Gate(monkeypatch)
        long = await begun(made, gate)
        store.fails = True
        refused = await made.set("/t", 1, OTHER)
        assert isinstance(refused, Rejected)
        gate.open()
        with pytest.raises(Rejected, match="storage_unavailable"):
            await long
        store.fails = False
        again = made.ask(PatchRequest("long", None, MANY))
        answer = await asyncio.wait_for(_sooner_or_later(again, made), PATIENCE)
        assert answer.version == 2


async def _sooner_or_later(first: Any, made: Inside) -> Answer:
    """Repeat the request until the database works. Return its answer."""
    asked = first
    while True:
        try:
            answer: Answer = await asked
        except Rejected:
            await asyncio.sleep(0)
            asked = made.ask(PatchRequest("long", None, MANY))
        else:
            return answer


async def test_after_a_stall_of_the_machine_a_document_is_checked_on_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge, judged = Room.apply, list[threading.Thread]()
    async with inside(MemoryStore()) as made:
        await made.make({"t": ""}, PAGE)

        def apply(room: Room, member: Any, request: Any, now: Round) -> Answer:
            judged.append(threading.current_thread())
            made.clock.stall(1.0)
            return judge(room, member, request, now)

        monkeypatch.setattr(Room, "apply", apply)
        for number in range(3):
            await made.set("/t", number)
        assert judged == [threading.current_thread()] * 3


async def test_after_a_slow_request_a_document_is_checked_in_a_thread_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge, judged = Room.apply, list[bool]()
    async with inside(MemoryStore()) as made:
        for key in (PAGE, OTHER):
            await made.make({"t": ""}, key)
        loop_thread, takes = threading.current_thread(), SLOW * 1.01

        def apply(room: Room, member: Any, request: Any, now: Round) -> Answer:
            judged.append(threading.current_thread() is loop_thread)
            made.clock.advance(takes)
            return judge(room, member, request, now)

        monkeypatch.setattr(Room, "apply", apply)
        await made.set("/t", 1)
        takes = SLOW * 0.99
        for wait in (0.0, SLOW_FOR * 0.9, SLOW_FOR * 0.2, 0.0):
            made.clock.advance(wait)
            await made.set("/t", wait + 2)
        await made.set("/t", 1, OTHER)
        assert judged == [True, False, False, True, True, True]
