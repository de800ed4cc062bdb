"""Upkeep: what happens now and then, so that nothing that is done with stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.ports.store import StorageUnavailable
from server.retention import Retention
from server.runtime.collector import Collector
from server.runtime.usage import MemoryTrimmer
from server.runtime.worker_threads import work_counts

if TYPE_CHECKING:
    from server.services import Services

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0


async def keep_up(services: Services) -> None:
    """Renew presence, save and unload documents, drop what is past its time; for ever.

    Presence has a task of its own, so it is renewed in time however slow the database is.
    """
    retention, memory = Retention(services), MemoryTrimmer(services.clock)
    collector = Collector(work_counts)

    async def store() -> None:
        await save_and_unload(services)
        await retention.step()

    async with asyncio.TaskGroup() as group:
        for name, work in (
            ("presence", lambda: keep_present(services)),
            ("snapshots and retention", store),
            ("memory", memory.trim),
            ("collector", collector.run),
        ):
            group.create_task(_every_second(work), name=name)


async def _every_second(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await work()
        except (StorageUnavailable, Rejected):
            logger.warning("upkeep waits for the database")
        except Exception:
            logger.exception("upkeep failed, and goes on")


async def keep_present(services: Services) -> None:
    """Renew who is present, drop who is silent, and forget budgets that are full again."""
    for budget_pool in (services.budget_pool, services.creations.budget_pool):
        budget_pool.evict(services.clock.monotonic())
    services.guest_token_limit.forget(services.clock.monotonic())
    for live in services.hub.every(lambda live: len(live.presence.book) > 0):
        live.presence.keep_up()


async def save_and_unload(services: Services) -> None:
    """Save snapshots by age, and unload idle documents."""
    hub = services.hub
    for live in hub.every(hub.snapshots.is_due):
        await hub.snapshots.save(live)
    await hub.unload_idle()
