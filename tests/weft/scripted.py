"""A server that answers as a test says, over real sockets."""

from __future__ import annotations

import json
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

import weft

OPENED: dict[str, Any] = {
    "type": "opened",
    "protocol": 1,
    "session": "s-1",
    "user": "ada",
    "role": "editor",
    "epoch": 1,
    "version": 1,
    "value": {"n": 0},
    "presence": [],
    "locks": [],
}


class ScriptedServer:
    """Answers each connection as the test says: with messages, and then maybe a close code.

    `seen` are the messages of the clients. `replies` has one entry for each connection: messages
    to send after `open`, and then a close code, or 0 to stay open. The last one is repeated.
    """

    def __init__(self) -> None:
        self.replies: list[tuple[list[dict[str, Any]], int, str]] = []
        self.seen: list[dict[str, Any]] = []
        self.sockets: list[ServerConnection] = []
        self.url = ""

    def then(self, *messages: dict[str, Any], close: int = 0, reason: str = "") -> None:
        self.replies.append((list(messages), close, reason))

    async def handle(self, socket: ServerConnection) -> None:
        number = min(len(self.sockets), len(self.replies) - 1)
        self.sockets.append(socket)
        messages, code, reason = self.replies[number]
        try:
            self.seen.append(json.loads(await socket.recv()))
            if messages:
                await socket.send(json.dumps(messages if len(messages) > 1 else messages[0]))
            if code == 1006:
                socket.transport.abort()
            elif code:
                await socket.close(code, reason)
            async for frame in socket:
                self.seen.append(json.loads(frame))
        except ConnectionClosed:
            return

    @property
    def opens(self) -> list[dict[str, Any]]:
        return [message for message in self.seen if message["type"] == "open"]


async def opened(server: ScriptedServer, token: Any = "t", **options: Any) -> weft.Page:
    return await weft.connect(server.url, "home", token=token, **options)
