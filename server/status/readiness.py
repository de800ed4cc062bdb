"""Whether the database would take an edit, as a load balancer asks."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal

from collab.ports.store import StorageUnavailable

if TYPE_CHECKING:
    from collab.ports.store import Store

logger = logging.getLogger(__name__)

# A probe gives up after a second or a few; a locked SQLite file is waited for longer than that.
WITHIN = 2.0

State = Literal["ok", "down"]


class Readiness:
    """Invariant: one question is under way at most, however many ask and however long it takes."""

    def __init__(self, store: Store, group: asyncio.TaskGroup, within: float = WITHIN) -> None:
        self._store = store
        self._group = group
        self._within = within
        self._asking: asyncio.Task[State] | None = None

    async def database(self) -> State:
        """Down, where it has not answered in time."""
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
        except Exception:  # the task's edge: all tasks share its group
            logger.exception("the database could not be asked")
            return "down"
        return "ok"
