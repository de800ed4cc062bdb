"""A real client of the patch lane that keeps its own copy of the value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from collab.patch.apply import apply
from collab.patch.bounds import TRUSTED
from tests.patience import PATIENCE

Message = dict[str, Any]


def applied(value: Any, ops: list[Message]) -> Any:
    return apply(value, ops, bounds=TRUSTED, splices=True).value


class PatchClient:
    """Keeps `value` and `version`, and checks that each version comes once and in order.

    `acks`, `rejects` and `others` hold the received messages. Tests wait with `until`.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.opened: Message = {}
        self.version = 0
        self.value: Any = None
        self.acks: dict[str, Message] = {}
        self.rejects: dict[str, Message] = {}
        self.changes: list[Message] = []
        self.others: list[Message] = []
        self.sent: dict[str, list[Message]] = {}
        self._count = 0
        self._changed = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls, ws: str, doc: str, token: str, *, read: bool = True, **opening: Any
    ) -> PatchClient:
        socket = await connect(
            f"{ws}/v1/docs/{doc}/live",
            subprotocols=[Subprotocol("weft.v1")],
            max_size=None,
            compression=None,
            open_timeout=PATIENCE,
        )
        client = cls(socket)
        await client.send({"type": "open", "token": token, **opening})
        client._take_opened(json.loads(await socket.recv()))
        if read:
            client._reader = asyncio.create_task(client._read(), name="patch client")
        return client

    async def send(self, *messages: Message) -> None:
        await self.socket.send(json.dumps(messages[0] if len(messages) == 1 else messages))

    async def patch(self, *ops: Message, id: str = "", **fields: Any) -> str:
        """Send a patch on this client's version. Return its id."""
        self._count += 1
        request_id = id or f"{self.opened['session']}.{self._count}"
        self.sent[request_id] = list(ops)
        message = {"type": "patch", "id": request_id, "base": self.version, "ops": list(ops)}
        await self.send({**message, **fields})
        return request_id

    async def set(self, path: str, value: Any, **fields: Any) -> Message:
        """Replace one value, and return the answer."""
        return await self.answer(
            await self.patch({"op": "replace", "path": path, "value": value}, **fields)
        )

    async def answer(self, request_id: str) -> Message:
        await self.until(lambda: request_id in self.acks or request_id in self.rejects)
        return self.acks.get(request_id) or self.rejects[request_id]

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def until_closed(self) -> int:
        """Wait until the socket is closed. Return the close code."""
        await self.until(lambda: self.socket.close_code is not None)
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def until_version(self, version: int, seconds: float = PATIENCE) -> None:
        await self.until(lambda: self.version >= version, seconds)

    @property
    def shown(self) -> list[Any]:
        """Return the users in all presence messages since `opened`, repeats included."""
        told = [message for message in self.others if message["type"] == "presence"]
        groups = [m.get(what, ()) for m in told for what in ("joined", "updated")]
        return [peer for group in groups for peer in group]

    async def close(self) -> None:
        if self.socket.close_code is None and not self.socket.transport.is_reading():
            self.socket.transport.abort()  # unread data would delay the close
        await self.socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    def start_reading(self) -> None:
        self._reader = asyncio.create_task(self._read(), name="patch client")

    # --- received messages --------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                decoded = json.loads(frame)
                async with self._changed:
                    for message in decoded if isinstance(decoded, list) else [decoded]:
                        self.take(message)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass  # the test asks for the close code
        finally:
            async with self._changed:
                self._changed.notify_all()

    def _take_opened(self, opened: Message) -> None:
        assert opened["type"] == "opened", opened
        self.opened = opened
        self.version = opened["version"]
        self.value = opened.get("value")

    def take(self, message: Message) -> None:
        match message["type"]:
            case "change":
                self._take_change(message)
            case "ack":
                self.acks[message["id"]] = message
                self._take_ack(message)
            case "reject":
                self.rejects[message["id"]] = message
            case _:
                self.others.append(message)

    def _take_change(self, change: Message) -> None:
        first = change.get("from", change["version"])
        assert first == self.version + 1, (change, self.version)
        self.changes.append(change)
        self.value = applied(self.value, change["ops"])
        self.version = change["version"]
        for ack in change.get("acks", ()):
            self.acks[ack["id"]] = ack

    def _take_ack(self, ack: Message) -> None:
        if ack.get("duplicate") or ack["version"] <= self.version:
            return  # it made no version, and may come after a merged change
        assert ack["version"] == self.version + 1, (ack, self.version)
        ops = ack.get("ops", self.sent.get(ack["id"], []))
        self.value = applied(self.value, [op for op in ops if op["op"] != "test"])
        self.version = ack["version"]
