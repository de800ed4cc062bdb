"""The process: what it does before it serves clients."""

from __future__ import annotations

import pytest

from server import process
from server.demo import seed
from server.runtime import collector
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore


async def test_collections_never_visit_the_objects_of_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    async def create_documents(services: Services) -> None:
        done.append("pages")

    monkeypatch.setattr(seed, "create_documents", create_documents)
    monkeypatch.setattr(collector, "freeze_startup_objects", lambda: done.append("freeze"))
    server = process.server_of(Settings(demo=True, log_level="debug"), MemoryStore())
    app = server.config.app
    assert done == []
    async with app.router.lifespan_context(app):  # type: ignore[union-attr]  # it is ours
        assert done == ["pages", "freeze"]
