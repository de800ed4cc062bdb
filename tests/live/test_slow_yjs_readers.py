"""A slow Yjs client gets one diff for all updates that it missed, and no notice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pycrdt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from collab.yjs import frames
from tests.live.conftest import Join
from tests.live.farewell import until_let_go
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import UNLIMITED, RunningServer

EDITS = 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=UNLIMITED) as running:
        yield running


class YjsReader:
    """A y-protocols client that keeps a Y.Doc and counts the updates that it received."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self.sizes: list[int] = []

    @classmethod
    async def open(cls, server: RunningServer, doc: str, token: str) -> YjsReader:
        socket = await connect(
            f"{server.ws}/v1/yjs/{doc}?token={token}", max_size=None, open_timeout=PATIENCE
        )
        reader = cls(socket)
        await socket.send(frames.sync_step1(b"\x00"))
        while not await reader.read_one():
            pass
        reader.sizes.clear()
        return reader

    async def read_one(self) -> bool:
        """Read one frame. Return whether it was an update or a step 2."""
        update = False
        for message in frames.decode(await self.socket.recv()):
            if isinstance(message, frames.SyncStep2 | frames.SyncUpdate):
                self.doc.apply_update(message.update)
                self.sizes.append(len(message.update))
                update = True
        return update

    async def read_until_like(self, other: YjsReader) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.doc.get_state() != other.doc.get_state():
                await self.read_one()


async def _fill(writer: PatchClient, edits: int) -> None:
    """Make edits of 10 KB that replace the whole text."""
    for _ in range(edits):
        await writer.set("/text", f"{writer.version:05d}" * 2_000)


async def test_a_stopped_yjs_reader_gets_one_diff_when_it_reads_again(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    writer = await join(doc, ada, create={"text": ""})
    slow = await YjsReader.open(server, doc, bo)
    slow.socket.transport.pause_reading()
    await _fill(writer, EDITS)
    fresh = await YjsReader.open(server, doc, bo)
    slow.socket.transport.resume_reading()
    await slow.read_until_like(fresh)
    assert len(slow.sizes) < EDITS / 2, "what the socket had taken in, and one diff"
    await writer.set("/text", "the end")
    await fresh.read_one()
    await slow.read_until_like(fresh)
    await slow.socket.close()
    await fresh.socket.close()


async def test_a_yjs_reader_that_never_reads_is_closed_without_a_notice(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, env={**UNLIMITED, "WEFT_SLOW_SECONDS": "2"}) as server:
        writer = await PatchClient.connect(
            server.ws, "page", await server.mint("ada"), create={"text": ""}
        )
        slow = await YjsReader.open(server, "page", await server.mint("bo"))
        slow.socket.transport.pause_reading()
        await until_let_go(server, "bo", lambda: _fill(writer, 10))
        slow.socket.transport.resume_reading()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                while True:
                    await slow.read_one()
        assert slow.socket.close_code == 4508
        await writer.close()
