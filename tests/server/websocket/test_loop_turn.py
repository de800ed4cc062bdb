"""Large messages of many sockets in one turn of the loop: the rest waits for the next turn."""

from __future__ import annotations

import asyncio
import gc
import weakref

from server.websocket.loop_turn import MOST, turn_of
from server.websocket.socket import SocketBounds
from server.websocket.transport_socket import TransportSocket


async def test_a_turn_is_full_after_so_many_bytes_and_ends_by_itself() -> None:
    loop = asyncio.get_running_loop()
    turn = turn_of(loop)
    assert turn is turn_of(loop)
    turn.add(MOST - 1, loop)
    assert not turn.is_full
    turn.add(1, loop)
    full = [turn.is_full]
    await asyncio.sleep(0)
    full.append(turn.is_full)
    turn.add(MOST - 1, loop)  # the bytes of the turn before do not count
    assert [*full, turn.is_full] == [True, False, False]


class Transport(asyncio.Transport):
    """A transport whose peer reads everything."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...
    def resume_reading(self) -> None: ...
    def write(self, data: object) -> None: ...
    def abort(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


class Handler:
    """A handler that notes who has got a message."""

    def __init__(self, name: str, handled: list[str]) -> None:
        self.name, self.handled = name, handled

    def on_text(self, message: bytes) -> None:
        self.handled.append(self.name)

    def on_binary(self, message: bytes) -> None: ...
    def on_pong(self, payload: bytes) -> None: ...
    def on_writable(self) -> None: ...
    def on_close(self, code: int) -> None: ...


def masked(size: int) -> bytes:
    return b"\x81\xff" + size.to_bytes(8, "big") + b"\0\0\0\0" + b"x" * size


async def test_large_messages_of_many_sockets_are_spread_over_turns() -> None:
    handled: list[str] = []
    sockets: list[TransportSocket] = []
    for name in "abcdef":
        socket = TransportSocket(Transport(), SocketBounds(max_message=0), set(), "peer")
        handler = Handler(name, handled)
        socket.start(lambda _, handler=handler: handler, b"", lost=False)  # type: ignore[misc]  # as a handler
        sockets.append(socket)
    await asyncio.sleep(0)
    for socket in sockets:  # all are ready in one turn
        socket.data_received(masked(MOST - 1))
    assert handled == ["a", "b"]
    sockets[4].data_received(masked(10))  # a socket that waits gets more bytes
    asyncio.get_running_loop().call_soon(handled.append, "other work")
    while len(handled) < 8:
        await asyncio.sleep(0)
    assert handled == ["a", "b", "c", "d", "other work", "e", "e", "f"]
    for socket in sockets:
        socket.connection_lost(None)


def test_a_closed_loop_is_not_kept() -> None:
    loop = asyncio.new_event_loop()
    turn_of(loop)
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
