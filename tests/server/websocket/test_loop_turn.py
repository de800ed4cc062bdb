"""Large messages of many sockets in one turn of the loop: the rest waits for the next turn."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest

from server.websocket import loop_turn
from server.websocket.loop_turn import LARGE, MOST, LoopTurn, turn_of
from server.websocket.socket import SocketBounds
from server.websocket.transport_socket import TransportSocket


class Clock:
    """A clock that only the test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def take(self, seconds: float) -> Callable[[bytes], None]:
        """Return a handler that takes so long."""

        def handle(message: bytes) -> None:
            self.now += seconds

        return handle


async def test_a_turn_is_full_after_so_much_time_and_ends_by_itself() -> None:
    loop, clock = asyncio.get_running_loop(), Clock()
    turn = LoopTurn(clock)
    full: list[bool] = []
    for share in (0.6, 0.5):
        turn.handle(clock.take(share * MOST), b"", loop)
        full.append(turn.is_full)
    await asyncio.sleep(0)
    full.append(turn.is_full)
    turn.handle(clock.take(0.9 * MOST), b"", loop)  # the time of the turn before does not count
    assert [*full, turn.is_full] == [False, True, False, False]


async def test_a_message_that_fails_counts_too() -> None:
    loop, clock = asyncio.get_running_loop(), Clock()
    turn = LoopTurn(clock)

    def fail(message: bytes) -> None:
        clock.now += MOST
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        turn.handle(fail, b"", loop)
    assert turn.is_full


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

    def __init__(self, name: str, handled: list[str], clock: Clock) -> None:
        self.name, self.handled, self.clock = name, handled, clock

    def on_text(self, message: bytes) -> None:
        self.handled.append(self.name)
        self.clock.now += 0.6 * MOST if len(message) > LARGE else 0.0

    def on_binary(self, message: bytes) -> None: ...
    def on_pong(self, payload: bytes) -> None: ...
    def on_writable(self) -> None: ...
    def on_close(self, code: int) -> None: ...


def masked(size: int) -> bytes:
    return b"\x81\xff" + size.to_bytes(8, "big") + b"\0\0\0\0" + b"x" * size


async def test_large_messages_of_many_sockets_are_spread_over_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, clock, handled = asyncio.get_running_loop(), Clock(), list[str]()
    monkeypatch.setitem(loop_turn._turns, loop, LoopTurn(clock))
    sockets: list[TransportSocket] = []
    for name in "abcdef":
        socket = TransportSocket(Transport(), SocketBounds(max_message=0), set(), "peer")
        handler = Handler(name, handled, clock)
        socket.start(lambda _, handler=handler: handler, b"", lost=False)  # type: ignore[misc]  # as a handler
        sockets.append(socket)
    await asyncio.sleep(0)
    for socket in sockets:  # all are ready in one turn
        socket.data_received(masked(2 * LARGE))
    assert handled == ["a", "b"]
    sockets[4].data_received(masked(10))  # a socket that waits gets more bytes
    loop.call_soon(handled.append, "other work")
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
