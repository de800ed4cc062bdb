"""Fixtures of the client's tests: a real server for a module, and a scripted one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import serve

from tests.live.conftest import doc, join_yjs, peers, server
from tests.weft.scripted import ScriptedServer

__all__ = ["doc", "join_yjs", "peers", "server"]


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    made = ScriptedServer()
    async with serve(made.handle, "127.0.0.1", 0, subprotocols=None) as listening:
        (socket,) = listening.sockets
        made.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        yield made
