"""Clients that ask and do not read the answers, and small requests with large answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from collab.errors import Close
from collab.yjs import frames
from tests.attacks.attacker import Intruder, upgrade
from tests.live.farewell import until_let_go
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import UNLIMITED, RunningServer
from tests.yjs_peer import QUERY_AWARENESS

HURRIED = {**UNLIMITED, "WEFT_SLOW_SECONDS": "2"}
STEP_1 = frames.sync_step1(b"\x00")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without inbound budgets: only unread answers limit a client."""
    with RunningServer(tmp_path_factory.mktemp("weft"), env=HURRIED) as running:
        yield running


def resident(server: RunningServer) -> int:
    """Return the server's resident memory in bytes."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def slow_closes(server: RunningServer) -> float:
    """Return how many connections were closed because they read too slowly."""
    lines = call("GET", f"{server.http}/metrics").raw.decode().splitlines()
    closes = [line for line in lines if line.startswith("weft_disconnects_total{")]
    return sum(float(line.split()[-1]) for line in closes if f'"{Close.SLOW_CONSUMER}"' in line)


async def ask_on_and_on(socket: Any, frame: str | bytes) -> None:
    """Ask until the server closes the connection."""
    with suppress(ConnectionClosed):
        while True:
            await socket.send(frame)
            await asyncio.sleep(0)


async def grows_by(server: RunningServer, user: str, socket: Any, frame: str | bytes) -> int:
    """Ask without reading until the server closes. Return the growth of the server's memory."""
    before, closes = resident(server), slow_closes(server)
    socket.transport.pause_reading()
    asking = asyncio.create_task(ask_on_and_on(socket, frame), name="asks")
    await until_let_go(server, user, lambda: asyncio.sleep(0))
    grown = resident(server) - before
    socket.transport.abort()
    await asking
    async with asyncio.timeout(PATIENCE):
        while slow_closes(server) == closes:
            await asyncio.sleep(0)
    return grown


async def test_unread_pongs_do_not_pile_up(server: RunningServer) -> None:
    one = await Intruder.open(server, "pongs", await server.mint("deaf"), create={})
    ping = json.dumps({"type": "ping", "at": "x" * 100_000})
    assert await grows_by(server, "deaf", one.socket, ping) < 32 << 20


@pytest.mark.parametrize("question", [STEP_1, QUERY_AWARENESS], ids=["step1", "query"])
async def test_a_yjs_client_that_asks_and_does_not_read_is_closed(
    server: RunningServer, question: bytes
) -> None:
    token = await server.mint("crowd")
    text = {"text": "word " * 100_000}
    crowd = [await Intruder.open(server, "deaf-yjs", token, create=text) for _ in range(20)]
    for one in crowd:
        await one.say({"type": "presence", "state": {"x": "y" * 2000}})
    user = f"deaf-{question.hex()}"
    socket = await upgrade(server, f"/v1/yjs/deaf-yjs?token={await server.mint(user)}")
    assert await grows_by(server, user, socket, question) < 48 << 20
    for one in crowd:
        one.socket.transport.abort()  # unread frames would delay a close


async def test_few_of_many_pending_questions_are_answered(server: RunningServer) -> None:
    """A question of five bytes has an answer of half a megabyte; a thousand would fill memory."""
    token = await server.mint("asks")
    await (await Intruder.open(server, "asks", token, create={"text": "word " * 100_000})).close()
    socket = await upgrade(server, f"/v1/yjs/asks?token={token}")
    await socket.send(STEP_1 * 100)  # the server answers the first and the last of them
    for _ in range(10):
        await socket.send(STEP_1)
    answers = told = 0  # presence comes when the client joins, and when it asks
    await socket.send(QUERY_AWARENESS)
    async with asyncio.timeout(PATIENCE):
        while True:
            messages = frames.decode(await socket.recv())
            answers += sum(isinstance(one, frames.SyncStep2) for one in messages)
            told += sum(isinstance(one, frames.AwarenessUpdate) for one in messages)
            if answers and told > 1:
                break
    assert 1 <= answers <= 12
    await socket.close()
