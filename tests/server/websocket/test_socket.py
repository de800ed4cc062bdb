"""A socket over plain ASGI keeps the same promises as a socket on a transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocket

from server.websocket import frames
from server.websocket.asgi_socket import AsgiSocket, take_over
from server.websocket.socket import Handler, Socket, SocketBounds
from tests.server.http1.raw_client import BINARY, CLOSE, TEXT, RawClient, Received, close, frame
from tests.server.lanes.wire_server import Echo, on_both_loops, serving

BOUNDS = SocketBounds()


class Peer:
    """The peer of a WebSocket: plays the ASGI server's side."""

    def __init__(self) -> None:
        self.inward: asyncio.Queue[Message] = asyncio.Queue()
        self.outward: asyncio.Queue[Message] = asyncio.Queue()
        self.stopped = asyncio.Event()
        self.stopped.set()

    async def take(self, message: Message) -> None:
        await self.stopped.wait()
        await self.outward.put(message)

    def say(self, **message: Any) -> None:
        self.inward.put_nowait({"type": "websocket.receive", **message})

    def leave(self, code: int) -> None:
        self.inward.put_nowait({"type": "websocket.disconnect", "code": code})


@asynccontextmanager
async def carried(
    handler: Handler, bounds: SocketBounds = BOUNDS
) -> AsyncIterator[tuple[Peer, Socket]]:
    peer = Peer()
    scope = {"type": "websocket", "path": "/", "headers": [], "client": ("10.0.0.1", 5)}
    websocket = WebSocket(scope, peer.inward.get, peer.take)
    peer.inward.put_nowait({"type": "websocket.connect"})
    await websocket.accept()
    assert (await peer.outward.get())["type"] == "websocket.accept"
    socket = take_over(websocket, handler, bounds)
    carrier = asyncio.create_task(socket.run())
    try:
        yield peer, socket
    finally:
        socket.abort()
        await asyncio.wait_for(carrier, 5)


async def test_messages_are_delivered_and_answered_in_order() -> None:
    handler = Echo()
    async with carried(handler) as (peer, socket):
        assert socket.peer == "10.0.0.1:5"
        peer.say(text="é")
        peer.say(bytes=b"\x00")
        assert (await peer.outward.get())["text"] == "é"
        assert (await peer.outward.get())["bytes"] == b"\x00"
        peer.leave(4000)
        await handler.over.wait()
        assert handler.codes == [4000]
    assert handler.codes == [4000]


async def test_several_frames_in_one_write_are_several_messages() -> None:
    async with carried(Echo()) as (peer, socket):
        socket.write(frames.text(b"a") + frames.binary(b"b" * 70_000) + frames.text(b"c" * 200))
        assert (await peer.outward.get())["text"] == "a"
        assert (await peer.outward.get())["bytes"] == b"b" * 70_000
        assert (await peer.outward.get())["text"] == "c" * 200


async def test_a_close_is_flushed_sent_once_and_has_a_timeout() -> None:
    handler = Echo()
    async with carried(handler, replace(BOUNDS, close_within=0.05)) as (peer, socket):
        socket.write(frames.text(b"last"))
        socket.close(4508, "slow")
        socket.close(1000)
        socket.write(frames.text(b"too late"))
        assert (await peer.outward.get())["text"] == "last"
        said = await peer.outward.get()
        assert (said["type"], said["code"], said["reason"]) == ("websocket.close", 4508, "slow")
        await handler.over.wait()
        assert handler.codes == [4508]
        assert peer.outward.empty()


async def test_buffered_counts_unread_bytes_until_they_drain() -> None:
    handler = Echo()
    async with carried(handler) as (peer, socket):
        peer.stopped.clear()
        for _ in range(3):
            socket.write(frames.binary(b"*" * 40_000))
        assert socket.buffered() > BOUNDS.high_water
        peer.stopped.set()
        for _ in range(3):
            await peer.outward.get()
        socket.write(frames.text(b"more"))
        await peer.outward.get()
        assert socket.buffered() < BOUNDS.low_water
        assert handler.writable_again == 1


async def test_a_close_to_a_stopped_reader_times_out() -> None:
    handler = Echo()
    async with carried(handler, replace(BOUNDS, close_within=0.05)) as (peer, socket):
        peer.stopped.clear()
        socket.write(frames.text(b"stuck"))
        socket.close(4508)
        await handler.over.wait()
        assert handler.codes == [4508]


async def test_no_message_arrives_while_reading_is_paused() -> None:
    handler = Echo()
    async with carried(handler) as (peer, socket):
        socket.pause_reading()
        peer.say(text="a")
        socket.write(frames.text(b"b"))
        assert (await peer.outward.get())["text"] == "b"
        assert handler.texts == []
        socket.resume_reading()
        assert (await peer.outward.get())["text"] == "a"


async def test_a_message_over_the_limit_is_refused() -> None:
    handler = Echo()
    async with carried(handler) as (peer, socket):
        socket.limit(3)
        peer.say(text="abc")
        assert (await peer.outward.get())["text"] == "abc"
        peer.say(text="abcd")
        assert (await peer.outward.get())["code"] == 1009
        peer.leave(1009)
        await handler.over.wait()
        assert handler.codes == [1009]


class Failing(Echo):
    def on_text(self, message: bytes) -> None:
        raise LookupError("a bug")


async def test_a_failing_handler_closes_with_1011() -> None:
    async with carried(Failing()) as (peer, _):
        peer.say(text="a")
        assert (await peer.outward.get())["code"] == 1011


async def test_over_plain_asgi_a_ping_calls_on_pong_at_once() -> None:
    handler = Echo()
    async with carried(handler) as (peer, socket):
        socket.ping(b"x")
        socket.write(frames.text(b"a"))
        await peer.outward.get()
        assert handler.pongs == [b"x"]


@on_both_loops
async def test_take_over_works_without_the_transport_extension() -> None:
    async with serving(stock=True) as served, RawClient(served.port) as client:
        await client.shake_hands()
        client.send(frame(TEXT, b"hello") + frame(BINARY, b"\x00"))
        assert await client.receive() == Received(TEXT, b"hello")
        assert await client.receive() == Received(BINARY, b"\x00")
        handler = await served.handler()
        assert isinstance(handler.socket, AsgiSocket)
        handler.socket.close(4404, "gone")
        assert await client.receive() == Received(CLOSE, (4404).to_bytes(2, "big") + b"gone")
        client.send(close(4404))
        assert await client.receive_all() == []
        await handler.over.wait()
        assert handler.codes == [4404]
