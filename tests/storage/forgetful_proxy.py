"""A proxy for PostgreSQL that drops the settings of a client's session, as poolers do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


@asynccontextmanager
async def forgetful_proxy(server: Path, home: Path) -> AsyncIterator[Path]:
    """Yield the folder of the proxy's socket. `server` is the folder of the server's socket."""
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        there, back = await asyncio.open_unix_connection(str(server / _SOCKET))
        size = int.from_bytes(await reader.readexactly(4), "big")
        back.write(_without_settings(await reader.readexactly(size - 4)))
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    async with await asyncio.start_unix_server(serve, home / _SOCKET):
        yield home
        await asyncio.gather(*filter(None, serving))


def _without_settings(startup: bytes) -> bytes:
    """Return the client's first message with its user and database only."""
    protocol, words = startup[:4], startup[4:].rstrip(b"\0").split(b"\0")
    given = dict(zip(words[::2], words[1::2], strict=True))
    kept = b"".join(name + b"\0" + given[name] + b"\0" for name in (b"user", b"database"))
    message = protocol + kept + b"\0"
    return (len(message) + 4).to_bytes(4, "big") + message


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()
    await writer.wait_closed()
