"""The cost of a frame: to encode it, to write it to many peers, to read it; and of a socket."""

from __future__ import annotations

import asyncio
import gc
import os
import socket as sockets
import statistics
import time
from collections.abc import Callable

import uvloop
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.utils import apply_mask

from server.websocket import frames
from server.websocket.frame_reader import FrameReader
from server.websocket.socket import SocketBounds
from server.websocket.transport_socket import TransportSocket

Row = dict[str, str | float]

_ROUNDS = 7
_PAYLOAD = b"\x00\x02\x1a" + b"u" * 26  # a keystroke, as a Yjs update
_MASK = b"\x01\x02\x03\x04"


def rows() -> list[Row]:
    """Return every figure: the median of several rounds."""
    encode = _per_call(lambda: frames.binary(_PAYLOAD), 20_000)
    library = _per_call(
        lambda: Frame(Opcode.BINARY, _PAYLOAD).serialize(mask=False, extensions=[]), 5_000
    )
    masked = bytes((0x82, 0x80 | len(_PAYLOAD))) + _MASK + apply_mask(_PAYLOAD, _MASK)
    return [
        _row("encode a frame", encode, "µs"),
        _row("encode a frame, websockets", library, "µs"),
        _row("read a frame", _reading(masked), "µs"),
        _row("read a frame, websockets", _reading_by_library(masked), "µs"),
        *[_row(f"write to one of {peers} peers", _writing(peers), "µs") for peers in (1, 100)],
        _row("an idle socket", _idle_memory(2_000), "KB"),
    ]


def _row(name: str, value: float, unit: str) -> Row:
    return {"name": name, "value": round(value, 3), "unit": unit}


def _per_call(call: Callable[[], object], times: int) -> float:
    """Return the median CPU microseconds of a call."""
    measured = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(times):
            call()
        measured.append((time.process_time() - began) / times * 1e6)
    return statistics.median(measured)


def _reading(masked: bytes) -> float:
    reader = FrameReader(1 << 20, 64)

    def read() -> None:
        reader.feed(masked)
        while reader.next() is not None:
            pass

    return _per_call(read, 20_000)


def _reading_by_library(masked: bytes) -> float:
    protocol = ServerProtocol(state=State.OPEN)

    def read() -> None:
        protocol.receive_data(masked)
        protocol.events_received()

    return _per_call(read, 5_000)


class _Quiet:
    """A handler that does nothing."""

    def on_text(self, message: bytes) -> None: ...
    def on_binary(self, message: bytes) -> None: ...
    def on_pong(self, payload: bytes) -> None: ...
    def on_writable(self) -> None: ...
    def on_close(self, code: int) -> None: ...


async def _pairs(count: int) -> tuple[list[TransportSocket], list[sockets.socket]]:
    loop = asyncio.get_running_loop()
    ours, theirs = [], []
    for _ in range(count):
        near, far = sockets.socketpair()
        far.setblocking(False)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
        connection = TransportSocket(transport, SocketBounds(), set(), "")
        connection.start(lambda _: _Quiet(), b"", lost=False)
        ours.append(connection)
        theirs.append(far)
    await asyncio.sleep(0)
    return ours, theirs


async def _end(ours: list[TransportSocket], theirs: list[sockets.socket]) -> None:
    for connection in ours:
        connection.abort()
    for far in theirs:
        far.close()
    await asyncio.sleep(0)


def _writing(peers: int) -> float:
    """Return the CPU microseconds per peer to send a frame to all, including the kernel's send."""

    async def measure() -> float:
        ours, theirs = await _pairs(peers)
        times = max(1, 2_000 // peers)
        measured = []
        for _ in range(_ROUNDS):
            spent = 0.0
            for _ in range(times):
                began = time.process_time()
                frame = frames.binary(_PAYLOAD)
                for one in ours:
                    one.write(frame)
                await asyncio.sleep(0)
                spent += time.process_time() - began
                for far in theirs:
                    far.recv(65536)
            measured.append(spent / times / peers * 1e6)
        await _end(ours, theirs)
        return statistics.median(measured)

    return uvloop.run(measure())


def _resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _idle_memory(count: int) -> float:
    """Return the kilobytes of an idle socket and its transport, without the kernel's part."""

    async def measure() -> float:
        warm = await _pairs(50)
        gc.collect()
        before = _resident()
        ours, theirs = await _pairs(count)
        gc.collect()
        added = _resident() - before
        await _end(ours, theirs)
        await _end(*warm)
        return added / count / 1024

    return uvloop.run(measure())


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:32} {row['value']:10} {row['unit']}")
