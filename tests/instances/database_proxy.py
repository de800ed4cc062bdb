"""A proxy for PostgreSQL that cuts one instance off from its database."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


class DatabaseProxy:
    """Carries the connections of one instance. Its socket is in the folder `home`."""

    def __init__(self, server: Path, home: Path) -> None:
        self.home = home
        self._server = server
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def url(self, database: str) -> str:
        """Return the URL of a database through this proxy."""
        return f"{database.partition('?')[0]}?host={self.home}"

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
        with suppress(OSError):
            if not self._is_cut:
                there, back = await asyncio.open_unix_connection(str(self._server / _SOCKET))
                self._open.add(back)
                await asyncio.gather(_carry(reader, back), _carry(there, writer))
                self._open.discard(back)
        writer.close()
        self._open.discard(writer)
        self._serving.discard(task)

    async def close(self) -> None:
        self.cut()
        await asyncio.gather(*self._serving, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@asynccontextmanager
async def database_proxy(server: Path) -> AsyncIterator[DatabaseProxy]:
    """Yield a proxy. `server` is the folder of the server's socket."""
    with tempfile.TemporaryDirectory(prefix="weft-db-") as home:
        proxy = DatabaseProxy(server, Path(home))
        async with await asyncio.start_unix_server(proxy.serve, f"{home}/{_SOCKET}"):
            yield proxy
            await proxy.close()
