"""Asking and not listening, and asking much for little."""

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
from tests.running import RunningServer

UNLIMITED = {
    "WEFT_IN_BYTES_PER_SECOND": "0",
    "WEFT_IN_MESSAGES_PER_SECOND": "0",
    "WEFT_SLOW_SECONDS": "2",
}
STEP_1 = frames.sync_step1(b"\x00")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Nothing but the answers themselves bounds who asks."""
    with RunningServer(tmp_path_factory.mktemp("weft"), env=UNLIMITED) as running:
        yield running


def resident(server: RunningServer) -> int:
    """Bytes of memory that the server has."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def slow_closes(server: RunningServer) -> float:
    """How many were closed for being slow."""
    lines = call("GET", f"{server.http}/metrics").raw.decode().splitlines()
    closes = [line for line in lines if line.startswith("weft_disconnects_total{")]
    return sum(float(line.split()[-1]) for line in closes if f'"{Close.SLOW_CONSUMER}"' in line)


async def ask_on_and_on(socket: Any, frame: str | bytes) -> None:
    """Until the end, which the server makes."""
    with suppress(ConnectionClosed):
        while True:
            await socket.send(frame)
            await asyncio.sleep(0)


async def grows_by(server: RunningServer, user: str, socket: Any, frame: str | bytes) -> int:
    """What it costs in memory that a user asks and asks and reads nothing, until let go."""
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


async def test_pongs_that_nobody_reads_do_not_pile_up(server: RunningServer) -> None:
    one = await Intruder.open(server, "pongs", await server.mint("deaf"), create={})
    ping = json.dumps({"type": "ping", "at": "x" * 100_000})
    assert await grows_by(server, "deaf", one.socket, ping) < 32 << 20


@pytest.mark.parametrize("question", [STEP_1, frames.query_awareness()], ids=["step1", "query"])
async def test_a_yjs_client_that_asks_and_does_not_read_is_let_go(
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
        one.socket.transport.abort()  # unread frames would hold a close up


async def test_of_many_questions_at_once_few_are_answered(server: RunningServer) -> None:
    """Five bytes ask for half a megabyte; a thousand of them for the whole machine."""
    token = await server.mint("asks")
    await (await Intruder.open(server, "asks", token, create={"text": "word " * 100_000})).close()
    socket = await upgrade(server, f"/v1/yjs/asks?token={token}")
    await socket.send(STEP_1 * 100)  # the first and the last of them are put
    for _ in range(10):
        await socket.send(STEP_1)
    answers = told = 0  # of who is there it is told when it comes, and when it asks
    await socket.send(frames.query_awareness())
    async with asyncio.timeout(PATIENCE):
        while True:
            messages = frames.decode(await socket.recv())
            answers += sum(isinstance(one, frames.SyncStep2) for one in messages)
            told += sum(isinstance(one, frames.AwarenessUpdate) for one in messages)
            if answers and told > 1:
                break
    assert 1 <= answers <= 12
    await socket.close()
