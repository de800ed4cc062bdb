"""Tenants, their signing keys, and the share links of documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from collab.ids import DocKey
from collab.ports.directory import ShareLink, SigningKey
from storage.database import Database
from storage.dialect import insert, is_constraint_violation
from storage.sql.checksum import is_sound, share_link_crc, signing_key_crc
from storage.sql.documents import lock_document
from storage.sql.schema import by_key, padded_batches, share_links, signing_keys, tenants

_KEY_COLUMNS = (
    signing_keys.c.kid,
    signing_keys.c.secret,
    signing_keys.c.created_at,
    signing_keys.c.retired_at,
    signing_keys.c.tenant,
    signing_keys.c.crc,
)


def _add_tenant(connection: Connection, tenant: str, at: int) -> bool:
    row = insert(connection, tenants).values(tenant=tenant, created_at=at)
    return connection.execute(row.on_conflict_do_nothing()).rowcount == 1


def _signing_key(row: Any) -> SigningKey | None:
    """Return the key in a row. A damaged row gives None: its key could be another tenant's."""
    key = SigningKey(row.kid, row.secret, row.created_at, row.retired_at)
    return key if is_sound(row.crc, lambda: signing_key_crc(row.tenant, key)) else None


def _keys(connection: Connection, tenant: str) -> list[SigningKey]:
    rows = connection.execute(
        select(*_KEY_COLUMNS)
        .where(signing_keys.c.tenant == tenant)
        .order_by(signing_keys.c.created_at, signing_keys.c.kid)
    )
    return [key for key in map(_signing_key, rows) if key is not None]


def _find(connection: Connection, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
    found: dict[str, tuple[str, SigningKey]] = {}
    for part in padded_batches(kids):
        rows = select(*_KEY_COLUMNS).where(signing_keys.c.kid.in_(part))
        for row in connection.execute(rows):
            key = _signing_key(row)
            if key is not None:
                found[row.kid] = row.tenant, key
    return found


def _find_any(connection: Connection, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
    """Return the keys of tenants, and the keys of share links under the other key ids."""
    found = _find(connection, kids)
    for part in padded_batches(kid for kid in kids if kid not in found):
        for key, link in _links(connection, share_links.c.id.in_(part)):
            signing_key = SigningKey(link.id, link.secret, link.created_at, doc=key.doc)
            found[link.id] = key.tenant, signing_key
    return found


def _retire(connection: Connection, tenant: str, kid: str, at: int) -> bool:
    found = _find(connection, [kid]).get(kid)
    if found is None or found[0] != tenant or found[1].retired_at:
        return False
    crc = signing_key_crc(tenant, replace(found[1], retired_at=at))
    retired = connection.execute(
        update(signing_keys)
        .where(signing_keys.c.kid == kid, signing_keys.c.retired_at == 0)
        .values(retired_at=at, crc=crc)
    )
    return retired.rowcount == 1


# --- share links ------------------------------------------------------------------------------


def _links(connection: Connection, wanted: ColumnElement[bool]) -> list[tuple[DocKey, ShareLink]]:
    """Return the links and their documents. A damaged row is left out, so its token is refused."""
    links = share_links.c
    rows = connection.execute(
        select(share_links).where(wanted).order_by(links.created_at, links.id)
    )
    found = []
    for row in rows:
        key = DocKey(row.tenant, row.doc)
        link = ShareLink(row.id, row.secret, row.role, row.by, row.created_at, row.expires_at)
        if is_sound(row.crc, partial(share_link_crc, key, link)):
            found.append((key, link))
    return found


def _add_share(connection: Connection, key: DocKey, link: ShareLink, most: int) -> bool | None:
    # The lock prevents two requests from exceeding the limit, and a deletion at the same time.
    if lock_document(connection, key) is None:
        return None
    valid = (by_key(share_links, key), share_links.c.expires_at > link.created_at)
    count = connection.scalar(select(func.count()).select_from(share_links).where(*valid))
    if most and count and count >= most:
        return False
    connection.execute(
        share_links.insert().values(
            id=link.id,
            tenant=key.tenant,
            doc=key.doc,
            secret=link.secret,
            role=link.role,
            by=link.by,
            created_at=link.created_at,
            expires_at=link.expires_at,
            crc=share_link_crc(key, link),
        )
    )
    return True


class SqlDirectory:
    """Tenants, their signing keys, and share links.

    Invariant: a key id is unique among all tenants.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_tenant(self, tenant: str, at: int) -> bool:
        return await self._database.write(lambda c: _add_tenant(c, tenant, at))

    async def tenants(self) -> list[str]:
        names = select(tenants.c.tenant).order_by(tenants.c.tenant)
        return await self._database.read(lambda c: list(c.scalars(names)))

    async def add_key(self, tenant: str, key: SigningKey) -> None:
        row = signing_keys.insert().values(
            kid=key.kid,
            tenant=tenant,
            secret=key.secret,
            created_at=key.created_at,
            retired_at=key.retired_at,
            crc=signing_key_crc(tenant, key),
        )
        try:
            await self._database.write(lambda c: c.execute(row).rowcount)
        except Exception as error:
            if is_constraint_violation(error):
                raise ValueError(
                    f"the key {key.kid} exists already, or there is no tenant {tenant}"
                ) from error
            raise

    async def retire_key(self, tenant: str, kid: str, at: int) -> bool:
        return await self._database.write(lambda c: _retire(c, tenant, kid, at))

    async def keys(self, tenant: str) -> list[SigningKey]:
        return await self._database.read(lambda c: _keys(c, tenant))

    async def find_keys(self, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
        return await self._database.read(lambda c: _find_any(c, kids))

    async def add_share(self, key: DocKey, link: ShareLink, most: int = 0) -> bool | None:
        return await self._database.write(lambda c: _add_share(c, key, link, most))

    async def shares(self, key: DocKey) -> list[ShareLink]:
        found = await self._database.read(lambda c: _links(c, by_key(share_links, key)))
        return [link for _, link in found]

    async def end_share(self, key: DocKey, id: str) -> bool:
        one = delete(share_links).where(by_key(share_links, key), share_links.c.id == id)
        return await self._database.write(lambda c: c.execute(one).rowcount == 1)

    async def drop_shares(self, before: int) -> int:
        old = delete(share_links).where(share_links.c.expires_at < before)
        return await self._database.write(lambda c: c.execute(old).rowcount)
