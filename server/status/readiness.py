"""Readiness for load balancers: whether the database would accept an edit."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal

from collab.ports.store import StorageUnavailable

if TYPE_CHECKING:
    from collab.ports.store import Store

logger = logging.getLogger(__name__)

# Seconds until "down" is the answer. A load balancer's probe times out after a few seconds, but a
# locked SQLite file may answer later.
WITHIN = 2.0

State = Literal["ok", "down"]


class Readiness:
    """Asks the database whether it answers.

    Invariant: at most one query runs at a time. All probes that wait share it, even when it is
    slow.
    """

    def __init__(self, store: Store, group: asyncio.TaskGroup, within: float = WITHIN) -> None:
        self._store = store
        self._group = group
        self._within = within
        self._asking: asyncio.Task[State] | None = None

    async def database(self) -> State:
        """Return "ok" when the database answers in time, else "down"."""
        if self._asking is None or self._asking.done():
            self._asking = self._group.create_task(self._ask(), name="readiness")
        asking = self._asking
        await asyncio.wait([asking], timeout=self._within)
        return asking.result() if asking.done() else "down"

    async def _ask(self) -> State:
        try:
            await self._store.ping()
        except StorageUnavailable:
            return "down"
        except Exception:  # an exception that leaves the task would cancel the whole task group
            logger.exception("the readiness check failed")
            return "down"
        return "ok"
