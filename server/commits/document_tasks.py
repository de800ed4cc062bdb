"""The tasks of the commit loop, and the edge at which a document's failure ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from server.broadcast.close_reasons import OUR_FAULT
from server.documents.hub import Hub
from server.documents.live_room import LiveRoom

logger = logging.getLogger(__name__)


class DocumentTasks:
    """Invariant: every task lives in `group`, and none of them can end it."""

    def __init__(self, hub: Hub) -> None:
        self.group = asyncio.TaskGroup()
        self._hub = hub

    def spawn(
        self, work: Coroutine[Any, Any, None], name: str, live: LiveRoom | None = None
    ) -> None:
        """Run it as a task; its failure ends the live room that is named."""

        async def guarded() -> None:
            with self.edge(live):
                await work

        self.group.create_task(guarded(), name=name)

    @contextmanager
    def edge(self, live: LiveRoom | None) -> Iterator[None]:
        """What fails in here is a bug of ours; it ends this document's connections, no others."""
        try:
            yield
        except Exception:  # a document's edge
            logger.exception("a document's work failed")
            if live is not None:
                self._hub.end_room(live, OUR_FAULT)
