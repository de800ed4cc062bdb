"""The composition root: what it opens it closes, however the start ends."""

from __future__ import annotations

import pytest

from collab.ports import StorageUnavailable
from server.app import build
from server.settings import Settings
from storage.memory import MemoryStore


class FullStore(MemoryStore):
    """Starts, and takes nothing."""

    closed = False

    async def add_tenant(self, tenant: str, at: int) -> bool:
        raise StorageUnavailable("the disk is full")

    async def close(self) -> None:
        self.closed = True


async def test_a_store_whose_first_write_fails_is_closed() -> None:
    store = FullStore()
    app = build(Settings(), store)
    with pytest.raises(StorageUnavailable):
        async with app.router.lifespan_context(app):
            raise AssertionError("it has not started")
    assert store.closed
