"""On SIGTERM under load every client is told when to reconnect, and no edit is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from collab.rights.user_rights import Role
from server.websocket.socket import SocketBounds
from storage.database import LOCK_SECONDS
from tests.faults.editor import Editor
from tests.faults.editors import close, editors_of, served_page, start_again, until_acked
from tests.faults.figures import record
from tests.faults.locked_file import locked
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import UNLIMITED, RunningServer

HURRIED = {**UNLIMITED, "WEFT_DRAIN_SECONDS": "3"}  # much shorter than the wait for a lock
USERS = ("ada", "bo", "cy")


async def test_a_stop_under_load_notifies_clients_and_loses_nothing(tmp_path: Path) -> None:
    await _restart(tmp_path, rounds=2)


@pytest.mark.long
async def test_ten_stops_under_load_lose_nothing(tmp_path: Path) -> None:
    await _restart(tmp_path, rounds=10)


async def _restart(home: Path, *, rounds: int) -> None:
    stops = []
    with RunningServer(home, env=UNLIMITED) as server:
        editors = await editors_of(server, USERS)
        for _ in range(rounds):
            stops.append(await _stop_under_load(server, editors))
            await start_again(server, editors)
        value = await served_page(server)
        await close(editors)
    check_log(await read_log(server.database, "page"), editors, value)
    record("SIGTERM", rounds=rounds, stopped_within_s=max(stops))


async def _stop_under_load(server: RunningServer, editors: list[Editor]) -> float:
    """Stop the server while all editors write. Return how long the stop took."""
    loop = asyncio.get_running_loop()
    spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
    await until_acked(editors, 100)
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


async def _stop_in_time(server: RunningServer) -> float:
    """Stop the server while another process holds the file: it must not wait for that lock."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    code = await asyncio.to_thread(server.stop)
    seconds = loop.time() - began
    assert code == 0, server.log()
    # A bound, not a measurement: waiting for the lock alone would take this long.
    assert seconds < LOCK_SECONDS
    return seconds


async def test_a_stop_while_the_database_is_locked_ends_in_time_and_loses_nothing(
    tmp_path: Path,
) -> None:
    """Acknowledged edits are there; the others are accepted once when the client resends them."""
    with RunningServer(tmp_path, env=HURRIED) as server:
        editors = await editors_of(server, USERS)
        spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
        await until_acked(editors, 100)
        with locked(server):
            seconds = await _stop_in_time(server)
            await asyncio.gather(*spells)
            waiting = sum(len(editor.waiting) for editor in editors)
        for editor in editors:
            assert editor.client.socket.close_code == 1012
            await editor.close()
        await start_again(server, editors)
        value = await served_page(server)
        await close(editors)
    assert waiting > 0
    check_log(await read_log(server.database, "page"), editors, value)
    record("SIGTERM while the database is locked", stopped_within_s=seconds)


async def test_a_stop_waits_for_no_snapshot_when_the_database_is_locked(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=HURRIED) as server:
        client = await PatchClient.connect(
            server.ws, "page", await server.mint("ada"), create={"n": 0}
        )
        await client.set("/n", 1)
        with locked(server):
            seconds = await _stop_in_time(server)
        assert client.socket.close_code == 1012
        await client.close()
        await asyncio.to_thread(server.start)
        reply = call("GET", f"{server.http}/v1/docs/page", token=await server.mint())
        assert reply.body == {"n": 1}
    record("SIGTERM, database locked, nothing under way", stopped_within_s=seconds)


async def test_a_stop_does_not_wait_for_a_silent_client_and_keeps_the_audit_trail(
    tmp_path: Path,
) -> None:
    """A client whose page sleeps, or whose network is gone, never answers the close frame."""
    loop = asyncio.get_running_loop()
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada", Role.ADMIN)
        client = await PatchClient.connect(server.ws, "page", token, create={"n": 0})
        silent = await PatchClient.connect(server.ws, "page", token, read=False)
        silent.socket.transport.pause_reading()
        stranger = await connect(f"{server.ws}/v1/docs/page/live")
        stranger.transport.pause_reading()
        await client.set("/n", 1)
        name = {"name": "last"}
        url = f"{server.http}/v1/docs/page"
        reply = await asyncio.to_thread(call, "POST", f"{url}/versions", name, token=token)
        assert reply.status == 201
        began = loop.time()
        code = await asyncio.to_thread(server.stop)
        seconds = loop.time() - began
        assert code == 0, server.log()
        # A bound, not a measurement: waiting for its answer alone would take this long.
        assert seconds < SocketBounds().close_within
        assert client.socket.close_code == 1012
        stranger.transport.abort()
        await silent.close()
        await client.close()
        await asyncio.to_thread(server.start)
        rows = call("GET", f"{url}/audit", token=token).body["items"]
    actions = [row["action"] for row in rows]
    assert "name" in actions, rows
    assert actions.count("close") == 2, rows
    record("SIGTERM, one silent client", stopped_within_s=seconds)


@pytest.mark.long
async def test_a_stop_while_documents_are_read_only_ends_in_time(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=HURRIED) as server:
        client = await PatchClient.connect(
            server.ws, "page", await server.mint("ada"), create={"n": 0}
        )
        other = await PatchClient.connect(
            server.ws, "other", await server.mint("ada"), create={"n": 0}
        )
        with locked(server):
            refused = await client.set("/n", 1)
            assert refused["code"] == "storage_unavailable"
            seconds = await _stop_in_time(server)
        assert client.socket.close_code == other.socket.close_code == 1012
        await client.close()
        await other.close()
        await asyncio.to_thread(server.start)
        reply = call("GET", f"{server.http}/v1/docs/page", token=await server.mint())
        assert reply.body == {"n": 0}
    record("SIGTERM while documents are read-only", stopped_within_s=seconds)
