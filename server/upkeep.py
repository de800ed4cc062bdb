"""Upkeep: what happens now and then, so that nothing that is done with stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.ports import StorageUnavailable
from server.memory import Memory
from server.retention import Retention

if TYPE_CHECKING:
    from server.services import Services

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0


async def keep_up(services: Services) -> None:
    """Look after what is in memory, and after what is stored; for ever.

    Each has a task of its own: presence is renewed in time, however slow the database is.
    """
    retention, memory = Retention(services), Memory(services.clock)

    async def look_after_memory() -> None:
        keep_present(services)
        await memory.look()

    async def look_after_the_store() -> None:
        await save_and_unload(services)
        await retention.step()

    async with asyncio.TaskGroup() as group:
        group.create_task(_again_and_again(look_after_memory), name="presence and memory")
        group.create_task(_again_and_again(look_after_the_store), name="snapshots and retention")


async def _again_and_again(look: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await look()
        except (StorageUnavailable, Rejected):
            logger.warning("upkeep waits for the database")
        except Exception:
            logger.exception("upkeep failed, and goes on")


def keep_present(services: Services) -> None:
    """Renew who is present, drop who is silent, and forget budgets that are full again."""
    for purses in (services.purses, services.creations.purses):
        purses.forget(services.clock.monotonic())
    for live in services.hub.every(lambda live: len(live.presence.book) > 0):
        live.presence.keep_up()


async def save_and_unload(services: Services) -> None:
    """Save snapshots by age, and unload idle documents."""
    hub = services.hub
    for live in hub.every(hub.snapshots.is_due):
        await hub.snapshots.save(live)
    await hub.unload_idle()
