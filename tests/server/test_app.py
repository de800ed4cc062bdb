"""The composition root: what it opens it closes, however the start ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from collab.ports.store import DocRow, StorageUnavailable
from server.app import build, open_gossip
from server.runtime.settings import Settings
from server.services import ALONE, Placement, Services
from storage.gossip.local import LocalGossip
from storage.gossip.memory import MemoryGossip
from storage.gossip.redis import RedisGossip
from storage.memory.store import MemoryStore
from tests.held_store import until


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


class BrokenStore(MemoryStore):
    """Fails by a bug of its own."""

    async def list_docs(self, tenant: str, after: str, limit: int) -> list[DocRow]:
        raise RuntimeError("a bug")


async def test_an_answer_to_a_failure_of_ours_names_its_request_and_may_be_read() -> None:
    app = build(Settings(origins=("https://app.example.com",)), BrokenStore())
    async with app.router.lifespan_context(app):
        token, _ = await app.state.services.keyring.guest()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://weft") as client:
            headers = {"Authorization": f"Bearer {token}", "Origin": "https://app.example.com"}
            answer = await client.get("/v1/docs", headers=headers)
    assert answer.status_code == 500
    assert answer.headers["weft-request"].startswith("r-")
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"


class WatchedStore(MemoryStore):
    """Notes whether the application watches the database."""

    is_watched = False

    async def watch(self) -> None:
        self.is_watched = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_watched = False


async def test_the_application_watches_the_database_until_it_stops() -> None:
    store = WatchedStore()
    app = build(Settings(), store)
    async with app.router.lifespan_context(app):
        await until(lambda: store.is_watched)
    assert not store.is_watched


async def test_the_watchdog_starts_after_the_work_of_the_start() -> None:
    def tasks() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks()}

    @asynccontextmanager
    async def on_start(services: Services) -> AsyncIterator[None]:
        assert "commit loop" in tasks()
        assert "monitor" not in tasks()
        yield

    app = build(Settings(), MemoryStore(), on_start=on_start)
    async with app.router.lifespan_context(app):
        assert "monitor" in tasks()


async def test_gossip_goes_over_the_bus_or_redis_or_stays_in_the_process(tmp_path: Path) -> None:
    redis, bus = Settings(redis="redis://127.0.0.1:1"), Placement(tmp_path / "bus")
    kinds = [
        type(open_gossip(settings, placement))
        for settings, placement in ((Settings(), ALONE), (redis, ALONE), (redis, bus))
    ]
    assert kinds == [MemoryGossip, RedisGossip, LocalGossip]
