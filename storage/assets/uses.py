"""Which versions name which assets: heads, published versions and named versions count.

The server reads a version once, and saves the ids that it names. A row with an empty asset says
that the version was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    literal_column,
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
from storage.sql.schema import by_key, docs, entries, named, padded_batches

_READ = ""
# Unread versions whose entries a deletion searches. With more of them, the server reads first.
_MOST_UNREAD = 100
# The condition of the index on `asset`. Without it, a database would not use the index.
_IN_INDEX = asset_uses.c.asset != literal_column("''")


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


def _uses(tenant: str, columns: Sequence[Any]) -> Select[Any]:
    """Return a query for the rows of `asset_uses` whose version counts.

    `docs` and `named` have the rows of the version; those of `named` may be null.
    """
    uses = asset_uses.c
    of_document = and_(docs.c.tenant == tenant, docs.c.doc == uses.doc, docs.c.deleted_at == 0)
    of_name = and_(
        named.c.tenant == tenant, named.c.doc == uses.doc, named.c.version == uses.version
    )
    joined = asset_uses.join(docs, of_document).outerjoin(named, of_name)
    counts = or_(
        docs.c.head == uses.version,
        docs.c.published == uses.version,
        named.c.version == uses.version,
    )
    return select(*columns).select_from(joined).where(uses.tenant == tenant, counts)


def uses_of(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, list[AssetUse]]:
    """Return the first uses of each asset, sorted by document and version."""
    everywhere = _uses_of_one(connection, tenant, EVERY_ASSET)
    return {
        id: [*_uses_of_one(connection, tenant, id), *everywhere][:MOST_LISTED]
        for id in dict.fromkeys(ids)
    }


def _uses_of_one(connection: Connection, tenant: str, asset: str) -> list[AssetUse]:
    """Return the first uses of an asset. The query ends when it has found enough rows.

    The index has the rows in this order, so even the uses of a logo of all pages need no sorting.
    """
    uses = asset_uses.c
    columns = (uses.doc, uses.version, docs.c.head, docs.c.published, named.c.name)
    rows = connection.execute(
        _uses(tenant, columns)
        .where(uses.asset == asset, _IN_INDEX)
        .order_by(uses.doc, uses.version)
        .limit(MOST_LISTED)
    )
    return [use for row in rows for use in _places(row)]


def _places(row: Any) -> Iterator[AssetUse]:
    if row.name is not None:
        yield AssetUse(row.doc, "version", row.version, row.name)
    if row.published == row.version:
        yield AssetUse(row.doc, "published", row.version)
    if row.head == row.version:
        yield AssetUse(row.doc, "head", row.version)


def unused(connection: Connection, tenant: str, before: int, limit: int) -> list[str]:
    old = (assets.c.tenant == tenant, assets.c.at < before, assets.c.used_at < before)
    this_or_every = asset_uses.c.asset.in_([assets.c.id, literal(EVERY_ASSET)])
    used = _uses(tenant, [literal(1)]).where(this_or_every, _IN_INDEX).correlate(assets).exists()
    return list(connection.scalars(select(assets.c.id).where(*old, ~used).limit(limit)))


def may_be_named(connection: Connection, tenant: str, id: str) -> bool:
    """Whether an unread version may name the asset.

    Edits make new heads all the time. A new head needs no reading in one case: an earlier version
    of the document was read, and neither that version nor a later entry has the id.
    """
    found = unread(connection, tenant, _MOST_UNREAD)
    return len(found) == _MOST_UNREAD or any(_may_name(connection, *one, id) for one in found)


def _may_name(connection: Connection, key: DocKey, version: int, id: str) -> bool:
    uses = asset_uses.c
    read = select(uses.version).where(by_key(asset_uses, key), uses.asset == _READ)
    before = connection.scalar(select(func.max(read.where(uses.version < version).subquery().c[0])))
    head = connection.scalar(select(docs.c.head).where(by_key(docs, key)))
    if before is None or head != version:
        return True
    this = (by_key(asset_uses, key), uses.version == before, uses.asset.in_([id, EVERY_ASSET]))
    if connection.scalar(select(uses.asset).where(*this).limit(1)) is not None:
        return True
    since = (by_key(entries, key), entries.c.version > before)
    payloads = list(connection.scalars(select(entries.c.payload).where(*since)))
    return len(payloads) != version - before or any(id.encode() in one for one in payloads)


def is_recent(connection: Connection, tenant: str, id: str, since: int) -> bool:
    """Whether an asset was uploaded or used at this time or later."""
    this = (assets.c.tenant == tenant, assets.c.id == id)
    recent = or_(assets.c.at >= since, assets.c.used_at >= since)
    return connection.scalar(select(assets.c.id).where(*this, recent)) is not None


def _living(key: DocKey) -> Select[Any]:
    return select(docs.c.doc).where(by_key(docs, key), docs.c.deleted_at == 0)


# --- writing ----------------------------------------------------------------------------------


def save(connection: Connection, key: DocKey, version: int, ids: Sequence[str], at: int) -> None:
    if connection.scalar(_living(key)) is None:
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

    The assets that they name were used until now. The version that was read last stays while the
    document lives: `may_be_named` needs it.
    """
    uses = asset_uses.c
    counted = (
        select(version.label("version")).where(condition, table.c.doc == key.doc)
        for table, version, _, condition in _counted(key.tenant)
    )
    was_read = select(uses.version).where(by_key(asset_uses, key), uses.asset == _READ)
    read = set(connection.scalars(was_read))
    old = read - set(connection.scalars(union_all(*counted)))
    if connection.scalar(_living(key)) is not None:
        old -= {max(read, default=0)}
    for versions in padded_batches(sorted(old)):
        rows = and_(by_key(asset_uses, key), uses.version.in_(versions))
        names = set(connection.scalars(select(uses.asset).where(rows)))
        _note_last_use(connection, key.tenant, names, at)
        connection.execute(delete(asset_uses).where(rows))


def _note_last_use(connection: Connection, tenant: str, names: set[str], at: int) -> None:
    change = update(assets).where(assets.c.tenant == tenant, assets.c.used_at < at)
    if EVERY_ASSET in names:
        connection.execute(change.values(used_at=at))
        return
    for part in padded_batches(sorted(names)):
        connection.execute(change.where(assets.c.id.in_(part)).values(used_at=at))


def old_documents(connection: Connection, tenant: str, limit: int) -> list[DocKey]:
    """Return the first documents with uses that `drop_old` would drop."""
    uses, later = asset_uses.c, asset_uses.alias("later")
    counts = [
        exists().where(condition, table.c.doc == uses.doc, version == uses.version)
        for table, version, _, condition in _counted(tenant)
    ]
    lives = exists().where(docs.c.tenant == tenant, docs.c.doc == uses.doc, docs.c.deleted_at == 0)
    read_later = exists().where(
        later.c.tenant == tenant,
        later.c.doc == uses.doc,
        later.c.version > uses.version,
        later.c.asset == _READ,
    )
    old = (uses.tenant == tenant, uses.asset == _READ, ~or_(*counts), or_(~lives, read_later))
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
