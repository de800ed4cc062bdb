"""Upkeep: what happens now and then, so that nothing that is done with stays."""

from __future__ import annotations

import asyncio
import logging
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
    """Save snapshots by age, unload idle documents, drop what is past its time; for ever."""
    retention, memory = Retention(services), Memory(services.clock)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await look_after(services)
            await retention.step()
            await memory.look()
        except (StorageUnavailable, Rejected):
            logger.warning("upkeep waits for the database")
        except Exception:
            logger.exception("upkeep failed, and goes on")


async def look_after(services: Services) -> None:
    hub = services.hub
    for purses in (services.purses, services.creations.purses):
        purses.forget(services.clock.monotonic())
    for live in hub.every(lambda live: len(live.presence.book) > 0):
        live.presence.keep_up()
    for live in hub.every(hub.snapshots.is_due):
        await hub.snapshots.save(live)
    await hub.unload_idle()
