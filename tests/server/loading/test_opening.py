"""Opening: the document and its locks are read at one revision, and long ones in turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from collab.document.opening import Opening
from collab.entry import Author
from collab.locks.terms import DEFAULT_TERMS
from collab.ports.locks import StoredLock
from collab.ports.store import Absent, StorageUnavailable, Stored
from server.loading.opening import TRIES, TURN, OpeningScheduler, read_document
from server.runtime.database_clock import DatabaseClock
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, inside
from tests.held_store import HeldCalls, held
from tests.manual_clock import ManualClock

LOCK = StoredLock("l-1", "/n", Author("ada"), 1, 0, 2**53, b"hash", version=1)


async def stored() -> tuple[MemoryStore, MemoryStore, HeldCalls]:
    store = MemoryStore()
    async with inside(store) as made:
        await made.make({"n": 0})
    port, calls = held(store)
    return store, port, calls


async def read(port: MemoryStore) -> tuple[Stored | Absent, int, list[str]]:
    time = DatabaseClock(port, ManualClock())
    found, locks = await read_document(port, time, PAGE, DEFAULT_TERMS)
    return found, locks.revision, [lock.id for lock in locks.held]


async def test_a_lock_that_is_written_between_the_two_reads_is_read_with_its_document() -> None:
    store, port, calls = await stored()
    calls.hold("locks")
    reading = asyncio.create_task(read(port))
    await calls.reached("locks")
    await store.save_locks(PAGE, revision=0, put=[LOCK], drop=[])
    calls.release("locks")
    found, revision, ids = await reading
    assert isinstance(found, Stored)
    assert (found.control.revision, revision, ids) == (1, 1, ["l-1"])
    assert len(calls.of("load")) == 2


async def test_reading_gives_up_after_so_many_tries() -> None:
    _, port, calls = await stored()
    for number in range(TRIES):
        calls.answer_next("locks", (number + 5, []))
    with pytest.raises(StorageUnavailable):
        await read(port)
    assert len(calls.of("load")) == TRIES


async def test_the_clock_of_the_database_is_read_only_for_a_document_with_locks() -> None:
    store, port, calls = await stored()
    await read(port)
    assert calls.of("now") == []
    await store.save_locks(PAGE, revision=0, put=[LOCK], drop=[])
    await read(port)
    assert len(calls.of("now")) == 1


async def test_a_missing_document_has_the_revision_that_it_ended_with() -> None:
    store, port, _ = await stored()
    await store.delete(PAGE, 5)
    found, revision, ids = await read(port)
    assert isinstance(found, Absent)
    assert (revision, ids) == (found.revision, [])


class Turns(Opening):
    """An opening that needs several turns."""

    def __init__(self, turns: int, clock: ManualClock, log: list[str], name: str) -> None:
        self.left, self.clock, self.log, self.name = turns, clock, log, name

    @property
    def is_long(self) -> bool:
        return False

    def apply_some(self, seconds: Callable[[], float], most: float) -> bool:
        assert most == TURN
        self.log.append(self.name)
        self.left -= 1
        return self.left == 0


async def test_documents_that_need_several_turns_share_one_sequence_of_turns() -> None:
    clock, log = ManualClock(), list[str]()
    scheduler = OpeningScheduler(clock)
    openings = [Turns(3, clock, log, name) for name in "ab"]
    await asyncio.gather(*(scheduler.load(one) for one in openings))
    assert sorted(log) == list("aaabbb")
    assert all(one.left == 0 for one in openings)


async def test_each_turn_is_watched() -> None:
    clock, log = ManualClock(), list[str]()
    entered = []

    class Watching:
        def __enter__(self) -> None:
            entered.append(len(log))

        def __exit__(self, *_: object) -> None: ...

    await OpeningScheduler(clock).load(Turns(2, clock, log, "a"), Watching)
    assert entered == [0, 1]
