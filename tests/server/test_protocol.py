"""The bounded protocols over real sockets."""

from __future__ import annotations

from tests.server.raw_client import TEXT, RawClient, Received, close, frame
from tests.server.wire_server import on_both_loops, serving


@on_both_loops
async def test_a_message_is_echoed() -> None:
    async with serving() as served, RawClient(served.port) as client:
        await client.shake_hands()
        client.send(frame(TEXT, b"hello"))
        assert await client.receive() == Received(TEXT, b"hello")
        client.send(close(1000))
        assert [one.code for one in await client.receive_all()] == [1000]
        handler = await served.handler()
        await handler.over.wait()
        assert handler.codes == [1000]
