"""A directory in memory that counts what it is asked, and can be held or taken down."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from collab.ports import SigningKey, StorageUnavailable


class MemoryDirectory:
    """Tenants and keys as the port states them."""

    def __init__(self) -> None:
        self.held: dict[str, list[SigningKey]] = {}
        self.lookups: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self.down = False
        self.answering = asyncio.Event()
        self.answering.set()

    async def add_tenant(self, tenant: str, at: int) -> bool:
        if tenant in self.held:
            return False
        self.held[tenant] = []
        return True

    async def tenants(self) -> list[str]:
        return sorted(self.held)

    async def add_key(self, tenant: str, key: SigningKey) -> None:
        self.held[tenant].append(key)

    async def retire_key(self, tenant: str, kid: str, at: int) -> bool:
        keys = self.held.get(tenant, [])
        active = [i for i, key in enumerate(keys) if key.kid == kid and not key.retired_at]
        for i in active:
            keys[i] = replace(keys[i], retired_at=at)
        return bool(active)

    async def keys(self, tenant: str) -> list[SigningKey]:
        return list(self.held.get(tenant, []))

    async def find_key(self, kid: str) -> tuple[str, SigningKey] | None:
        self.lookups.append(kid)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.answering.wait()
        finally:
            self.under_way -= 1
        if self.down:
            raise StorageUnavailable
        rows = [(tenant, key) for tenant, keys in self.held.items() for key in keys]
        return next((row for row in rows if row[1].kid == kid), None)
