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

from collab.yjs import frames
from tests.attacks.attacker import Intruder, upgrade
from tests.running import RunningServer

UNLIMITED = {
    "WEFT_IN_BYTES_PER_SECOND": "0",
    "WEFT_IN_MESSAGES_PER_SECOND": "0",
    "WEFT_SLOW_SECONDS": "1",
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


async def until_let_go(socket: Any, frame: str | bytes) -> None:
    """Ask and ask, and read nothing."""
    socket.transport.pause_reading()
    async with asyncio.timeout(30):
        while socket.close_code is None:
            with suppress(ConnectionClosed):
                await socket.send(frame)
            await asyncio.sleep(0)


async def test_pongs_that_nobody_reads_do_not_pile_up(server: RunningServer) -> None:
    one = await Intruder.open(server, "pongs", await server.mint("deaf"), create={})
    before = resident(server)
    await until_let_go(one.socket, json.dumps({"type": "ping", "at": "x" * 100_000}))
    assert resident(server) - before < 32 << 20


@pytest.mark.parametrize("question", [STEP_1, frames.query_awareness()], ids=["step1", "query"])
async def test_a_yjs_client_that_asks_and_does_not_read_is_let_go(
    server: RunningServer, question: bytes
) -> None:
    token = await server.mint("deaf")
    text = {"text": "word " * 100_000}
    crowd = [await Intruder.open(server, "deaf-yjs", token, create=text) for _ in range(20)]
    for one in crowd:
        await one.say({"type": "presence", "state": {"x": "y" * 2000}})
    socket = await upgrade(server, f"/v1/yjs/deaf-yjs?token={token}")
    before = resident(server)
    await until_let_go(socket, question)
    assert resident(server) - before < 48 << 20
    for one in crowd:
        one.socket.transport.abort()  # unread frames would hold a close up


async def test_of_many_questions_at_once_few_are_answered(server: RunningServer) -> None:
    """Five bytes ask for half a megabyte; a thousand of them for the whole machine."""
    token = await server.mint("asks")
    await (await Intruder.open(server, "asks", token, create={"text": "word " * 100_000})).close()
    socket = await upgrade(server, f"/v1/yjs/asks?token={token}")
    await socket.send(STEP_1 * 100)
    for _ in range(30):
        await socket.send(STEP_1)
    answers = 0
    await socket.send(frames.query_awareness())
    async with asyncio.timeout(20):
        while True:
            messages = frames.decode(await socket.recv())
            answers += sum(isinstance(one, frames.SyncStep2) for one in messages)
            if answers and any(isinstance(one, frames.AwarenessUpdate) for one in messages):
                break
    assert 1 <= answers <= 20
    await socket.close()
