"""Maintenance of assets: reads new versions, and drops strays and assets without a use."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from collab.ports.assets import UnreadVersions

if TYPE_CHECKING:
    from collab.ports.store import Store
    from server.assets.versions import VersionReader
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

# Versions that one step reads, documents whose old uses it drops, and assets that it deletes.
AT_ONCE: Final = 20
# Seconds between the end of one walk through all tenants and the start of the next.
WALK_EVERY: Final = 3600.0
# A file without a row may be an upload that still runs, in this process or in another process on
# the same database. It is a stray after this time.
STRAY_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000


class AssetRetention:
    """Walks through all tenants with assets, a few rows in each step, for ever.

    Invariant: a walk deletes an asset only when it was neither uploaded nor used for `days` days;
    0 means never. The first step drops what uploads before the start of this process have left.
    When other processes use the database too (`is_shared`), it leaves their uploads alone.
    """

    def __init__(
        self,
        store: Store,
        versions: VersionReader,
        clock: Clock,
        days: int,
        *,
        is_shared: bool = False,
    ) -> None:
        self._store = store
        self._versions = versions
        self._clock = clock
        self._days = days
        self._strays_before = clock.now_ms() - (STRAY_MS if is_shared else 0)
        self._tenants: list[str] | None = None
        self._rest_until = 0.0

    async def step(self) -> int:
        """Do the next part of a walk; return how many assets it deleted."""
        if self._clock.monotonic() < self._rest_until:
            return 0
        if self._tenants is None:
            dropped = await self._store.drop_strays(self._strays_before)
            if dropped:
                logger.info("removed %d files that unfinished uploads had left", dropped)
            self._tenants = await self._store.tenants_with_assets()
        if not self._tenants:
            self._rest()
            return 0
        tenant = self._tenants[0]
        if not await self._versions.read(tenant, AT_ONCE):
            return 0
        if await self._store.drop_old_uses(tenant, self._clock.now_ms(), AT_ONCE) == AT_ONCE:
            return 0
        deleted, is_done = await self._delete_unused(tenant)
        if is_done:
            self._tenants.pop(0)
        return deleted

    async def _delete_unused(self, tenant: str) -> tuple[int, bool]:
        """Return how many assets were deleted, and whether no other one is unused."""
        if not self._days:
            return 0, True
        before = self._clock.now_ms() - self._days * DAY_MS
        unused = await self._store.unused_assets(tenant, before, AT_ONCE)
        deleted = 0
        for id in unused:
            try:
                uses = await self._store.delete_asset(tenant, id, unused_since=before)
            except UnreadVersions:  # an edit came in between: the next step reads its version
                return deleted, False
            deleted += uses == []
        if deleted:
            logger.info("deleted assets that no version uses", extra={"tenant": tenant})
        return deleted, len(unused) < AT_ONCE

    def _rest(self) -> None:
        self._tenants = None
        self._rest_until = self._clock.monotonic() + WALK_EVERY
        self._strays_before = self._clock.now_ms() + int(WALK_EVERY * 1000) - STRAY_MS
