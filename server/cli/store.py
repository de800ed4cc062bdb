"""Opens the store for a command, and closes it after the command."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from collab.ports.store import Store
from server.access.keyring import DEMO_TENANT
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings
from storage.store import SqlStore

SQLITE = "sqlite+aiosqlite:///"


class NoDatabaseError(Exception):
    """No database was given, and there is none at the default path."""


def open_store(settings: Settings) -> Store:
    """Return the store on the database of the settings.

    A command does not use `server/app.py`, because that module imports the whole web server.
    """
    return SqlStore(settings.database)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Yield the started store, which has the demo tenant. Close the store when the block ends.

    A server may use the same database meanwhile, because the database puts all writes in order.
    """
    _check_default(settings)
    store = open_store(settings)
    try:
        await store.start()
        await store.add_tenant(DEMO_TENANT, SystemClock().now_ms())
        yield store
    finally:
        await store.close()


def _check_default(settings: Settings) -> None:
    """Say which database a command uses when none was given. Raise when it does not exist.

    Its path starts at the current directory. In another directory than the server's, a command
    would make a new database, whose tokens the server refuses.
    """
    if settings.database != Settings().database:
        return
    path = Path(settings.database.removeprefix(SQLITE)).absolute()
    if not path.exists():
        raise NoDatabaseError(
            f"there is no database {path}: run this where the server runs, or name its database "
            "with --database or WEFT_DATABASE. `weft migrate` makes a new one here"
        )
    print(f"weft: the database is {path}", file=sys.stderr)
