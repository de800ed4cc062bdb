"""The Yjs lane from within: what is said without being asked, and how a step 1 is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect

from collab.room.rights import Rights, Role
from collab.yjs import awareness, frames
from server import yjs_connection
from server.app import build, socket_bounds
from server.auth import Claims, mint
from server.protocol import bounded
from server.settings import Settings
from storage.memory import MemoryStore

EMPTY = b"\x00"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """An editor's address of a document that is not there yet, on a server in this process."""
    app = build(Settings(), MemoryStore())
    async with app.router.lifespan_context(app):
        services = app.state.services
        now = services.clock.now_ms()
        rights = Rights(Role.EDITOR, now + 60_000)
        key = await services.keyring.ensure_key("demo")
        token = mint(key, Claims("demo", "ada", "Ada", rights, now, kid=""))
        http, ws = bounded(socket_bounds(Settings()))
        config = Config(app, http=http, ws=ws, lifespan="off", log_config=None)
        config.load()
        make = asyncio.get_running_loop().create_server
        listening = await make(lambda: http(config, ServerState(), {}), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/v1/yjs/page?token={token}"
        listening.close()
        await listening.wait_closed()


async def _hear(socket: ClientConnection, count: int) -> list[frames.Message]:
    """So many messages; y-websocket reads one of a frame, so there is no more in it."""
    heard = []
    for _ in range(count):
        frame = await socket.recv()
        assert isinstance(frame, bytes)
        [message] = frames.decode(frame)
        heard.append(message)
    return heard


async def test_the_server_speaks_more_often_than_every_15_seconds(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert yjs_connection.SPEAK_EVERY < 15
    monkeypatch.setattr(yjs_connection, "SPEAK_EVERY", 0.01)
    async with connect(url, compression=None) as socket:
        heard = await _hear(socket, 6)
    # Its step 1 and everybody's awareness; then what says nothing but that it is there.
    assert sum(isinstance(message, frames.SyncStep1) for message in heard) == 1
    spoken = [message for message in heard if isinstance(message, frames.AwarenessUpdate)]
    assert [awareness.decode(message.body) for message in spoken] == [[]] * 5


async def test_a_step_1_is_answered_where_there_is_no_document_yet(url: str) -> None:
    async with connect(url, compression=None) as socket:
        await socket.send(frames.sync_step1(EMPTY))
        heard = await _hear(socket, 3)
    assert frames.SyncStep1(EMPTY) in heard
    assert frames.SyncStep2(b"\x00\x00") in heard


async def test_several_messages_in_a_frame_are_each_answered_in_a_frame_of_their_own(
    url: str,
) -> None:
    async with connect(url, compression=None) as socket:
        await socket.send(frames.sync_step1(EMPTY) + frames.query_awareness())
        heard = await _hear(socket, 4)
    assert sum(isinstance(message, frames.AwarenessUpdate) for message in heard) == 2
    assert sum(isinstance(message, frames.SyncStep2) for message in heard) == 1
