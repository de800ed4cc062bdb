"""A probe gets its answer in time, and all probes share one query to a slow database."""

from __future__ import annotations

import asyncio

from collab.ports.store import StorageUnavailable
from server.status.readiness import Readiness
from storage.memory.store import MemoryStore


class SlowStore(MemoryStore):
    """A store that answers a ping only when the test allows it."""

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


async def test_a_slow_database_is_down_and_gets_one_query() -> None:
    store = SlowStore()
    async with asyncio.TaskGroup() as group:
        readiness = Readiness(store, group, within=0.001)
        assert [await readiness.database() for _ in range(5)] == ["down"] * 5
        assert store.pings == 1
        store.may_answer.set()
        await store.answered.wait()
        assert await Readiness(store, group).database() == "ok"


async def test_any_error_of_the_database_means_down() -> None:
    for trouble in (StorageUnavailable(), RuntimeError("a bug")):
        store = SlowStore()
        store.trouble = trouble
        store.may_answer.set()
        async with asyncio.TaskGroup() as group:
            assert await Readiness(store, group).database() == "down"
