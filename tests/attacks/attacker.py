"""Sockets for an attacker, and two bystanders that the attack must not disturb."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import RunningServer

Message = dict[str, Any]


async def upgrade(server: RunningServer, path: str, *subprotocols: str, **options: Any) -> Any:
    """Open a WebSocket that has sent no message yet."""
    offered = [Subprotocol(each) for each in subprotocols] or None
    options = {"max_size": None, "compression": None, "open_timeout": PATIENCE, **options}
    return await connect(f"{server.ws}{path}", subprotocols=offered, **options)


async def close_code(socket: ClientConnection, seconds: float = PATIENCE) -> int | None:
    """Read until the server closes the socket. Return the close code."""
    async with asyncio.timeout(seconds):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code


class Intruder:
    """A patch client that sends anything, and keeps every message that it receives."""

    def __init__(self, socket: ClientConnection, opened: Message) -> None:
        self.socket = socket
        self.opened = opened
        self.received: list[Message] = []
        self.bytes_received = 0

    @classmethod
    async def open(cls, server: RunningServer, doc: str, token: str, **opening: Any) -> Intruder:
        socket = await upgrade(server, f"/v1/docs/{doc}/live", "weft.v1")
        await socket.send(json.dumps({"type": "open", "token": token, **opening}))
        opened = json.loads(await socket.recv())
        assert opened["type"] == "opened", opened
        return cls(socket, opened)

    async def say(self, *frames: str | bytes | Message | list[Message]) -> None:
        for frame in frames:
            await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def hear(self, *ids: str, seconds: float = PATIENCE) -> dict[str, Message]:
        """Wait for the answers to these ids, and return them."""
        found: dict[str, Message] = {}
        async with asyncio.timeout(seconds):
            while not found.keys() >= set(ids):
                for message in await self.next_frame():
                    for answer in (message, *message.get("acks", ())):
                        if answer["type"] in ("ack", "reject") or "id" in answer:
                            found[str(answer.get("id"))] = answer
        return found

    async def until(self, type_: str, seconds: float = PATIENCE) -> Message:
        async with asyncio.timeout(seconds):
            while True:
                for message in await self.next_frame():
                    if message["type"] == type_:
                        return message

    async def next_frame(self) -> list[Message]:
        frame = await self.socket.recv()
        self.bytes_received += len(frame)
        decoded = json.loads(frame)
        messages: list[Message] = decoded if isinstance(decoded, list) else [decoded]
        self.received += messages
        return messages

    async def say_last(self) -> None:
        """Send a ping after all messages. Wait for its pong, or for the end of the socket."""
        try:
            await (await self.socket.ping())
            await self.socket.close()
        except ConnectionClosed:
            pass  # the server closed the socket

    async def close(self) -> None:
        await self.socket.close()


class Bystander:
    """Two clients in another document: one edits, and waits until the other has received it.

    `worst` is the longest time that one of them waited for an answer.
    """

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self.worst = 0.0
        self.edits = 0

    async def __aenter__(self) -> Bystander:
        doc, ws, text = "bystanders", self._server.ws, {"text": ""}
        one = await self._server.mint("bystander-1")
        two = await self._server.mint("bystander-2")
        self._writer = await PatchClient.connect(ws, doc, one, create=text)
        self._reader = await PatchClient.connect(ws, doc, two, create=text, max_fps=40)
        self._task = asyncio.create_task(self._edit(), name="bystander")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.check()
        await self._writer.close()
        await self._reader.close()

    async def check(self) -> None:
        """Check that both clients are connected and have the same value."""
        assert self._writer.socket.close_code is None
        answer = await self._writer.set("/text", "the end")
        assert answer["type"] == "ack", answer
        await self._reader.until_version(answer["version"])
        # The writer may go on meanwhile, so compare the values when both have the same version.
        while self._reader.version < self._writer.version:
            await self._reader.until_version(self._writer.version)
        assert self._reader.value == self._writer.value

    async def _edit(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._writer.set("/text", str(self.edits))
            self.worst = max(self.worst, loop.time() - began)
            self.edits += 1
            # The writer waits for the reader, so it stays within the budget of one user.
            await self._reader.until_version(self._writer.version)
