"""The rows of the assets: their quota, their newest uploads, and their deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, and_, delete, func, or_, select, tuple_, update

from collab.ports.assets import Asset, Content
from storage.assets.tables import assets
from storage.sql.checksum import crc_of, is_sound
from storage.sql.schema import padded_batches, tenants

_decode_contents = msgspec.msgpack.Decoder(list[Content]).decode
_encode = msgspec.msgpack.Encoder().encode


def _crc(tenant: str, asset: Asset, contents: bytes, size: int) -> int:
    shape = (asset.type, asset.width, asset.height, asset.name, asset.by, asset.at, asset.file)
    return crc_of("assets", (tenant, asset.id), *shape, contents, size)


def _values(tenant: str, asset: Asset) -> dict[str, Any]:
    contents, size = _encode(asset.contents), asset.stored_bytes
    return {
        "tenant": tenant,
        "id": asset.id,
        "type": asset.type,
        "width": asset.width,
        "height": asset.height,
        "name": asset.name,
        "by": asset.by,
        "at": asset.at,
        "file": asset.file,
        "contents": contents,
        "bytes": size,
        "crc": _crc(tenant, asset, contents, size),
    }


def _asset(row: Any) -> Asset | None:
    """Return the asset in a row; None when the row is damaged."""
    try:
        contents = _decode_contents(row.contents)
        asset = Asset(
            row.id,
            row.type,
            row.width,
            row.height,
            row.name,
            row.by,
            row.at,
            row.file,
            contents,
        )
        crc = is_sound(row.crc, lambda: _crc(row.tenant, asset, bytes(row.contents), row.bytes))
    except (TypeError, msgspec.MsgspecError):
        return None
    return asset if crc else None


def find(
    connection: Connection, wanted: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], Asset]:
    found: dict[tuple[str, str], Asset] = {}
    for part in padded_batches(wanted):
        keys = tuple_(assets.c.tenant, assets.c.id).in_(part)
        for row in connection.execute(select(assets).where(keys)):
            asset = _asset(row)
            if asset is not None:
                found[row.tenant, row.id] = asset
    return found


def newest(connection: Connection, tenant: str, after: tuple[int, str], limit: int) -> list[Asset]:
    """Return a page of the sound assets, newest first. It is full unless it is the last one."""
    found: list[Asset] = []
    while len(found) < limit:
        rows = _page(connection, tenant, after, limit - len(found))
        if not rows:
            break
        found += [asset for asset in map(_asset, rows) if asset is not None]
        after = rows[-1].at, rows[-1].id
    return found


def _page(
    connection: Connection, tenant: str, after: tuple[int, str], limit: int
) -> Sequence[Row[Any]]:
    at, id = after
    older = or_(assets.c.at < at, and_(assets.c.at == at, assets.c.id < id))
    return connection.execute(
        select(assets)
        .where(assets.c.tenant == tenant, older)
        .order_by(assets.c.at.desc(), assets.c.id.desc())
        .limit(limit)
    ).all()


def lock(connection: Connection, tenant: str, id: str) -> Asset | None:
    """Return the asset, and let other transactions wait that change it or its tenant's quota.

    SQLite has one writer, so there each transaction waits anyway.
    """
    row = select(tenants.c.tenant).where(tenants.c.tenant == tenant)
    connection.execute(row.with_for_update(key_share=True)).one_or_none()
    return find(connection, [(tenant, id)]).get((tenant, id))


def note_upload(connection: Connection, tenant: str, stored: Asset, newer: Asset) -> Asset:
    """Note another upload of a stored asset. The caller has locked it."""
    noted = replace(stored, name=newer.name, by=newer.by, at=newer.at)
    change = update(assets).where(assets.c.tenant == tenant, assets.c.id == stored.id)
    connection.execute(change.values(**_values(tenant, noted)))
    return noted


def is_full(connection: Connection, tenant: str, asset: Asset, most: int) -> bool:
    """Whether the tenant's assets have more than `most` bytes with this one."""
    others = (assets.c.tenant == tenant, assets.c.id != asset.id)
    used = connection.scalar(select(func.sum(assets.c.bytes)).where(*others))
    return bool(most) and int(used or 0) + asset.stored_bytes > most


def put(connection: Connection, tenant: str, asset: Asset) -> None:
    """Write the row of an asset. Replace a row whose contents are lost."""
    remove(connection, tenant, asset.id)
    connection.execute(assets.insert().values(**_values(tenant, asset), used_at=0))


def remove(connection: Connection, tenant: str, id: str) -> None:
    connection.execute(delete(assets).where(assets.c.tenant == tenant, assets.c.id == id))


def file_of(connection: Connection, tenant: str, id: str) -> str | None:
    """Return the name of the contents of an asset, also when its row is damaged."""
    one = select(assets.c.file).where(assets.c.tenant == tenant, assets.c.id == id)
    return connection.scalar(one)


def known_files(connection: Connection, tenant: str) -> set[str]:
    return set(connection.scalars(select(assets.c.file).where(assets.c.tenant == tenant)))


def every_tenant(connection: Connection) -> list[str]:
    return list(connection.scalars(select(tenants.c.tenant)))
