"""Tenants, keys and the audit trail in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from collab.ids import DocKey
from collab.ports.audit import CHANGES, MOST_DETAIL, AuditRow
from collab.ports.directory import ShareLink, SigningKey


class MemoryDirectory:
    """Tenants, their keys, and share links. Invariant: a key id is unique among all tenants."""

    def __init__(self) -> None:
        super().__init__()
        self._tenants: set[str] = set()
        self._keys: dict[str, tuple[str, SigningKey]] = {}
        self._links: dict[str, tuple[DocKey, ShareLink]] = {}

    async def add_tenant(self, tenant: str, at: int) -> bool:
        new = tenant not in self._tenants
        self._tenants.add(tenant)
        return new

    async def tenants(self) -> list[str]:
        return sorted(self._tenants)

    async def add_key(self, tenant: str, key: SigningKey) -> None:
        if key.kid in self._keys or tenant not in self._tenants:
            raise ValueError(f"the key {key.kid} exists already, or there is no tenant {tenant}")
        self._keys[key.kid] = (tenant, key)

    async def retire_key(self, tenant: str, kid: str, at: int) -> bool:
        owner, key = self._keys.get(kid, ("", None))
        if key is None or owner != tenant or key.retired_at:
            return False
        self._keys[kid] = (tenant, msgspec.structs.replace(key, retired_at=at))
        return True

    async def keys(self, tenant: str) -> list[SigningKey]:
        owned = [key for owner, key in self._keys.values() if owner == tenant]
        return sorted(owned, key=lambda key: (key.created_at, key.kid))

    async def find_keys(self, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
        found = {kid: self._keys[kid] for kid in kids if kid in self._keys}
        for kid in kids:
            if kid in self._links:
                key, link = self._links[kid]
                found[kid] = key.tenant, SigningKey(kid, link.secret, link.created_at, doc=key.doc)
        return found

    async def shares(self, key: DocKey) -> list[ShareLink]:
        links = [link for owner, link in self._links.values() if owner == key]
        return sorted(links, key=lambda link: (link.created_at, link.id))

    async def end_share(self, key: DocKey, id: str) -> bool:
        if self._links.get(id, (None, None))[0] != key:
            return False
        del self._links[id]
        return True

    async def drop_shares(self, before: int) -> int:
        return self._keep_links(lambda _, link: link.expires_at >= before)

    def _keep_links(self, wanted: Callable[[DocKey, ShareLink], bool]) -> int:
        all_links = self._links
        self._links = {id: one for id, one in all_links.items() if wanted(*one)}
        return len(all_links) - len(self._links)


class MemoryAudit:
    """Audit rows. Invariant: their numbers increase in the order of writing."""

    def __init__(self) -> None:
        super().__init__()
        self._trail: list[tuple[int, DocKey, AuditRow]] = []
        self._last = 0

    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        there = [(key, row) for _, key, row in self._trail]
        if again and all(there.count(one) >= rows.count(one) for one in rows):
            return
        for key, row in rows:
            self._last += 1
            self._trail.append((self._last, key, row))

    async def audit(self, key: DocKey, before: int, limit: int) -> list[tuple[int, AuditRow]]:
        found = [
            (number, row)
            for number, owner, row in reversed(self._trail)
            if owner == key and (not before or number < before)
        ]
        return found[:limit]

    def _changes(self, tenant: str, before: int) -> list[tuple[int, DocKey, AuditRow]]:
        """The accepted changes of a tenant, newest first, as `activity` returns them."""
        return [
            (number, key, _short(row))
            for number, key, row in reversed(self._trail)
            if key.tenant == tenant
            and (not before or number < before)
            and row.outcome == "ok"
            and row.action in CHANGES
        ]

    async def drop_audit(self, older_than: int, most: int) -> int:
        old = sorted((one for one in self._trail if one[2].at < older_than), key=_age)[:most]
        gone = {number for number, _, _ in old}
        self._trail = [one for one in self._trail if one[0] not in gone]
        return len(gone)


def _short(row: AuditRow) -> AuditRow:
    is_long = len(msgspec.json.encode(row.detail)) > MOST_DETAIL
    return msgspec.structs.replace(row, origin="", detail={} if is_long else row.detail)


def _age(row: tuple[int, DocKey, AuditRow]) -> int:
    return row[2].at
