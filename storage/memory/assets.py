"""The assets and their uses in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from collab.ids import DocKey
from collab.ports.assets import (
    EVERY_ASSET,
    MOST_LISTED,
    MOST_USES,
    PIECE_BYTES,
    Asset,
    AssetUse,
    UnreadVersions,
)
from storage.memory.document import Document


class MemoryAssets:
    """The assets, and their uses.

    Invariant: `_uses` has the ids that each version names, for every version that was read.
    """

    _documents: Mapping[DocKey, Document]  # which the store sets

    def __init__(self) -> None:
        super().__init__()
        self._assets: dict[tuple[str, str], Asset] = {}
        self._contents: dict[str, Mapping[int, bytes]] = {}  # by their file
        self._used_at: dict[tuple[str, str], int] = {}
        self._uses: dict[tuple[DocKey, int], set[str]] = {}

    async def add_asset(
        self, tenant: str, asset: Asset, contents: Mapping[int, bytes], most: int = 0
    ) -> Asset | None:
        stored = self._assets.get((tenant, asset.id))
        if stored is not None:
            stored = replace(stored, name=asset.name, by=asset.by, at=asset.at)
            self._assets[tenant, asset.id] = stored
            return stored
        used = sum(one.stored_bytes for (owner, _), one in self._assets.items() if owner == tenant)
        if most and used + asset.stored_bytes > most:
            return None
        self._assets[tenant, asset.id] = asset
        self._contents[asset.file] = dict(contents)
        return asset

    async def find_assets(
        self, wanted: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Asset]:
        return {key: self._assets[key] for key in wanted if key in self._assets}

    async def list_assets(self, tenant: str, after: tuple[int, str], limit: int) -> list[Asset]:
        own = [asset for (owner, _), asset in self._assets.items() if owner == tenant]
        older = [asset for asset in own if (asset.at, asset.id) < after]
        return sorted(older, key=lambda one: (one.at, one.id), reverse=True)[:limit]

    async def read_piece(self, tenant: str, asset: Asset, width: int, number: int) -> bytes | None:
        body = self._contents.get(asset.file, {}).get(width, b"")
        start = number * PIECE_BYTES
        return body[start : start + PIECE_BYTES] or None

    async def delete_asset(
        self, tenant: str, id: str, unused_since: int = 0
    ) -> list[AssetUse] | None:
        asset = self._assets.get((tenant, id))
        if asset is None or (unused_since and self._last_use(tenant, asset) >= unused_since):
            return None
        uses = (await self.asset_uses(tenant, [id]))[id]
        if uses:
            return uses
        unread = await self.unread_versions(tenant, 2**53)
        if any(self._may_name(key, version, id) for key, version in unread):
            raise UnreadVersions(f"versions of {tenant} are unread")
        del self._contents[self._assets.pop((tenant, id)).file]
        self._used_at.pop((tenant, id), None)
        return []

    async def drop_strays(self, before: int) -> int:
        return 0

    # --- uses -------------------------------------------------------------------------------

    async def tenants_with_assets(self) -> list[str]:
        return sorted({tenant for tenant, _ in self._assets})

    async def unread_versions(self, tenant: str, limit: int) -> list[tuple[DocKey, int]]:
        counted = dict.fromkeys((key, use.version) for key, use in self._counted(tenant))
        return [one for one in counted if one not in self._uses][:limit]

    async def save_uses(self, key: DocKey, version: int, ids: Sequence[str], at: int) -> None:
        if self._documents[key].deleted:
            return
        names = set(ids)
        self._uses[key, version] = names if len(names) <= MOST_USES else {EVERY_ASSET}
        self._drop_old(key, at)

    async def drop_old_uses(self, tenant: str, at: int, limit: int) -> int:
        keys = sorted({key for key, _ in self._uses if key.tenant == tenant})
        return sum([self._drop_old(key, at) for key in keys if self._old(key)][:limit])

    async def asset_uses(self, tenant: str, ids: Sequence[str]) -> dict[str, list[AssetUse]]:
        found: dict[str, list[AssetUse]] = {id: [] for id in ids}
        counted = sorted(self._counted(tenant), key=lambda one: (one[0], one[1].version))
        for key, use in counted:
            names = self._uses.get((key, use.version), set())
            for id in ids:
                if id in names or EVERY_ASSET in names:
                    found[id].append(use)
        return {id: uses[:MOST_LISTED] for id, uses in found.items()}

    async def unused_assets(self, tenant: str, before: int, limit: int) -> list[str]:
        own = [asset for (owner, _), asset in self._assets.items() if owner == tenant]
        old = [asset.id for asset in own if self._last_use(tenant, asset) < before]
        uses = await self.asset_uses(tenant, old)
        return [id for id in old if not uses[id]][:limit]

    def _may_name(self, key: DocKey, version: int, id: str) -> bool:
        document = self._documents[key]
        read = [one for owner, one in self._uses if owner == key and one < version]
        if not read or document.head != version or self._uses[key, max(read)] & {id, EVERY_ASSET}:
            return True
        return any(id in repr(entry.ops) for entry in document.between(max(read), version))

    def _last_use(self, tenant: str, asset: Asset) -> int:
        return max(asset.at, self._used_at.get((tenant, asset.id), 0))

    def _old(self, key: DocKey) -> list[int]:
        """The read versions that do not count, except the newest of a document that lives."""
        counted = {use.version for owner, use in self._counted(key.tenant) if owner == key}
        read = sorted(version for owner, version in self._uses if owner == key)
        kept = read[-1:] if not self._documents[key].deleted else []
        return [version for version in read if version not in (*counted, *kept)]

    def _drop_old(self, key: DocKey, at: int) -> int:
        for version in self._old(key):
            names = self._uses.pop((key, version))
            for tenant, id in self._assets:
                if tenant == key.tenant and (id in names or EVERY_ASSET in names):
                    self._used_at[tenant, id] = max(at, self._used_at.get((tenant, id), 0))
        return 1

    def _counted(self, tenant: str) -> Iterator[tuple[DocKey, AssetUse]]:
        """Yield the versions that count, as uses without their asset."""
        for key, document in self._documents.items():
            if key.tenant != tenant or document.deleted or not document.head:
                continue
            yield key, AssetUse(key.doc, "head", document.head)
            if document.control.published:
                yield key, AssetUse(key.doc, "published", document.control.published)
            for version, one in document.named.items():
                yield key, AssetUse(key.doc, "version", version, one.name)
