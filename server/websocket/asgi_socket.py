"""A socket over plain ASGI, and the choice between it and a socket on the bare transport."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.websocket.frames import BINARY, TEXT, split
from server.websocket.socket import EXTENSION, Handler, Socket, SocketBounds, TransportExtension

logger = logging.getLogger(__name__)


def take_over(websocket: WebSocket, handler: Handler, bounds: SocketBounds | None = None) -> Socket:
    """Give an accepted WebSocket to `handler`. Return the socket.

    The socket uses the bare transport when the ASGI server has the extension, which has its own
    limits. Otherwise it is an `AsgiSocket` with `bounds`.
    """
    extension: TransportExtension | None = websocket.scope.get("extensions", {}).get(EXTENSION)
    if extension is not None:
        return extension.take_over(handler)
    socket = AsgiSocket(websocket, handler, bounds or SocketBounds())
    handler.on_open(socket)
    return socket


class AsgiSocket:
    """A `Socket` over plain ASGI. It is slower than `TransportSocket`.

    ASGI shows no control frames and no write buffer. So the ASGI server itself must limit pings,
    fragments and dead peers. `buffered` counts the bytes that the server has not accepted yet.
    """

    def __init__(self, websocket: WebSocket, handler: Handler, bounds: SocketBounds) -> None:
        client = websocket.client
        self.peer = f"{client.host}:{client.port}" if client else ""
        self.sent = self.received = 0
        self._websocket = websocket
        self._handler = handler
        self._bounds = bounds
        self._max_message, self._too_big = bounds.max_message, 1009
        self._out: deque[bytes] = deque()
        self._buffered = 0
        self._choked = False
        self._closing: tuple[int, str] | None = None
        self._over = False
        self._to_send = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._deadline = asyncio.timeout(None)
        self._has_run = False

    def write(self, frames: bytes) -> None:
        if self._closing is not None or self._over:
            return
        self._out.append(frames)
        self.sent += len(frames)
        self._buffered += len(frames)
        self._choked = self._choked or self._buffered > self._bounds.high_water
        self._to_send.set()

    def buffered(self) -> int:
        return self._buffered

    def limit(self, max_message: int, code: int = 1009) -> None:
        self._max_message, self._too_big = max_message, code

    def pause_before_large(self, size: int, on_large: Callable[[], None] | None) -> None:
        """Do nothing: an ASGI server that keeps its transport decides itself when it reads."""

    def ping(self, payload: bytes) -> None:
        """Call `on_pong` without a ping: ASGI has none. The server detects a dead peer."""
        if self._closing is None and not self._over:
            asyncio.get_running_loop().call_soon(self._answer, payload)

    def pause_reading(self) -> None:
        self._reading.clear()

    def resume_reading(self) -> None:
        self._reading.set()

    def close(self, code: int, reason: str = "") -> None:
        if self._closing is not None or self._over:
            return
        self._closing = (code, reason)
        self._to_send.set()
        self._reading.set()
        self._end_within(self._bounds.answered_within(code))

    def abort(self) -> None:
        self._closing = self._closing or (1006, "")
        self._end_within(0.0)

    async def run(self) -> None:
        self._has_run = True
        code = 1006
        try:
            async with self._deadline, asyncio.TaskGroup() as group:
                if self._closing is not None:
                    self._end_within(self._bounds.answered_within(self._closing[0]))
                sender = group.create_task(self._send(), name=f"send to {self.peer}")
                code = await self._receive()
                sender.cancel()
        except TimeoutError:
            pass
        finally:
            self._over = True
            self._handler.on_close(self._closing[0] if self._closing else code)

    def _end_within(self, seconds: float) -> None:
        if self._has_run and not self._over:
            self._deadline.reschedule(asyncio.get_running_loop().time() + seconds)

    def _answer(self, payload: bytes) -> None:
        if self._closing is None and not self._over:
            self._handler.on_pong(payload)

    async def _receive(self) -> int:
        """Call the handler for each message until the peer is gone; return its close code."""
        while True:
            message = await self._websocket.receive()
            await self._reading.wait()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
            if self._closing is None:
                self._dispatch(message)

    def _dispatch(self, message: Message) -> None:
        text = message.get("text")
        try:
            payload = message["bytes"] if text is None else text.encode()
            self.received += len(payload)
            if 0 < self._max_message < len(payload):
                self.close(self._too_big, "message too big")
            elif text is None:
                self._handler.on_binary(payload)
            else:
                self._handler.on_text(payload)
        except Exception:  # a bug ends this connection only
            logger.exception("connection failed", extra={"peer": self.peer})
            self.close(1011, "internal error")

    async def _send(self) -> None:
        try:
            while self._closing is None or self._out:
                await self._to_send.wait()
                self._to_send.clear()
                await self._drain()
            code, reason = self._closing
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError):
            # The peer left during a send. ASGI servers raise one or the other.
            self.abort()

    async def _drain(self) -> None:
        while self._out:
            frames = self._out.popleft()
            for opcode, payload in split(frames):
                if opcode == TEXT:
                    await self._websocket.send_text(payload.decode())
                elif opcode == BINARY:
                    await self._websocket.send_bytes(payload)
            self._buffered -= len(frames)
            if self._choked and self._buffered <= self._bounds.low_water:
                self._choked = False
                self._handler.on_writable()
