"""Tenants and their signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from collab.ports.store import SigningKey
from storage.database import Database
from storage.dialect import insert, is_constraint_violation
from storage.sql.checksum import is_sound, signing_key_crc
from storage.sql.schema import padded_batches, signing_keys, tenants

_COLUMNS = (
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
        select(*_COLUMNS)
        .where(signing_keys.c.tenant == tenant)
        .order_by(signing_keys.c.created_at, signing_keys.c.kid)
    )
    return [key for key in map(_signing_key, rows) if key is not None]


def _find(connection: Connection, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
    found: dict[str, tuple[str, SigningKey]] = {}
    for part in padded_batches(kids):
        rows = select(*_COLUMNS).where(signing_keys.c.kid.in_(part))
        for row in connection.execute(rows):
            key = _signing_key(row)
            if key is not None:
                found[row.kid] = row.tenant, key
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


class SqlDirectory:
    """Tenants and their signing keys. Invariant: a key id is unique among all tenants."""

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
        return await self._database.read(lambda c: _find(c, kids))
