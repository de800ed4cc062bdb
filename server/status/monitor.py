"""The monitor: tasks that take samples, watch the event loop and write the audit trail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from collab.ports.store import StorageUnavailable
from server.status.gauges import Gauges
from server.status.loop_watchdog import Watchdog
from server.status.samples import Samples

if TYPE_CHECKING:
    from collab.ports.gossip import Gossip
    from server.archives.export import Exports
    from server.documents.hub import Hub
    from server.runtime.settings import Settings

logger = logging.getLogger(__name__)

SAMPLE_EVERY = 1.0
DROP_EVERY = 3600.0
# The most seconds that a stopping server takes to write the last rows of the audit trail.
LAST_ROWS_WITHIN = 2.0


class Monitor:
    """Runs the background tasks of monitoring.

    Invariant: while it runs, it takes a sample every second. Documents do not depend on it.
    """

    def __init__(
        self, hub: Hub, exports: Exports, settings: Settings, version: str, gossip: Gossip
    ) -> None:
        self.hub = hub
        self.recorder = hub.recorder
        self.clock = hub.clock
        self.settings = settings
        self.version = version
        metrics, connections = self.recorder.metrics, self.recorder.connections
        self.watchdog = Watchdog(self.clock, metrics, settings.stall_seconds)
        self.samples = Samples(hub, metrics, connections, self.watchdog, self.clock)
        self.last_rows_within = LAST_ROWS_WITHIN
        self.started_at = self.clock.monotonic()
        self._trail = self.recorder.trail
        metrics.add(Gauges(hub, gossip, exports, version))

    async def run(self) -> None:
        """Run the tasks until cancelled, and then write the last rows of the audit trail."""
        try:
            with self.watchdog.watching():
                async with asyncio.TaskGroup() as group:
                    for work, name in (
                        (self.watchdog.beat, "beat"),
                        (self._trail.run, "audit trail"),
                        (self._sample, "samples"),
                        (self._drop_old_rows, "audit cleanup"),
                    ):
                        group.create_task(_go_on(work, name), name=name)
        finally:
            await self._write_last_rows()

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_EVERY)
            self.samples.take_sample()

    async def _drop_old_rows(self) -> None:
        """Drop audit rows older than `WEFT_AUDIT_DAYS`; 0 keeps them for ever."""
        days = self.settings.audit_days
        while True:
            try:
                if days:
                    await self._trail.drop_older_than(days)
            except StorageUnavailable:
                logger.warning("old audit rows were not dropped: the database does not answer")
            await asyncio.sleep(DROP_EVERY)

    async def _write_last_rows(self) -> None:
        try:
            async with asyncio.timeout(self.last_rows_within):
                for _ in range(2):  # the second time, edits that became durable meanwhile
                    await self._trail.flush()
        except TimeoutError:
            pass
        if len(self._trail):
            logger.warning("the last rows of the audit trail are lost: the database did not answer")


async def _go_on(work: Callable[[], Awaitable[None]], name: str) -> None:
    """Run `work`, and again after an exception: a bug of monitoring must not end the process."""
    while True:
        try:
            await work()
        except Exception:  # any exception is a bug; the task group would end the process
            logger.exception("a task of the monitor failed; it starts again", extra={"task": name})
        await asyncio.sleep(SAMPLE_EVERY)
