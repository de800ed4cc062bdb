"""The protocol classes over real sockets: the take-over of the transport, the limits, the end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest
import websockets
from starlette.websockets import WebSocket

from server.http1.uvicorn_protocols import WeftProtocol
from server.websocket import frames
from server.websocket.socket import SocketBounds, take_over
from tests.server.http1.raw_client import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    RawClient,
    Received,
    close,
    frame,
)
from tests.server.lanes.wire_server import Echo, Served, on_both_loops, serving

BOUNDS = SocketBounds()
SOON = 0.05  # replaces a limit of seconds; the tests wait for events, never for this time


@on_both_loops
async def test_an_ordinary_client_is_served() -> None:
    async with serving() as served:
        url = f"ws://127.0.0.1:{served.port}/live"
        async with websockets.connect(url) as client:
            await client.send("hello")
            assert await client.recv() == "hello"
            await client.send(b"\x00" * 300_000)
            assert await client.recv() == b"\x00" * 300_000
            assert client.protocol.extensions == []
        handler = await served.handler()
        await handler.over.wait()
        assert handler.codes == [1000]
        assert served.state.connections == set()


@on_both_loops
async def test_bytes_after_the_handshake_arrive_in_order() -> None:
    sent = [b"%d" % i for i in range(50)]
    async with serving() as served, RawClient(served.port) as client:
        pipelined = b"".join(frame(TEXT, one) for one in sent)
        await client.shake_hands(behind=pipelined[:101])
        client.send(pipelined[101:])
        assert [await client.receive() for _ in sent] == [Received(TEXT, one) for one in sent]


@on_both_loops
async def test_bytes_before_take_over_are_delivered_after_it() -> None:
    go_on = asyncio.Event()
    handler = Echo()

    async def dawdle(websocket: WebSocket) -> None:
        await websocket.accept()
        await go_on.wait()
        take_over(websocket, handler.opened)
        assert handler.texts == []

    async with serving(endpoint=dawdle) as served, RawClient(served.port) as client:
        await client.shake_hands(behind=frame(TEXT, b"first"))
        client.send(frame(TEXT, b"second") + frame(PING, b"third"))
        go_on.set()
        assert [await client.receive() for _ in range(3)] == [
            Received(TEXT, b"first"),
            Received(TEXT, b"second"),
            Received(PONG, b"third"),
        ]


@on_both_loops
async def test_after_take_over_a_connection_has_no_task() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        client.send(frame(TEXT, b"a"))
        await client.receive()
        assert served.state.tasks == set()
        assert len(served.state.connections) == 1


@on_both_loops
async def test_an_endpoint_may_use_plain_asgi() -> None:
    async def plain(websocket: WebSocket) -> None:
        await websocket.accept()
        for _ in range(2):
            await websocket.send_text(await websocket.receive_text())
        await websocket.close(4401, "no")

    async with serving(endpoint=plain) as served, RawClient(served.port) as client:
        await client.shake_hands(behind=frame(TEXT, b"a"))
        client.send(frame(TEXT, b"b"))
        assert await client.receive() == Received(TEXT, b"a")
        assert await client.receive() == Received(TEXT, b"b")
        assert await client.receive() == Received(CLOSE, (4401).to_bytes(2, "big") + b"no")
        client.send(close(4401))
        assert await client.receive_all() == []


@on_both_loops
async def test_a_client_that_vanished_is_closed_with_1006() -> None:
    async with serving() as served:
        async with RawClient(served.port) as client:
            await client.shake_hands()
            handler = await served.handler()
        await handler.over.wait()
        assert handler.codes == [1006]
        handler.socket.write(frames.text(b"nobody hears this"))
        handler.socket.ping(b"")
        handler.socket.close(1000)
        handler.socket.abort()
        handler.socket.pause_reading()
        handler.socket.resume_reading()
        assert handler.socket.buffered() == 0
        assert handler.codes == [1006]


@on_both_loops
async def test_a_client_that_vanishes_before_take_over_gets_1006() -> None:
    gone = asyncio.Event()
    handler = Echo()

    async def dawdle(websocket: WebSocket) -> None:
        await websocket.accept()
        await gone.wait()
        take_over(websocket, handler.opened)

    async with serving(endpoint=dawdle) as served:
        async with RawClient(served.port) as client:
            await client.shake_hands()
            (connection,) = served.state.connections
        assert isinstance(connection, WeftProtocol)
        assert (await connection.queue.get())["type"] == "websocket.disconnect"
        gone.set()
        await handler.over.wait()
        assert handler.codes == [1006]


@on_both_loops
async def test_our_close_is_flushed_with_code_and_reason() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        handler = await served.handler()
        handler.socket.write(frames.binary(b"*" * 1_000_000))
        handler.socket.close(4508, "é" * 100)
        handler.socket.close(1000)
        handler.socket.write(frames.text(b"too late"))
        client.send(frame(TEXT, b"not heard any more"))
        assert await client.receive() == Received(BINARY, b"*" * 1_000_000)
        answer = await client.receive()
        assert answer == Received(CLOSE, (4508).to_bytes(2, "big") + "é".encode() * 61)
        client.send(close(4508))
        assert await client.receive_all() == []
        await handler.over.wait()
        assert handler.codes == [4508]
        assert handler.texts == []


@on_both_loops
async def test_a_peer_that_never_answers_our_close_is_aborted() -> None:
    async with (
        serving(bounds=replace(BOUNDS, close_within=SOON)) as served,
        RawClient(served.port) as client,
    ):
        await client.shake_hands()
        handler = await served.handler()
        handler.socket.write(bytes(frames.binary(b"*" * 20_000_000)))
        handler.socket.close(1012)
        await handler.over.wait()
        assert handler.codes == [1012]


@pytest.mark.parametrize("before", [(), (4508,)], ids=["open", "closing"])
@on_both_loops
async def test_a_stop_does_not_wait_for_silent_peers(before: tuple[int, ...]) -> None:
    bounds = replace(BOUNDS, close_within=600, restart_within=SOON)
    async with serving(bounds=bounds) as served, RawClient(served.port) as client:
        await client.shake_hands()
        handler = await served.handler()
        handler.socket.write(bytes(frames.binary(b"*" * 20_000_000)))
        for code in (*before, 1012):
            handler.socket.close(code)
        await handler.over.wait()
        assert handler.codes == [*before, 1012][:1]


@on_both_loops
async def test_on_writable_is_called_when_the_buffer_drains() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        handler = await served.handler()
        message = frames.binary(b"*" * 1_000_000)
        count = 0
        while handler.socket.buffered() < 3_000_000:
            handler.socket.write(message)
            count += 1
            await asyncio.sleep(0)
        assert handler.writable_again == 0
        for _ in range(count):
            assert await client.receive() == Received(BINARY, b"*" * 1_000_000)
        client.send(frame(PING))
        assert await client.receive() == Received(PONG, b"")
        assert handler.socket.buffered() == 0
        assert handler.writable_again >= 1


@on_both_loops
async def test_the_kernel_buffers_little_for_a_stopped_reader() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # typed for writing
        handler = await served.handler()
        message, written = frames.binary(b"*" * 4096), 0
        while handler.socket.buffered() < BOUNDS.high_water:
            handler.socket.write(message)
            written += len(message)
            await asyncio.sleep(0)
        assert written - handler.socket.buffered() < 1_000_000


class Sipping(Echo):
    """Pauses after every message."""

    def on_text(self, message: bytes) -> None:
        super().on_text(message)
        assert self.socket is not None
        self.socket.pause_reading()
        self.over.set()


@on_both_loops
async def test_no_message_arrives_while_reading_is_paused() -> None:
    async with serving(Sipping) as served, RawClient(served.port) as client:
        await client.shake_hands(behind=frame(TEXT, b"a") + frame(TEXT, b"b"))
        client.send(frame(TEXT, b"c"))
        handler = await served.handler()
        for heard in ([b"a"], [b"a", b"b"], [b"a", b"b", b"c"]):
            await handler.over.wait()
            await asyncio.sleep(0)
            assert handler.texts == heard
            handler.over.clear()
            handler.socket.resume_reading()


@on_both_loops
async def test_the_message_limit_can_be_changed() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        handler = await served.handler()
        handler.socket.limit(10)
        client.send(frame(TEXT, b"*" * 10))
        assert await client.receive() == Received(TEXT, b"*" * 10)
        handler.socket.limit(0)
        client.send(frame(BINARY, b"*" * 2_000_000))
        assert await client.receive() == Received(BINARY, b"*" * 2_000_000)
        handler.socket.limit(10)
        client.send(frame(TEXT, b"*" * 11))
        assert [one.code for one in await client.receive_all()] == [1009]


@on_both_loops
async def test_a_refused_client_that_keeps_sending_reads_the_reason() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        client.send(frame(BINARY, b"*" * 8_000_000))
        assert [one.code for one in await client.receive_all()] == [1009]


@on_both_loops
async def test_a_fragmented_message_must_be_complete_in_time() -> None:
    async with (
        serving(bounds=replace(BOUNDS, fragmented_within=SOON)) as served,
        RawClient(served.port) as client,
    ):
        await client.shake_hands()
        client.send(frame(TEXT, b"a", fin=False))
        assert [one.code for one in await client.receive_all()] == [1008]


@on_both_loops
async def test_a_silent_peer_is_pinged_and_then_aborted() -> None:
    async with (
        serving(bounds=replace(BOUNDS, ping_every=SOON)) as served,
        RawClient(served.port) as client,
    ):
        await client.shake_hands()
        handler = await served.handler()
        assert await client.receive() == Received(PING, b"")
        await handler.over.wait()
        assert handler.codes == [1006]
        assert await client.receive_all() == []


@on_both_loops
async def test_any_byte_is_a_sign_of_life() -> None:
    async with (
        serving(bounds=replace(BOUNDS, ping_every=SOON)) as served,
        RawClient(served.port) as client,
    ):
        await client.shake_hands()
        handler = await served.handler()
        for byte in frame(TEXT, b"abc"):
            assert await client.receive() == Received(PING, b"")
            client.send(bytes((byte,)))
        while (one := await client.receive()) == Received(PING, b""):
            client.send(frame(PONG))
        assert one == Received(TEXT, b"abc")
        assert handler.codes == []


@on_both_loops
async def test_no_peer_is_aborted_while_reading_is_paused() -> None:
    async with (
        serving(bounds=replace(BOUNDS, ping_every=SOON)) as served,
        RawClient(served.port) as client,
    ):
        await client.shake_hands()
        handler = await served.handler()
        handler.socket.pause_reading()
        for _ in range(4):
            assert await client.receive() == Received(PING, b"")
        assert handler.codes == []


class Failing(Echo):
    def on_text(self, message: bytes) -> None:
        raise LookupError("a bug")


@on_both_loops
async def test_a_failing_handler_ends_only_its_connection() -> None:
    async with (
        serving(Failing) as served,
        RawClient(served.port) as bystander,
        RawClient(served.port) as client,
    ):
        await bystander.shake_hands()
        await client.shake_hands()
        client.send(frame(TEXT, b"a"))
        assert [one.code for one in await client.receive_all()] == [1011]
        bystander.send(frame(BINARY, b"b"))
        assert await bystander.receive() == Received(BINARY, b"b")


@on_both_loops
async def test_an_endpoint_that_fails_after_take_over_is_closed() -> None:
    async def fail(websocket: WebSocket) -> None:
        await websocket.accept()
        take_over(websocket, Echo().opened)
        raise LookupError("a bug")

    async with serving(endpoint=fail) as served, RawClient(served.port) as client:
        await client.shake_hands()
        assert (await client.receive()) == Received(CLOSE, b"\x03\xf3internal error")


@on_both_loops
async def test_a_stopping_server_sends_one_close() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        handler = await served.handler()
        for _ in range(2):
            for connection in list(served.state.connections):
                connection.shutdown()
        assert [await client.receive()] == [Received(CLOSE, (1012).to_bytes(2, "big"))]
        client.send(close(1012))
        assert await client.receive_all() == []
        await handler.over.wait()
        assert handler.codes == [1012]
        assert served.state.connections == set()


async def head_is_refused(served: Served, head: bytes) -> bytes:
    async with RawClient(served.port) as client:
        client.send(head)
        return await client.reader.read()


@on_both_loops
async def test_a_request_head_must_be_complete_in_time() -> None:
    async with serving(bounds=replace(BOUNDS, request_head_within=SOON)) as served:
        for head in (b"", b"\r\n", b"GET /live HTTP/1.1\r\nHost: a\r\n"):
            assert await head_is_refused(served, head) == b""
        async with RawClient(served.port) as client:
            client.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await client.reader.readuntil(b"\r\n\r\nNot Found")).startswith(
                b"HTTP/1.1 404 "
            )
            client.send(b"GET /again HTTP/1.1\r\n")
            assert await client.reader.read() == b""
        assert served.state.connections == set()


@on_both_loops
async def test_a_connection_outlives_the_deadline_of_its_request_head() -> None:
    async with (
        serving(bounds=replace(BOUNDS, request_head_within=SOON, ping_every=SOON)) as served,
        RawClient(served.port) as client,
    ):
        await client.shake_hands()
        for _ in range(4):
            assert await client.receive() == Received(PING, b"")
            client.send(frame(PONG))


@on_both_loops
async def test_a_request_head_that_is_too_large_is_refused() -> None:
    async with serving() as served:
        answer = await head_is_refused(served, b"GET / HTTP/1.1\r\nHost: w\r\nA: " + b"a" * 70_000)
        assert answer.startswith(b"HTTP/1.1 400 ")


@on_both_loops
async def test_a_handshake_header_that_is_too_long_is_answered() -> None:
    async with serving() as served:
        head = b"GET /live HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nA: "
        answer = await head_is_refused(served, head + b"a" * 9_000 + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")


@on_both_loops
async def test_no_token_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "server.http1.uvicorn_protocols",
        "websockets",
    ):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with serving() as served:
        async with websockets.connect(f"ws://127.0.0.1:{served.port}/live?token=CANARY"):
            await served.handler()
        refused = (
            b"GET /live?token=CANARY HTTP/1.1\r\nHost: w\r\n"
            b"Upgrade: websocket\r\nConnection: upgrade\r\n"
        )
        await head_is_refused(served, refused + b"Authorization: Bearer CANARY\r\n\r\n")
        await head_is_refused(
            served, b"GET /none?token=CANARY HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n"
        )
    ours = [one for one in caplog.records if one.name != "websockets.client"]
    assert "CANARY" not in " ".join(record.getMessage() for record in ours)
