"""A proxy for Redis that loses some of the published messages, or cuts an instance off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random

from tests.instances.proxy import Proxy
from tests.storage.redis_server import RedisServer


class RedisProxy(Proxy):
    """One proxy for one instance. `loses` is the share of messages that do not arrive."""

    def __init__(self, port: int, loses: float, seed: int) -> None:
        super().__init__(partial(asyncio.open_connection, "127.0.0.1", port))
        self.loses = loses
        self.lost = self.passed = 0
        self.url = ""
        self._choose = Random(seed)

    async def answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                raw, words = await _reply(there)
                if words[:1] == [b"message"] and self._choose.random() < self.loses:
                    self.lost += 1
                    continue
                self.passed += words[:1] == [b"message"]
                writer.write(raw)
        writer.close()


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
