"""Clients that send a case's bytes over HTTP or a lane, and return the outcome."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from collab.yjs import frames as yjs
from tests.attacks.attacker import upgrade
from tests.attacks.campaign.case import HEAD, HttpRequest, Talk
from tests.running import RunningServer

# A timeout: the client gives up a request that the server reads slowly for its budget.
PATIENCE = 20.0


@dataclass
class Outcome:
    """Bytes that were sent, accepted (answered by `ack` or 2xx), and received."""

    sent: int = 0
    accepted: int = 0
    answered: int = 0
    said: Counter[str] = field(default_factory=Counter)


class HttpClient:
    """One request on a connection of its own."""

    def __init__(self, server: RunningServer, doc: str, token: str, request: HttpRequest) -> None:
        self._server = server
        self._bytes = bytes_of(request, doc, token)
        self._body = len(request.body)
        self.outcome = Outcome()

    async def prepare(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._server.port)

    async def act(self) -> None:
        sending = asyncio.create_task(self._send(), name="send")
        first = b""
        try:
            async with asyncio.timeout(PATIENCE):
                while more := await self._reader.read(1 << 18):
                    first = first or more
                    self.outcome.answered += len(more)
        except (ConnectionError, TimeoutError) as error:
            self.outcome.said[type(error).__name__] += 1
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        status = first[9:12].decode(errors="replace") or "nothing"
        self.outcome.said[status] += 1
        if status.startswith("2"):
            self.outcome.accepted = self._body

    async def close(self) -> None:
        self._writer.transport.abort()

    async def _send(self) -> None:
        try:
            self._writer.write(self._bytes)
            self.outcome.sent = len(self._bytes)
            await self._writer.drain()
        except ConnectionError:
            pass  # the server refused before it got the whole body


def bytes_of(request: HttpRequest, doc: str, token: str) -> bytes:
    head = f"{request.method} {request.target.replace('{doc}', doc)} HTTP/1.1\r\nHost: weft\r\n"
    headers = {"Content-Type": "application/json", **request.headers, "Connection": "close"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if request.body or request.method in ("PUT", "PATCH", "POST"):
        headers["Content-Length"] = str(len(request.body))
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode() + b"\r\n" + request.body


class PatchLaneClient:
    """One conversation on the patch lane. It ends with the pong to the client's last `ping`."""

    def __init__(
        self, server: RunningServer, doc: str, token: str, talk: Talk, since: dict[str, int]
    ) -> None:
        self._server, self._doc, self._talk, self._since = server, doc, talk, since
        self._opens = talk.opens or not token  # without a token the refusal is measured
        fields = {} if talk.opening is None else dict(talk.opening)
        opening = {"type": "open", "token": token, "since": dict(since), **fields}
        self._open = json.dumps({name: value for name, value in opening.items() if value != {}})
        self._frames = [frame.decode() for frame in talk.frames]
        self.outcome = Outcome()

    async def prepare(self) -> None:
        self._socket: ClientConnection = await upgrade(
            self._server, f"/v1/docs/{self._doc}/live", "weft.v1"
        )
        if not self._opens and self._talk.opening is not None:
            await self._say_opening()

    async def act(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._opens and self._talk.opening is not None:
                    await self._say_opening()
                await self._say_and_hear()
        except ConnectionClosed:
            self.outcome.said[f"closed {self._socket.close_code}"] += 1
        except TimeoutError:
            self.outcome.said["not answered"] += 1

    async def close(self) -> None:
        self._socket.transport.abort()

    async def _say_opening(self) -> None:
        self.outcome.sent += len(self._open)
        await self._socket.send(self._open)
        opened = None
        while opened is None:
            for message in await self._hear():
                opened = message if message.get("type") == "opened" else opened
        # The next clients resume from here.
        self._since.update(epoch=opened["epoch"], version=opened["version"])
        head = f'"base":{opened["version"]}'
        self._frames = [frame.replace(f'"base":{HEAD}', head) for frame in self._frames]
        self.outcome.said["opened"] += 1

    async def _say_and_hear(self) -> None:
        sizes: dict[str, int] = {}
        for frame in self._frames:
            sizes |= sizes_of(frame)
            self.outcome.sent += len(frame)
            await self._socket.send(frame)
        await self._socket.send('{"type":"ping","at":"campaign"}')
        waits, has_pong = set(sizes), False
        while waits or not has_pong:
            for message in await self._hear():
                kind, name = message.get("type"), str(message.get("id"))
                has_pong = has_pong or (kind == "pong" and message.get("at") == "campaign")
                if kind in ("ack", "reject", "error", "pong"):
                    self.outcome.said[str(message.get("code", kind))] += 1
                if kind in ("ack", "reject") or (kind == "change" and name in waits):
                    waits.discard(name)
                    self.outcome.accepted += 0 if kind == "reject" else sizes.get(name, 0)
                if kind == "error":  # the error of an unreadable message has no id
                    waits.clear()

    async def _hear(self) -> list[dict[str, Any]]:
        frame = await self._socket.recv()
        self.outcome.answered += len(frame)
        decoded = json.loads(frame)
        messages: list[dict[str, Any]] = decoded if isinstance(decoded, list) else [decoded]
        return [each for one in messages for each in (one, *one.get("acks", ()))]


def sizes_of(frame: str) -> dict[str, int]:
    """Return the bytes of each message with an id."""
    try:
        decoded = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    messages = decoded if isinstance(decoded, list) else [decoded]
    named = [one for one in messages if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return {one["id"]: len(frame) // len(messages) for one in named}


class YjsLaneClient:
    """One conversation on the Yjs lane. It ends with the answer to a last query."""

    def __init__(self, server: RunningServer, doc: str, token: str, talk: Talk) -> None:
        self._server, self._address = (
            server,
            f"/v1/yjs/{doc}" + (f"?token={token}" if token else ""),
        )
        self._talk = talk
        self._opens = talk.opens or not token
        self._known = b"\0"
        self.outcome = Outcome()

    async def prepare(self) -> None:
        if not self._opens:
            await self._open()

    async def act(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._opens:
                    await self._open()
                for frame in self._talk.frames:
                    self.outcome.sent += len(frame)
                    await self._socket.send(frame)
                await self._socket.send(yjs.sync_step1(self._known))
                await self._until(yjs.SyncStep2)
                self.outcome.accepted = self.outcome.sent
                self.outcome.said["taken"] += 1
        except ConnectionClosed:
            self.outcome.said[f"closed {self._socket.close_code}"] += 1
        except InvalidStatus as refused:
            self.outcome.said[str(refused.response.status_code)] += 1
        except TimeoutError:
            self.outcome.said["not answered"] += 1

    async def close(self) -> None:
        if self.outcome.said["taken"] and self._talk.last:
            await self._say_last()
        if hasattr(self, "_socket"):
            self._socket.transport.abort()

    async def _say_last(self) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for frame in self._talk.last:
                    await self._socket.send(frame)
                await self._socket.send(yjs.sync_step1(self._known))
                await self._until(yjs.SyncStep2)

    async def _open(self) -> None:
        self._socket: ClientConnection = await upgrade(self._server, self._address)
        first = await self._until(yjs.SyncStep1)
        assert isinstance(first, yjs.SyncStep1)
        self._known = first.state_vector

    async def _until(self, kind: type[yjs.Message]) -> yjs.Message:
        while True:
            frame = await self._socket.recv()
            assert isinstance(frame, bytes)
            self.outcome.answered += len(frame)
            for message in yjs.decode(frame):
                if isinstance(message, kind):
                    return message
