"""Clients send far more requests than the server answers: none is lost, none is answered twice.

Each editor keeps 200 edits without an answer, and the server reads 128 of them at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from server.documents.batch import MAX_BATCH
from server.documents.request_queue import IN_A_TURN
from server.lanes.feed import MOST_UNANSWERED
from tests.faults.editors import close, editors_of, served_page, start_again, until_acked
from tests.faults.locked_file import locked
from tests.faults.log_check import check_log, read_log
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import UNLIMITED, RunningServer

pytestmark = pytest.mark.real

USERS = ("ada", "bo", "cy")
WINDOW = 200


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_an_end_of_the_server_loses_no_request(tmp_path: Path, end: str) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        editors = await editors_of(server, USERS, window=WINDOW)
        spells = [asyncio.create_task(editor.edit(10**6)) for editor in editors]
        await until_acked(editors, 500)
        await asyncio.to_thread(server.stop if end == "stop" else server.kill)
        await asyncio.gather(*spells)
        await close(editors)
        await start_again(server, editors)
        value = await served_page(server)
        await close(editors)
    check_log(await read_log(server.database, "page"), editors, value)


class Watcher:
    """Reads the status of the server."""

    def __init__(self, server: RunningServer, token: str) -> None:
        self._url, self._token = f"{server.http}/status.json", token

    @classmethod
    async def of(cls, server: RunningServer) -> Watcher:
        return cls(server, await server.mint("looks-on", Role.ADMIN))

    async def until_waiting(self, condition: Callable[[int], bool]) -> None:
        """Wait until the document has so many waiting requests."""
        async with asyncio.timeout(PATIENCE):
            while not condition((await self._status())["documents"][0]["waiting"]):
                await asyncio.sleep(0)

    async def until_connected(self, count: int) -> None:
        """Wait until there are so many connections."""
        async with asyncio.timeout(PATIENCE):
            while len((await self._status())["connections"]) != count:
                await asyncio.sleep(0)

    async def _status(self) -> Any:
        return (await asyncio.to_thread(call, "GET", self._url, token=self._token)).body


async def test_a_client_that_vanishes_with_unanswered_requests_leaves_nothing(
    tmp_path: Path,
) -> None:
    """The requests that the server has read are committed, and the connection is forgotten."""
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        bo = await PatchClient.connect(server.ws, "page", await server.mint("bo"), create={})
        ada = await PatchClient.connect(server.ws, "page", await server.mint("ada"))
        watcher = await Watcher.of(server)
        with locked(server):
            for number in range(WINDOW):
                await ada.patch({"op": "add", "path": "/n", "value": number})
            await watcher.until_waiting(lambda waiting: waiting > MOST_UNANSWERED // 2)
            ada.socket.transport.abort()
        await bo.until(lambda: "n" in bo.value)
        await watcher.until_connected(1)
        assert (await bo.set("/n", -1))["type"] == "ack"
        await watcher.until_waiting(lambda waiting: waiting == 0)
        await bo.close()


async def test_a_user_with_many_connections_delays_others_by_one_turn(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        bo = await PatchClient.connect(server.ws, "page", await server.mint("bo"), create={})
        token = await server.mint("ada")
        watcher = await Watcher.of(server)
        flood = [await PatchClient.connect(server.ws, "page", token) for _ in range(12)]
        with locked(server):
            for number, one in enumerate(flood):
                for _ in range(MOST_UNANSWERED):
                    await one.patch({"op": "add", "path": f"/a{number}", "value": number})
            least = len(flood) * MOST_UNANSWERED - MAX_BATCH
            await watcher.until_waiting(lambda waiting: waiting >= least)
            edit = await bo.patch({"op": "add", "path": "/bo", "value": 1})
            await watcher.until_waiting(lambda waiting: waiting > least)
        answer = await bo.answer(edit)
        assert answer["type"] == "ack"
        assert answer["version"] <= 1 + MAX_BATCH + 2 * IN_A_TURN
        for one in flood:
            await one.close()
        await bo.close()
