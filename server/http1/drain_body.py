"""Reads and drops the rest of a request's body before a refusal is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 3.0
MOST = 16 << 20


class DrainBody:
    """ASGI middleware that reads and drops the rest of a body before it sends a refusal.

    If the server closes the connection while a client still sends, the client gets a broken pipe
    instead of the refusal. A client that sent `Expect` waits before it sends its body, so this
    class sends its refusal at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(name == b"expect" for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        whole = False

        async def receive_and_note() -> Message:
            nonlocal whole
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        async def drain_and_send(message: Message) -> None:
            refused = message["type"] == "http.response.start" and message["status"] >= 400
            if refused and not whole:
                await _drain(receive)
            await send(message)

        await self._app(scope, receive_and_note, drain_and_send)


async def _drain(receive: Receive) -> None:
    """Read and drop the rest of a body, up to `MOST` bytes and `SECONDS`."""
    dropped, more = 0, True
    try:
        async with asyncio.timeout(SECONDS):
            while more and dropped <= MOST:
                message = await receive()
                dropped += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        return
