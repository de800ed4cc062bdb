"""SIGTERM under load: everybody is told when to come back, and nothing taken in is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.editor import Editor
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import RunningServer

UNLIMITED = {"WEFT_IN_MESSAGES_PER_SECOND": "0", "WEFT_IN_BYTES_PER_SECOND": "0"}
USERS = ("ada", "bo", "cy")


async def test_a_stop_under_load_says_goodbye_and_loses_nothing(tmp_path: Path) -> None:
    await _restart(tmp_path, rounds=2)


@pytest.mark.long
async def test_ten_stops_under_load_lose_nothing(tmp_path: Path) -> None:
    await _restart(tmp_path, rounds=10)


async def _restart(home: Path, *, rounds: int) -> None:
    stops = []
    with RunningServer(home, env=UNLIMITED) as server:
        editors = [Editor(server.ws, "page", user, await server.mint(user)) for user in USERS]
        for editor in editors:
            await editor.connect({user: {} for user in USERS})
        for _ in range(rounds):
            stops.append(await _stop_under_load(server, editors))
            await asyncio.to_thread(server.start)
            for editor in editors:
                await editor.come_back()
        value = call("GET", f"{server.http}/v1/docs/page", token=await server.mint()).body
        for editor in editors:
            await editor.close()
    check_log(await read_log(server.database, "page"), editors, value)
    record("SIGTERM", rounds=rounds, stopped_within_s=max(stops))


async def _stop_under_load(server: RunningServer, editors: list[Editor]) -> float:
    """Stop in the middle of everybody's writing; how long it took."""
    loop = asyncio.get_running_loop()
    before = sum(len(editor.acked) for editor in editors)
    spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
    while sum(len(editor.acked) for editor in editors) < before + 100:
        await asyncio.sleep(0)
    began = loop.time()
    code = await asyncio.to_thread(server.stop)
    seconds = loop.time() - began
    await asyncio.gather(*spells)
    assert code == 0, server.log()
    for editor in editors:
        client = editor.client
        assert client.socket.close_code == 1012
        [told] = [one for one in client.others if one["type"] == "disconnect_notice"]
        assert told["code"] == 1012
        assert 500 <= told["retry_after_ms"] <= 2500
        await editor.close()
    return seconds


@pytest.mark.long
async def test_a_stop_while_the_database_is_locked_ends_in_time(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        client = await PatchClient.connect(
            server.ws, "page", await server.mint("ada"), create={"n": 0}
        )
        with closing(sqlite3.connect(tmp_path / "weft.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = await client.patch({"op": "replace", "path": "/n", "value": 1})
            began = asyncio.get_running_loop().time()
            code = await asyncio.to_thread(server.stop)
            seconds = asyncio.get_running_loop().time() - began
            other.execute("ROLLBACK")
        assert code == 0, server.log()
        assert client.socket.close_code == 1012
        assert waiting not in client.acks
        await client.close()
        await asyncio.to_thread(server.start)
        reply = call("GET", f"{server.http}/v1/docs/page", token=await server.mint())
        assert reply.body in ({"n": 0}, {"n": 1})
    record("SIGTERM while the database is locked", stopped_within_s=seconds)
