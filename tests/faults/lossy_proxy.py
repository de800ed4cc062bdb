"""A proxy in front of PostgreSQL that passes a COMMIT on and drops its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.losses import COMMIT, Losses

_SOCKET = ".s.PGSQL.5432"
_COMMITTED = b"C\0\0\0\x0bCOMMIT\0"


@asynccontextmanager
async def lossy_proxy(server: Path, home: Path, losses: Losses) -> AsyncIterator[None]:
    """Run the proxy: its socket is in `home`, PostgreSQL's socket is in `server`."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        there, back = await asyncio.open_unix_connection(str(server / _SOCKET))
        session = _Session(losses)
        await asyncio.gather(
            _pass_on(reader, back, session.asked), _pass_on(there, writer, session.answered)
        )

    proxy = await asyncio.start_unix_server(serve, home / _SOCKET)
    try:
        yield
    finally:
        proxy.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


class _Session:
    """Reads a client's messages to know the statements of its transaction."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._left = b""
        self._is_started = False
        self._prepared: dict[bytes, str] = {}
        self._statements: list[str] = []
        self._loses = False

    def asked(self, data: bytes) -> bool:
        """Note a client's message. Always true: every message is passed on to PostgreSQL."""
        self._left += data
        while (message := self._next()) is not None:
            self._read(*message)
        return True

    def answered(self, data: bytes) -> bool:
        """Whether to pass PostgreSQL's answer on. When false, the proxy closes the connection."""
        if self._loses and _COMMITTED in data:
            self._losses.took_one()
            return False
        return True

    def _next(self) -> tuple[bytes, bytes] | None:
        head = 1 if self._is_started else 0  # the first message of a connection has no type byte
        if len(self._left) < head + 4:
            return None
        size = head + int.from_bytes(self._left[head : head + 4], "big")
        if len(self._left) < size:
            return None
        letter, body = self._left[:head], self._left[head + 4 : size]
        self._left, self._is_started = self._left[size:], True
        return letter, body

    def _read(self, letter: bytes, body: bytes) -> None:
        if letter == b"P":
            name, sql = body.split(b"\0", 2)[:2]
            self._prepared[name] = sql.decode()
        elif letter == b"B":
            self._statements.append(self._prepared[body.split(b"\0", 2)[1]])
        elif letter == b"Q":
            if COMMIT.match(body.decode()):
                self._loses = self._losses.is_due(self._statements)
            self._statements.clear()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[bytes], bool]
) -> None:
    try:
        while (data := await reader.read(65536)) and passes(data):
            writer.write(data)
    except OSError:
        pass
    writer.close()
