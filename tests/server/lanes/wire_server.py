"""A server on a free port with the bounded protocols, and handlers that record messages."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.config import Config
from uvicorn.server import ServerState

from server.http1.uvicorn_protocols import protocol_classes
from server.websocket import frames
from server.websocket.socket import Socket, SocketBounds, take_over

Test = Callable[..., Coroutine[Any, Any, None]]
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}


def on_both_loops(test: Test) -> Callable[..., None]:
    """Run an async test on asyncio's loop and on uvloop."""

    @functools.wraps(test)
    def on_loop(*args: object, loop: str, **kwargs: object) -> None:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(asyncio.wait_for(test(*args, **kwargs), 20))

    signature = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    wider = signature.replace(parameters=[*signature.parameters.values(), loop])
    on_loop.__signature__ = wider  # type: ignore[attr-defined]  # functions take attributes
    marked: Callable[..., None] = pytest.mark.parametrize("loop", list(LOOPS))(on_loop)
    return marked


class Echo:
    """A handler that echoes and records every message."""

    def __init__(self, *, speak: bool = True) -> None:
        self.speak = speak
        self.socket: Socket | None = None
        self.texts: list[bytes] = []
        self.binaries: list[bytes] = []
        self.pongs: list[bytes] = []
        self.writable_again = 0
        self.codes: list[int] = []
        self.changed = asyncio.Condition()
        self.over = asyncio.Event()

    def opened(self, socket: Socket) -> Echo:
        self.socket = socket
        return self

    def on_text(self, message: bytes) -> None:
        self.texts.append(message)
        self._say(frames.text(message))

    def on_binary(self, message: bytes) -> None:
        self.binaries.append(message)
        self._say(frames.binary(message))

    def on_pong(self, payload: bytes) -> None:
        self.pongs.append(payload)

    def on_writable(self) -> None:
        self.writable_again += 1

    def on_close(self, code: int) -> None:
        self.codes.append(code)
        self.over.set()

    def _say(self, data: bytes) -> None:
        if self.speak:
            assert self.socket is not None
            self.socket.write(data)


class Served:
    """A running server: its port, its uvicorn state, and the handlers in order of arrival."""

    def __init__(self) -> None:
        self.port = 0
        self.state = ServerState()
        self.handlers: asyncio.Queue[Any] = asyncio.Queue()

    async def handler(self) -> Any:
        return await asyncio.wait_for(self.handlers.get(), 5)


Endpoint = Callable[[WebSocket], Awaitable[None]]


@asynccontextmanager
async def serving(
    make_handler: Callable[[], Any] = Echo,
    bounds: SocketBounds | None = None,
    endpoint: Endpoint | None = None,
) -> AsyncIterator[Served]:
    """Listen with the server's bounded protocols."""
    served = Served()

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        handler = make_handler()
        take_over(websocket, handler.opened)
        served.handlers.put_nowait(handler)

    app = Starlette(routes=[WebSocketRoute("/live", endpoint or live)])
    http, ws = protocol_classes(bounds or SocketBounds())
    config = Config(app, http=http, ws=ws, lifespan="off", log_config=None)
    config.load()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: http(config, served.state, {}), "127.0.0.1", 0)
    served.port = listening.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        listening.close()
        for connection in list(served.state.connections):
            transport = getattr(connection, "transport", None) or getattr(
                connection, "_transport", None
            )
            assert transport is not None
            transport.abort()
        await listening.wait_closed()
        while served.state.tasks:
            await asyncio.gather(*served.state.tasks, return_exceptions=True)
