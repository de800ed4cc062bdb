"""The store as a command has it: opened, up to date, and closed when the command is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from collab.ports.store import Store
from server.access.keyring import DEMO_TENANT
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings
from storage.store import SqlStore


def open_store(settings: Settings) -> Store:
    """The database that the settings name; the server's own root would import the web server."""
    return SqlStore(settings.database)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Beside a running server too: the database orders what both of them write."""
    store = open_store(settings)
    try:
        await store.start()
        await store.add_tenant(DEMO_TENANT, SystemClock().now_ms())
        yield store
    finally:
        await store.close()
