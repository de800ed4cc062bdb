"""A probe gets its answer in time, and a slow database is not asked again by each of them."""

from __future__ import annotations

import asyncio

from collab.ports.store import StorageUnavailable
from server.status.readiness import Readiness
from storage.memory.store import MemoryStore


class SlowStore(MemoryStore):
    """Answers a ping when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.pings = 0
        self.may_answer = asyncio.Event()
        self.answered = asyncio.Event()
        self.trouble: Exception | None = None

    async def ping(self) -> None:
        self.pings += 1
        await self.may_answer.wait()
        self.answered.set()
        if self.trouble is not None:
            raise self.trouble


async def test_a_database_that_answers_is_ok() -> None:
    store = SlowStore()
    store.may_answer.set()
    async with asyncio.TaskGroup() as group:
        assert await Readiness(store, group).database() == "ok"


async def test_what_has_not_answered_in_time_is_down_and_is_asked_once() -> None:
    store = SlowStore()
    async with asyncio.TaskGroup() as group:
        readiness = Readiness(store, group, within=0.001)
        assert [await readiness.database() for _ in range(5)] == ["down"] * 5
        assert store.pings == 1
        store.may_answer.set()
        await store.answered.wait()
        assert await Readiness(store, group).database() == "ok"


async def test_whatever_ails_the_database_it_is_down_and_nothing_else_ends() -> None:
    for trouble in (StorageUnavailable(), RuntimeError("a bug")):
        store = SlowStore()
        store.trouble = trouble
        store.may_answer.set()
        async with asyncio.TaskGroup() as group:
            assert await Readiness(store, group).database() == "down"
