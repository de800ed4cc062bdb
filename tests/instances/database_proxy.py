"""A proxy for PostgreSQL that cuts one instance off from its database."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.instances.proxy import Proxy

_SOCKET = ".s.PGSQL.5432"


class DatabaseProxy(Proxy):
    """Its socket is in the folder `home`; the server's socket is in the folder `server`."""

    def __init__(self, server: Path, home: Path) -> None:
        super().__init__(partial(asyncio.open_unix_connection, str(server / _SOCKET)))
        self._home = home

    def url(self, database: str) -> str:
        """Return the URL of a database through this proxy."""
        return f"{database.partition('?')[0]}?host={self._home}"


@asynccontextmanager
async def database_proxy(server: Path) -> AsyncIterator[DatabaseProxy]:
    """Yield a proxy. `server` is the folder of the server's socket."""
    with tempfile.TemporaryDirectory(prefix="weft-db-") as home:
        proxy = DatabaseProxy(server, Path(home))
        async with await asyncio.start_unix_server(proxy.serve, f"{home}/{_SOCKET}"):
            yield proxy
            await proxy.close()
