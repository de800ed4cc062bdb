"""A proxy for Redis that loses some of the published messages, or cuts an instance off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

from tests.storage.redis_server import RedisServer


class RedisProxy:
    """One proxy for one instance. `loses` is the share of messages that do not arrive."""

    def __init__(self, port: int, loses: float, seed: int) -> None:
        self.loses = loses
        self.lost = self.passed = 0
        self.url = ""
        self._port = port
        self._choose = Random(seed)
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """End all connections, and accept no other."""
        self._is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection, in both directions."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if not self._is_cut:
                there, back = await asyncio.open_connection("127.0.0.1", self._port)
                self._open.add(back)
                both = asyncio.gather(self._ask(reader, back), self._answer(there, writer))
                with suppress(OSError, asyncio.IncompleteReadError):
                    await both
                back.close()
                self._open.discard(back)
        writer.close()
        self._open.discard(writer)
        self._serving.discard(task)

    async def close(self) -> None:
        self.cut()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _ask(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            back.write(data)
        back.close()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            raw, words = await _reply(there)
            if words[:1] == [b"message"] and self._choose.random() < self.loses:
                self.lost += 1
                continue
            self.passed += words[:1] == [b"message"]
            writer.write(raw)


async def _reply(reader: asyncio.StreamReader) -> tuple[bytes, list[bytes]]:
    """Read one reply of Redis. Return its bytes, and the strings of an array."""
    line = await reader.readuntil(b"\r\n")
    kind, size = line[:1], line[1:-2]
    if kind in b"$=" and size != b"-1":
        body = await reader.readexactly(int(size) + 2)
        return line + body, [body[:-2]]
    if kind in b"*>~%" and size != b"-1":
        raw, words = line, list[bytes]()
        for _ in range(int(size) * (2 if kind == b"%" else 1)):
            part, inside = await _reply(reader)
            raw, words = raw + part, words + inside
        return raw, words
    return line, []


@asynccontextmanager
async def redis_proxy(
    redis: RedisServer, loses: float = 0.0, seed: int = 1
) -> AsyncIterator[RedisProxy]:
    """Yield a proxy with a URL of its own."""
    proxy = RedisProxy(int(redis.url.rpartition(":")[2]), loses, seed)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        proxy.url = f"redis://127.0.0.1:{port}"
        yield proxy
        await proxy.close()
