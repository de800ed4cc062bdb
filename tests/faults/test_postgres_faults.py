"""One server on a real PostgreSQL is killed, and its database is restarted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from storage.store import SqlStore
from tests.faults.editors import close, editors_of, served_page, start_again, until_acked
from tests.faults.figures import record
from tests.faults.interrupted_import import check_kills, check_writer
from tests.faults.log_check import check_log, read_log
from tests.running import UNLIMITED, RunningServer
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer, running_postgres

USERS = ("ada", "bo")


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A cluster for this module only, because its tests stop the cluster."""
    with running_postgres() as server:
        yield server


@pytest.fixture
async def database(cluster: PostgresServer, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"\W", "_", request.node.name)[:60]
    await execute(cluster, f"CREATE DATABASE {name}")
    url = cluster.url(name)
    store = SqlStore(url)
    await store.migrate()
    await store.close()
    return url


async def test_kill_9_loses_nothing(tmp_path: Path, database: str) -> None:
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        editors = await editors_of(server, USERS)
        for _ in range(3):
            spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
            await until_acked(editors, 100)
            server.kill()
            await asyncio.gather(*spells)
            await close(editors)
            await start_again(server, editors)
        value = await served_page(server)
        await close(editors)
    check_log(await read_log(database, "page"), editors, value)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_restarted_database_is_waited_for(
    tmp_path: Path, cluster: PostgresServer, database: str, mode: str
) -> None:
    await _edit_through_restarts(tmp_path, cluster, database, [mode] * 2)


@pytest.mark.long
async def test_twenty_restarts_lose_nothing_and_double_nothing(
    tmp_path: Path, cluster: PostgresServer, database: str
) -> None:
    await _edit_through_restarts(tmp_path, cluster, database, ["fast", "immediate"] * 10)


async def _edit_through_restarts(
    tmp_path: Path, cluster: PostgresServer, database: str, modes: list[str]
) -> None:
    loop = asyncio.get_running_loop()
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        editors = await editors_of(server, USERS)
        downs = []
        for mode in modes:
            spells = [asyncio.create_task(editor.edit(300)) for editor in editors]
            await until_acked(editors, 50)
            await asyncio.to_thread(cluster.stop, mode)
            began = loop.time()
            await asyncio.to_thread(cluster.start)
            up = loop.time()
            await asyncio.gather(*spells)
            downs.append(up - began)
        for editor in editors:
            assert editor.client.socket.close_code is None, "connections stay"
            await editor.finish()
        value = await served_page(server)
        await close(editors)
    assert sum(editor.refused for editor in editors) > 0
    check_log(await read_log(database, "page"), editors, value)
    record(
        f"PostgreSQL restarted, {' and '.join(dict.fromkeys(modes))}",
        restarts=len(modes),
        acked=sum(len(editor.acked) for editor in editors),
        refused=sum(editor.refused for editor in editors),
        down_s=max(downs),
    )


@pytest.mark.parametrize("trouble", ["locked", pytest.param("frozen", marks=pytest.mark.long)])
async def test_a_stop_waits_once_for_a_database_that_does_not_answer(
    tmp_path: Path, cluster: PostgresServer, database: str, trouble: str
) -> None:
    loop = asyncio.get_running_loop()
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        editors = await editors_of(server, USERS)
        spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
        await until_acked(editors, 100)
        async with _trouble(cluster, database, trouble):
            began = loop.time()
            code = await asyncio.to_thread(server.stop)
            seconds = loop.time() - began
            await asyncio.gather(*spells)
        assert code == 0, server.log()
        assert seconds < 10  # docs/operations.md promises this; a bound, not a measurement
        for editor in editors:
            assert editor.client.socket.close_code == 1012
            await editor.close()
        await start_again(server, editors)
        value = await served_page(server)
        await close(editors)
    check_log(await read_log(database, "page"), editors, value)
    record(f"SIGTERM while PostgreSQL is {trouble}", stopped_within_s=seconds)


@asynccontextmanager
async def _trouble(cluster: PostgresServer, database: str, trouble: str) -> AsyncIterator[None]:
    name = database.partition("@/")[2].partition("?")[0]
    holder = await asyncpg.connect(host=str(cluster.root), user="postgres", database=name)
    if trouble == "locked":
        await holder.execute("BEGIN")
        await holder.execute("LOCK TABLE docs IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            await holder.close()
        return
    rows = await holder.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", name)
    own = holder.get_server_pid()
    pids = [cluster.pid, *(row["pid"] for row in rows if row["pid"] != own)]
    cluster.freeze(pids=pids)
    try:
        yield
    finally:
        cluster.thaw(pids=pids)
        await holder.close()


def test_an_import_is_whole_or_not_at_all(tmp_path: Path, database: str) -> None:
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        check_kills(server, 3)


def test_no_edit_lands_in_the_middle_of_an_import(tmp_path: Path, database: str) -> None:
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        check_writer(server)
