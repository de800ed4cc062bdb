"""A closed HTTP connection leaves nothing in memory."""

from __future__ import annotations

import asyncio
import gc
import weakref

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from server.http1.protocol import WeftHttpProtocol
from tests.patience import PATIENCE


class Wire(asyncio.Transport):
    """A transport that drops what is written. `close` only sets a flag."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self._is_closing = False

    def write(self, data: object) -> None:
        pass

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Kept:
    """An object that a request keeps alive, such as a document's values."""


async def test_a_closed_connection_frees_its_last_request() -> None:
    held: list[weakref.ref[Kept]] = []
    answered = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kept = scope["state"]["kept"] = Kept()
        held.append(weakref.ref(kept))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        answered.set()

    connection = WeftHttpProtocol(Config(app, log_config=None), ServerState(), {})
    gc.disable()
    try:
        connection.connection_made(Wire())
        connection.data_received(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.wait_for(answered.wait(), PATIENCE)
        await asyncio.sleep(0)
        connection.connection_lost(None)
        await asyncio.sleep(0)
        assert [one() for one in held] == [None]
    finally:
        gc.enable()
