"""A server of the y-protocols for tests of the load generator: it relays updates, or fails to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pycrdt import Doc

from collab.yjs.lib0 import Reader, write_raw

ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
# From the update of an edit and the number of a reader: the frames that the reader gets.
Relay = Callable[[bytes, int], list[bytes]]


def frame(payload: bytes, head: int = 0x82) -> bytes:
    """A frame of a server: it is not masked."""
    size = len(payload)
    if size < 126:
        return bytes((head, size)) + payload
    if size < 65536:
        return bytes((head, 126)) + size.to_bytes(2, "big") + payload
    return bytes((head, 127)) + size.to_bytes(8, "big") + payload


def update_frame(update: bytes, step: int = 2) -> bytes:
    message = bytearray((0, step))
    write_raw(message, update)
    return frame(bytes(message))


def relay_all(update: bytes, _reader: int) -> list[bytes]:
    return [update_frame(update)]


class FakeServer:
    """Each edit goes to all other clients. Each client has a thread."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._doc: Doc[Any] = Doc()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as incoming:
            while incoming.readline() not in (b"\r\n", b""):
                pass
            with self._lock:
                client.sendall(ANSWER + frame(b"\0\0\1\0"))
                self._sockets.append(client)
            try:
                while (payload := self._read(incoming.read)) is not None:
                    with self._lock:
                        self._handle(client, payload)
            except OSError:
                pass
            with self._lock:
                self._sockets.remove(client)

    @staticmethod
    def _read(read: Callable[[int], bytes]) -> bytes | None:
        head = read(2)
        if len(head) < 2:
            return None
        size = head[1] & 127
        if size >= 126:
            size = int.from_bytes(read(2 if size == 126 else 8), "big")
        mask = read(4)
        return bytes(byte ^ mask[at & 3] for at, byte in enumerate(read(size)))

    def _handle(self, client: socket.socket, payload: bytes) -> None:
        reader = Reader(payload)
        kind, step = reader.uint(), reader.uint()
        if kind != 0:
            return
        body = reader.raw()
        if step == 0:
            client.sendall(update_frame(self._doc.get_update(), 1))
        elif step == 2:
            self._doc.apply_update(body)
            others = [each for each in self._sockets if each is not client]
            for number, other in enumerate(others):
                for sent in self._relay(body, number):
                    other.sendall(sent)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@contextmanager
def fake_server(relay: Relay = relay_all) -> Iterator[int]:
    """Yield the port of a server."""
    server = FakeServer(relay)
    try:
        yield server.port
    finally:
        server.close()
