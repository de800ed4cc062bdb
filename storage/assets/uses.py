"""Which versions name which assets: heads, published versions and named versions count.

The server reads a version once, and saves the ids that it names. A row with an empty asset says
that the version was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from collab.ids import DocKey
from collab.ports.assets import EVERY_ASSET, MOST_LISTED, MOST_USES, AssetUse
from storage.assets.tables import asset_uses, assets
from storage.database import Database
from storage.dialect import insert
from storage.sql.schema import by_key, docs, named

_READ = ""


def _counted(tenant: str) -> list[tuple[Any, Any, Any, ColumnElement[bool]]]:
    """Return how each kind of version that counts is found.

    Each has the table's columns of the document and the version, the row's place, and a condition.
    """
    lives = and_(docs.c.tenant == tenant, docs.c.deleted_at == 0)
    public = and_(lives, docs.c.published > 0)
    return [
        (docs, docs.c.head, "head", and_(lives, docs.c.head > 0)),
        (docs, docs.c.published, "published", public),
        (named, named.c.version, "version", named.c.tenant == tenant),
    ]


def _unread(tenant: str) -> list[Select[Any]]:
    """Return a query for each kind of version that counts and that was not read."""
    uses = asset_uses.c
    queries = []
    for table, version, _, condition in _counted(tenant):
        was_read = and_(
            uses.tenant == tenant,
            uses.doc == table.c.doc,
            uses.version == version,
            uses.asset == _READ,
        )
        columns = (table.c.doc.label("doc"), version.label("version"))
        queries.append(select(*columns).where(condition, ~exists().where(was_read)))
    return queries


def unread(connection: Connection, tenant: str, limit: int) -> list[tuple[DocKey, int]]:
    found: dict[tuple[DocKey, int], None] = {}
    for query in _unread(tenant):
        rows = connection.execute(query.limit(limit - len(found)))
        found.update(((DocKey(tenant, row.doc), row.version), None) for row in rows)
        if len(found) >= limit:
            break
    return list(found)


def _uses(tenant: str, wanted: ColumnElement[bool]) -> list[Select[Any]]:
    """Return a query for the uses of each kind, among the rows of `asset_uses` that are wanted."""
    uses = asset_uses.c
    queries = []
    for table, version, place, condition in _counted(tenant):
        same = and_(table.c.doc == uses.doc, version == uses.version)
        name = named.c.name if table is named else literal("", named.c.name.type)
        columns = (
            uses.asset,
            uses.doc,
            uses.version,
            literal(place).label("place"),
            name.label("name"),
        )
        queries.append(select(*columns).where(uses.tenant == tenant, wanted, condition, same))
    return queries


def uses_of(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, list[AssetUse]]:
    """Return the first uses of each asset, sorted by document and version."""
    wanted = asset_uses.c.asset.in_([*ids, EVERY_ASSET])
    every = union_all(*_uses(tenant, wanted)).subquery()
    order = (every.c.doc, every.c.version, every.c.place)
    place = func.row_number().over(partition_by=every.c.asset, order_by=order).label("row_place")
    ranked = select(every, place).subquery()
    rows = connection.execute(
        select(ranked)
        .where(ranked.c.row_place <= MOST_LISTED)
        .order_by(ranked.c.asset, ranked.c.row_place)
    )
    found: dict[str, list[AssetUse]] = {id: [] for id in ids}
    everywhere: list[AssetUse] = []
    for row in rows:
        use = AssetUse(row.doc, row.place, row.version, row.name or "")
        (everywhere if row.asset == EVERY_ASSET else found[row.asset]).append(use)
    return {id: (uses + everywhere)[:MOST_LISTED] for id, uses in found.items()}


def unused(connection: Connection, tenant: str, before: int, limit: int) -> list[str]:
    is_wanted = or_(asset_uses.c.asset == assets.c.id, asset_uses.c.asset == EVERY_ASSET)
    old = (assets.c.tenant == tenant, assets.c.at < before, assets.c.used_at < before)
    without = [~query.correlate(assets).exists() for query in _uses(tenant, is_wanted)]
    return list(connection.scalars(select(assets.c.id).where(*old, *without).limit(limit)))


def is_recent(connection: Connection, tenant: str, id: str, since: int) -> bool:
    """Whether an asset was uploaded or used at this time or later."""
    this = (assets.c.tenant == tenant, assets.c.id == id)
    recent = or_(assets.c.at >= since, assets.c.used_at >= since)
    return connection.scalar(select(assets.c.id).where(*this, recent)) is not None


# --- writing ----------------------------------------------------------------------------------


def save(connection: Connection, key: DocKey, version: int, ids: Sequence[str], at: int) -> None:
    lives = select(docs.c.doc).where(by_key(docs, key), docs.c.deleted_at == 0)
    if connection.scalar(lives) is None:
        return
    distinct = sorted(set(ids))
    names = [EVERY_ASSET] if len(distinct) > MOST_USES else distinct
    rows = [
        {"tenant": key.tenant, "doc": key.doc, "version": version, "asset": name}
        for name in [_READ, *names]
    ]
    connection.execute(insert(connection, asset_uses).on_conflict_do_nothing(), rows)
    drop_old(connection, key, at)


def drop_old(connection: Connection, key: DocKey, at: int) -> None:
    """Drop the uses of the document's versions that do not count any more.

    The assets that they name were used until now.
    """
    counts = union_all(
        *(
            select(version).where(condition, table.c.doc == key.doc)
            for table, version, _, condition in _counted(key.tenant)
        )
    )
    old = and_(by_key(asset_uses, key), asset_uses.c.version.not_in(counts))
    names = list(connection.scalars(select(asset_uses.c.asset).where(old).distinct()))
    if not names:
        return
    used = assets.c.tenant == key.tenant
    if EVERY_ASSET not in names:
        used = and_(used, assets.c.id.in_(names))
    connection.execute(update(assets).where(used, assets.c.used_at < at).values(used_at=at))
    connection.execute(delete(asset_uses).where(old))


def old_documents(connection: Connection, tenant: str, limit: int) -> list[DocKey]:
    """Return the first documents with uses of versions that do not count any more."""
    uses = asset_uses.c
    counts = [
        exists().where(condition, table.c.doc == uses.doc, version == uses.version)
        for table, version, _, condition in _counted(tenant)
    ]
    old = (uses.tenant == tenant, uses.asset == _READ, ~or_(*counts))
    rows = connection.scalars(select(uses.doc).where(*old).distinct().limit(limit))
    return [DocKey(tenant, doc) for doc in rows]


def _tenants(connection: Connection) -> list[str]:
    found = select(assets.c.tenant).distinct().order_by(assets.c.tenant)
    return list(connection.scalars(found))


class SqlAssetUses:
    """The uses of assets.

    Invariant: the rows of a version are written once, in one transaction with the row that says
    that the version was read. They are dropped in one transaction, too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tenants_with_assets(self) -> list[str]:
        return await self._database.read(_tenants)

    async def unread_versions(self, tenant: str, limit: int) -> list[tuple[DocKey, int]]:
        return await self._database.read(lambda c: unread(c, tenant, limit))

    async def save_uses(self, key: DocKey, version: int, ids: Sequence[str], at: int) -> None:
        await self._database.write(lambda c: save(c, key, version, ids, at))

    async def drop_old_uses(self, tenant: str, at: int, limit: int) -> int:
        keys = await self._database.read(lambda c: old_documents(c, tenant, limit))
        for key in keys:
            await self._database.write(partial(drop_old, key=key, at=at))
        return len(keys)

    async def asset_uses(self, tenant: str, ids: Sequence[str]) -> dict[str, list[AssetUse]]:
        return await self._database.read(lambda c: uses_of(c, tenant, ids))

    async def unused_assets(self, tenant: str, before: int, limit: int) -> list[str]:
        return await self._database.read(lambda c: unused(c, tenant, before, limit))
