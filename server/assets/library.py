"""The assets of all tenants: adds, finds and deletes them."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from collab.errors import Code, Rejected
from collab.ids import is_tenant_name
from collab.ports.assets import Asset, Content, StorageFull, UnreadVersions, contents_of
from server.assets.pictures import PictureBounds, Pictures
from server.assets.uploads import Uploads, disk_is_full
from server.assets.versions import VersionReader
from server.runtime.batched_lookup import BatchedLookup
from server.runtime.worker_threads import LARGE, run_in_thread

if TYPE_CHECKING:
    from pathlib import Path

    from collab.ports.assets import AssetUse
    from collab.ports.store import Store
    from server.assets.pictures import Prepared
    from server.documents.hub import Hub
    from server.runtime.clock import Clock
    from server.runtime.settings import Settings

MAX_KNOWN: Final = 10_000
# Attempts to delete an asset while edits make new versions.
ATTEMPTS: Final = 5
_ID = re.compile(r"[0-9a-f]{64}")

AssetKey = tuple[str, str]  # tenant and id


class AssetLibrary:
    """The assets.

    Invariant: `_known` has at most `MAX_KNOWN` assets, the least recently used is dropped first.
    Unknown ids are not kept: clients can invent any number of them. All lookups share one query at
    a time.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pictures: Pictures,
        uploads: Uploads,
        versions: VersionReader,
        most_bytes: int = 0,
    ) -> None:
        self.uploads = uploads
        self.versions = versions
        self._store = store
        self._clock = clock
        self._pictures = pictures
        self._most_bytes = most_bytes
        self._known: OrderedDict[AssetKey, Asset] = OrderedDict()
        self._rows: BatchedLookup[AssetKey, Asset] = BatchedLookup(store.find_assets)

    @classmethod
    def of(cls, hub: Hub, clock: Clock, settings: Settings, folder: Path | None) -> AssetLibrary:
        """Return the library of a server. `folder` is for the bodies of uploads."""
        pictures = Pictures(PictureBounds(pixels=settings.max_asset_pixels))
        speed = settings.asset_bytes_per_second
        uploads = Uploads(clock, bytes_per_second=speed, largest=settings.max_asset, folder=folder)
        versions = VersionReader(hub, clock)
        return cls(hub.store, clock, pictures, uploads, versions, settings.asset_bytes)

    async def close(self) -> None:
        """End the processes and threads of uploads."""
        await self._pictures.close()
        self.uploads.close()

    async def add(self, tenant: str, user: str, name: str, body: bytes) -> Asset:
        """Read a picture and store it; return the asset. Raise `Rejected` when it is refused."""
        prepared = await self._pictures.prepare(body)
        most = self._most_bytes
        stored = await add_picture(self._store, self._clock, tenant, user, name, prepared, most)
        self.forget((tenant, stored.id))
        return stored

    async def find(self, tenant: str, id: str) -> Asset | None:
        """Return an asset, or None. An impossible name needs no query."""
        key = (tenant, id)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        if _ID.fullmatch(id) is None or not is_tenant_name(tenant):
            return None
        found = await self._rows.get(key)
        if found is not None:
            self._known[key] = found
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found

    async def piece(self, tenant: str, asset: Asset, width: int, number: int) -> bytes | None:
        """Return a piece of a content; None when the asset was deleted meanwhile."""
        found = await self._store.read_piece(tenant, asset, width, number)
        if found is None:
            self.forget((tenant, asset.id))
        return found

    async def delete(self, tenant: str, id: str) -> list[AssetUse]:
        """Delete an asset that no version uses; return its uses. Raise `not_found` without it."""
        if not (_ID.fullmatch(id) and await self._store.find_assets([(tenant, id)])):
            raise _no_asset()
        for _ in range(ATTEMPTS):
            # The store searches only the edits since then, so it finds an id that one edit names.
            if not await self.versions.read(tenant):
                continue
            try:
                uses = await self._store.delete_asset(tenant, id)
            except UnreadVersions:
                continue
            self.forget((tenant, id))
            if uses is None:
                raise _no_asset()
            return uses
        raise Rejected(
            Code.STORAGE_UNAVAILABLE,
            "the server still reads which documents use the asset; try again",
        )

    def forget(self, key: AssetKey) -> None:
        """Read this asset again from the database at its next use."""
        self._known.pop(key, None)
        self._rows.invalidate(key)


async def add_picture(
    store: Store,
    clock: Clock,
    tenant: str,
    user: str,
    name: str,
    prepared: Prepared,
    most_bytes: int,
) -> Asset:
    """Store a picture; return the asset. Raise `Rejected` when there is no room for it."""
    bodies = {0: prepared.content, **prepared.widths}
    if sum(map(len, bodies.values())) <= LARGE:
        id, contents = _hashed(bodies)
    else:
        id, contents = await run_in_thread(_hashed, bodies)
    size, file = (prepared.width, prepared.height), f"{id}-{clock.new_id('f')}"
    asset = Asset(id, prepared.type, *size, name, user, clock.now_ms(), file, contents)
    try:
        stored = await store.add_asset(tenant, asset, bodies, most_bytes)
    except StorageFull as error:
        raise disk_is_full() from error
    if stored is None:
        raise Rejected(
            Code.QUOTA_EXCEEDED,
            "the tenant has no room for more assets: delete some that are not used",
        )
    return stored


def _hashed(bodies: Mapping[int, bytes]) -> tuple[str, list[Content]]:
    return hashlib.sha256(bodies[0]).hexdigest(), contents_of(bodies)


def _no_asset() -> Rejected:
    return Rejected(Code.NOT_FOUND, "the tenant has no asset with this id")
