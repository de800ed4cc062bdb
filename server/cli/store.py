"""Opens the store for a command, and closes it after the command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from collab.ports.store import Store
from server.access.keyring import DEMO_TENANT
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings
from storage.store import SqlStore


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
    store = open_store(settings)
    try:
        await store.start()
        await store.add_tenant(DEMO_TENANT, SystemClock().now_ms())
        yield store
    finally:
        await store.close()
