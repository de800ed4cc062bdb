"""Upkeep: what happens now and then, so that nothing that is done with stays."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.ports import StorageUnavailable

if TYPE_CHECKING:
    from server.services import Services

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0


async def keep_up(services: Services) -> None:
    """Save snapshots by age, unload idle documents, forget full purses; for ever."""
    hub = services.hub
    while True:
        await asyncio.sleep(LOOK_EVERY)
        for live in hub.every(lambda live: len(live.presence.book) > 0):
            live.presence.keep_up()
        try:
            for live in hub.every(hub.is_snapshot_due):
                await hub.save_snapshot(live)
            await hub.unload_idle()
        except (StorageUnavailable, Rejected):
            logger.warning("upkeep waits for the database")
        services.purses.forget(services.clock.monotonic())
