"""Maintenance, once a second: save snapshots, unload documents, and drop old data."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.ids import DocKey
from collab.ports.store import Corrupt, StorageUnavailable
from server.assets.retention import AssetRetention
from server.documents.renewals import renew_all
from server.runtime.collector import Collector
from server.runtime.usage import MemoryTrimmer
from server.runtime.worker_threads import untrack_in_thread, work_counts

if TYPE_CHECKING:
    from server.services import Services

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
# Documents that one call of `Retention.step` visits. Each needs a query; a few need a transaction.
DOCS_AT_ONCE = 20
# Seconds between the end of one walk through all documents and the start of the next.
WALK_EVERY = 3600.0
DAY_MS = 86_400_000


async def run_maintenance(services: Services) -> None:
    """Run every maintenance task once a second, until cancelled.

    Presence has a task of its own, so that a slow database does not delay it.
    """
    retention, memory = Retention(services), MemoryTrimmer(services.clock)
    collector = Collector(work_counts, lambda: untrack_values(services))
    versions, days = services.assets.versions, services.settings.asset_days
    is_shared = services.placement.bus is not None
    assets = AssetRetention(services.store, versions, services.clock, days, is_shared=is_shared)

    # Any number of processes may walk through all documents at once. One worker is enough.
    walks = services.placement.worker <= 1

    async def store() -> None:
        await save_and_unload(services)
        if walks:
            await retention.step()

    async with asyncio.TaskGroup() as group:
        steps: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
            ("presence", lambda: renew_presence(services)),
            ("snapshots and retention", store),
            *([("assets", assets.step)] if walks else []),
            ("share links", services.share_links.maintain),
            ("positions", partial(compare_positions, services)),
            ("memory", memory.trim),
            ("collector", collector.run),
        )
        for name, work in steps:
            group.create_task(_every_second(work), name=name)


async def _every_second(work: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await work()
        except (StorageUnavailable, Rejected):
            logger.warning("maintenance could not reach the database; it tries again in a second")
        except Exception:  # a bug in one step must not end a task that runs every second
            logger.exception("a maintenance step failed; it runs again in a second")


async def renew_presence(services: Services) -> None:
    """Renew presence, time out silent clients, and drop budgets that are full again."""
    uploads, creations = services.assets.uploads, services.creations
    for budget_pool in (services.budget_pool, creations.budget_pool, uploads.budget_pool):
        budget_pool.evict(services.clock.monotonic())
    services.guest_token_limit.forget(services.clock.monotonic())
    for live in services.hub.every(lambda live: len(live.presence.book) > 0):
        live.presence.renew()


async def compare_positions(services: Services) -> None:
    """Compare the open documents with the database: a message of another instance may be lost."""
    if services.relay is not None:
        await services.relay.poll()


async def untrack_values(services: Services) -> None:
    """Take the values of the open documents out of the garbage collector's sight.

    These are the present values, the ops of the newest entries, and the values before these.
    """
    rooms = [live.room for live in services.hub.lives.values()]
    values, tails = [room.value for room in rooms], [room.tail.kept() for room in rooms]
    kept = (one for tail in tails for one in tail)  # a thread walks over them
    parts = (part for one in kept for part in (one.change.before, one.entry.ops))
    await untrack_in_thread(chain(values, parts))


async def save_and_unload(services: Services) -> None:
    """Save snapshots by age, and renew and unload idle documents."""
    hub = services.hub
    now = hub.clock.monotonic()
    for live in hub.every(lambda live: hub.snapshots.is_due(live, now)):
        await hub.snapshots.save(live)
    renew_all(hub)
    await hub.unload_idle()


class Retention:
    """Compacts the logs of all documents (drops old entries), a few documents at a time, for ever.

    Invariant: `step` visits at most `DOCS_AT_ONCE` documents, open or not. Named and published
    versions stay readable. The store keeps request ids as long as a client may retry.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tenants: list[str] = []
        self._after = ""
        self._rest_until = 0.0

    async def step(self) -> int:
        """Compact the next documents; return how many entries the store dropped."""
        services = self._services
        days = services.settings.retention_days
        if not days or services.clock.monotonic() < self._rest_until:
            return 0
        if not self._tenants:
            self._tenants = await services.store.tenants()
        if not self._tenants:
            return 0
        tenant = self._tenants[0]
        rows = await services.store.list_docs(tenant, self._after, DOCS_AT_ONCE)
        cutoff = services.clock.now_ms() - days * DAY_MS
        went = 0
        for row in rows:
            if row.created_at < cutoff:
                went += await self._compact(DocKey(tenant, row.doc), cutoff)
            self._after = row.doc
        if len(rows) < DOCS_AT_ONCE:
            self._go_on()
        return went

    async def _compact(self, key: DocKey, cutoff: int) -> int:
        store = self._services.store
        try:
            before = await store.last_before(key, cutoff)
            return await store.compact(key, before=before, keep=(), forget=cutoff) if before else 0
        except Corrupt:
            logger.warning("retention skips a damaged document", extra=key._asdict())
            return 0

    def _go_on(self) -> None:
        """Go to the next tenant. After the last tenant, rest for `WALK_EVERY` seconds."""
        self._after = ""
        self._tenants.pop(0)
        if not self._tenants:
            self._rest_until = self._services.clock.monotonic() + WALK_EVERY
