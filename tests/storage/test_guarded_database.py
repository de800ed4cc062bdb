"""A guarded database: what reaches a database that does not answer, and when calls pass again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from inspect import getmembers, isfunction
from typing import Any

import pytest
from sqlalchemy import Connection

from collab.ports.availability import BreakerState
from collab.ports.store import Corrupt, StorageUnavailable
from storage import guarded_database
from storage.database import Database
from storage.guarded_database import GuardedDatabase
from tests.held_store import until
from tests.storage.scripted_database import READS, WRITES, ScriptedDatabase

# These methods are for the start, the stop and `weft migrate`.
UNGUARDED = ("check", "migrate", "close")


def job(connection: Connection) -> None:
    raise AssertionError("the database is scripted, so no job runs")


def readable(connection: Connection) -> None:
    job(connection)


def writable(connection: Connection) -> None:
    job(connection)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_database, "PROBE_EVERY", 0)


@pytest.fixture
def scripted() -> ScriptedDatabase:
    return ScriptedDatabase()


@pytest.fixture
def guarded(scripted: ScriptedDatabase) -> GuardedDatabase:
    return GuardedDatabase(scripted, readable, writable, lambda spread: spread)


@asynccontextmanager
async def watched(guarded: GuardedDatabase) -> AsyncIterator[GuardedDatabase]:
    """Run `watch` for the length of a block; check that it has not ended by itself."""
    watching = asyncio.create_task(guarded.watch(), name="watch")
    try:
        yield guarded
        assert not watching.done()
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def call(guarded: GuardedDatabase, name: str) -> Any:
    arguments = (job, str, job) if name == "write_in_two_steps" else (job,)
    method: Callable[..., Any] = getattr(guarded, name)
    return method(*arguments)


async def refuse(guarded: GuardedDatabase, name: str) -> str:
    """Return the sentence with which a call fails."""
    with pytest.raises(StorageUnavailable) as error:
        await call(guarded, name)
    return str(error.value)


def openings(guarded: GuardedDatabase) -> list[int]:
    return [each.openings for each in guarded.breakers()]


def opened(guarded: GuardedDatabase) -> list[str]:
    return [each.calls for each in guarded.breakers() if each.is_open]


async def until_open(guarded: GuardedDatabase, *names: str) -> None:
    """Let one call of each of these methods fail, and wait for the probes to fail too."""
    for name in names:
        await refuse(guarded, name)
    kinds = sorted({"reads" if name in READS else "writes" for name in names})
    await until(lambda: opened(guarded) == kinds)


# --- every call is guarded ------------------------------------------------------------------


def test_every_call_of_a_database_is_a_read_a_write_or_for_the_start() -> None:
    methods = {name for name, _ in getmembers(Database, isfunction)}
    assert {name for name in methods if not name.startswith("_")} == {*READS, *WRITES, *UNGUARDED}


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_a_call_passes_with_its_arguments_while_the_database_answers(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, name: str
) -> None:
    assert await call(guarded, name) == name
    wanted = (job, str, job) if name == "write_in_two_steps" else (job,)
    assert (scripted.reached, scripted.arguments) == ([name], [wanted])


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_no_call_reaches_a_database_that_does_not_answer(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, name: str
) -> None:
    scripted.stop()
    async with watched(guarded):
        await until_open(guarded, name)
        scripted.arguments.clear()
        for _ in range(20):
            assert "are refused" in await refuse(guarded, name)
            await asyncio.sleep(0)
        probes = [(readable,) if name in READS else (writable,)] * len(scripted.arguments)
        assert scripted.arguments == probes
        scripted.start()
        await until(lambda: opened(guarded) == [])
        assert await call(guarded, name) == name


async def test_the_start_and_the_stop_reach_a_database_that_does_not_answer(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.stop()
    async with watched(guarded):
        await until_open(guarded, "read", "write")
        await guarded.check()
        assert await guarded.migrate(repr) == "migrate"
        await guarded.close()


# --- what opens a breaker -------------------------------------------------------------------


async def test_a_full_disk_refuses_no_read(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.down.update(WRITES)
    async with watched(guarded):
        await until_open(guarded, "commit")
        for name in READS:
            assert await call(guarded, name) == name
        assert opened(guarded) == ["writes"]


@pytest.mark.parametrize("name", ["read_long", "commit"])
async def test_a_call_that_fails_alone_opens_nothing(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, name: str
) -> None:
    """As a slow query does, or a row that another transaction has locked."""
    scripted.down.add(name)
    async with watched(guarded):
        for _ in range(20):
            assert "as ordered" in await refuse(guarded, name)
            await asyncio.sleep(0)
        probe = "read" if name in READS else "write_first"
        await until(lambda: probe in scripted.reached)
    assert openings(guarded) == [0, 0]


async def test_a_long_read_opens_nothing(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.frozen.add("read_long")
    async with watched(guarded):
        reading = asyncio.create_task(call(guarded, "read_long"))
        await until(lambda: scripted.reached)
        for _ in range(20):
            assert await call(guarded, "read") == "read"
        scripted.thaw()
        assert await reading == "read_long"
    assert "write_first" not in scripted.reached
    assert openings(guarded) == [0, 0]


@pytest.mark.parametrize("error", [Corrupt("torn"), ValueError("wrong"), KeyError("a bug")])
async def test_an_error_that_is_an_answer_makes_no_probe(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, error: Exception
) -> None:
    scripted.errors["write"] = [error] * 3
    async with watched(guarded):
        for _ in range(3):
            with pytest.raises(type(error)):
                await call(guarded, "write")
            await asyncio.sleep(0)
    assert scripted.reached == ["write"] * 3


async def test_a_cancelled_call_makes_no_probe(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.frozen.add("read")
    async with watched(guarded):
        reading = asyncio.create_task(call(guarded, "read"))
        await until(lambda: scripted.reached)
        reading.cancel()
        await asyncio.wait([reading])
    assert scripted.reached == ["read"]


async def test_a_connection_that_the_database_closed_opens_nothing(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.errors["commit"] = [StorageUnavailable("closed")]
    scripted.errors["write_first"] = [StorageUnavailable("closed"), None]
    async with watched(guarded):
        await refuse(guarded, "commit")
        await until(lambda: scripted.reached.count("write_first") == 2)
        assert await call(guarded, "commit") == "commit"
    assert openings(guarded) == [0, 0]


async def test_a_call_that_succeeds_during_the_probe_counts_more_than_the_probe(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.down.add("write_first")
    scripted.frozen.add("write_first")
    scripted.errors["commit"] = [StorageUnavailable("closed")]
    async with watched(guarded):
        await refuse(guarded, "commit")
        await until(lambda: "write_first" in scripted.reached)
        assert await call(guarded, "commit") == "commit"
        scripted.thaw()
        for _ in range(20):
            await asyncio.sleep(0)
    assert openings(guarded) == [0, 0]


async def test_a_frozen_database_opens_the_breaker(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_database, "PROBE_SECONDS", 0)
    scripted.errors["read"] = [StorageUnavailable("no answer within the deadline")]
    async with watched(guarded):
        await refuse(guarded, "read")
        scripted.frozen.add("read")
        await until(lambda: opened(guarded) == ["reads"])
        monkeypatch.setattr(guarded_database, "PROBE_SECONDS", 60)
        scripted.thaw()
        await until(lambda: opened(guarded) == [])
    assert openings(guarded) == [1, 0]


async def test_without_a_watch_no_call_is_refused(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.stop()
    for _ in range(20):
        assert "as ordered" in await refuse(guarded, "read")
    assert scripted.reached == ["read"] * 20


# --- what closes a breaker ------------------------------------------------------------------


async def test_the_watch_finds_out_that_the_database_is_back_without_a_call(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    scripted.stop()
    async with watched(guarded):
        for times in (1, 2, 3):
            await until_open(guarded, "read", "write")
            scripted.start()
            await until(lambda: opened(guarded) == [])
            assert openings(guarded) == [times, times]
            scripted.stop()
    assert guarded.breakers()[0] == BreakerState("reads", is_open=False, openings=3)


async def test_a_ping_reaches_the_database_and_closes_both_breakers(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.stop()
    async with watched(guarded):
        await until_open(guarded, "read", "write")
        # The watch now waits for longer than the test takes.
        monkeypatch.setattr(guarded_database, "PROBE_EVERY", 3600)
        for _ in range(5):
            await asyncio.sleep(0)
        with pytest.raises(StorageUnavailable, match="as ordered"):
            await guarded.ping()
        assert opened(guarded) == ["reads", "writes"]
        scripted.start()
        await guarded.ping()
        assert opened(guarded) == []


async def test_a_failed_ping_makes_a_probe(
    guarded: GuardedDatabase, scripted: ScriptedDatabase
) -> None:
    """So the probes of a load balancer find out that the database is frozen."""
    scripted.down.update(WRITES)
    async with watched(guarded):
        with pytest.raises(StorageUnavailable):
            await guarded.ping()
        await until(lambda: opened(guarded) == ["writes"])


async def test_a_bug_in_a_probe_ends_no_watch_and_refuses_no_call(
    guarded: GuardedDatabase, scripted: ScriptedDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.errors["commit"] = [StorageUnavailable("down"), None]
    scripted.errors["write_first"] = [KeyError("a bug")]
    async with watched(guarded):
        await refuse(guarded, "commit")
        await until(lambda: "write_first" in scripted.reached)
        assert await call(guarded, "commit") == "commit"
        scripted.stop()
        await until_open(guarded, "commit")
    assert "a probe of the database failed with an error of its own" in caplog.text
