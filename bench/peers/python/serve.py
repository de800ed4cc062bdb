"""pycrdt-websocket in memory, on uvicorn with uvloop. It prints its port."""

from __future__ import annotations

import socket

import uvicorn
import uvloop
from pycrdt.websocket import ASGIServer, WebsocketServer  # type: ignore[import-not-found]


async def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(2048)  # before the port is printed, so that no client is refused
    rooms = WebsocketServer()
    config = uvicorn.Config(ASGIServer(rooms), log_level="warning", backlog=2048)
    async with rooms:
        print(listening.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve(sockets=[listening])


uvloop.run(main())
