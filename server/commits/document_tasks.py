"""The tasks of the commit loop. When a task of a document fails, only its live room ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from server.broadcast.close_reasons import OUR_FAULT
from server.documents.hub import Hub
from server.documents.live_room import LiveRoom

logger = logging.getLogger(__name__)


class DocumentTasks:
    """Runs the tasks of documents.

    Invariant: every task lives in `group`, and a failing task does not end `group`.
    """

    def __init__(self, hub: Hub) -> None:
        self.group = asyncio.TaskGroup()
        self._hub = hub

    def spawn(
        self, work: Callable[[], Coroutine[Any, Any, None]], name: str, live: LiveRoom | None = None
    ) -> None:
        """Run `work` as a task; if it fails, end the live room `live`.

        The task itself calls `work`. So a task that is cancelled before it begins leaves no
        coroutine that was never awaited.
        """

        async def guarded() -> None:
            try:
                await work()
            except Exception:  # any bug here must end one document, not the whole task group
                self.fail(live)

        self.group.create_task(guarded(), name=name)

    def fail(self, live: LiveRoom | None) -> None:
        """Log the present exception, which is a bug of the server, and end only this live room."""
        logger.exception("a task of a document failed with a bug")
        if live is not None:
            self._hub.end_room(live, OUR_FAULT)
