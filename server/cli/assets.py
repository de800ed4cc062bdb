"""`weft asset`: list the assets of a tenant, write their files to a folder, and store files."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path

from collab.errors import Rejected
from collab.ports.assets import ANY_TIME, Asset
from collab.ports.store import Corrupt, Store
from collab.wire import rfc3339
from server.cli.store import opened
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings

_PAGE = 500
_BY = "weft"
_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/gif": ".gif",
    "image/svg+xml": ".svg",
}


async def run(arguments: Namespace, settings: Settings) -> int:
    async with opened(settings) as store:
        if arguments.tenant not in await store.tenants():
            return _fail(
                f"there is no tenant {arguments.tenant}; `weft tenant ls` lists the tenants"
            )
        match arguments.action:
            case "ls":
                return await _list(arguments.tenant, store)
            case "export":
                return await _export(arguments.tenant, Path(arguments.folder), store)
            case _:
                return await _import(arguments, settings, store)


async def _list(tenant: str, store: Store) -> int:
    async for one in _assets(tenant, store):
        size = f"{one.width}x{one.height}  {one.bytes} bytes"
        print(f"{one.id}  {one.type}  {size}  {rfc3339(one.at)} by {one.by}  {one.name}".rstrip())
    return 0


async def _assets(tenant: str, store: Store) -> AsyncIterator[Asset]:
    after = (ANY_TIME, "")
    while page := await store.list_assets(tenant, after, _PAGE):
        for one in page:
            yield one
        after = page[-1].at, page[-1].id


async def _export(tenant: str, folder: Path, store: Store) -> int:
    """Write each original as `ID.png`, or with the suffix of its type."""
    failed = 0
    async for one in _assets(tenant, store):
        body = await _original(tenant, one, store)
        if body is None:
            failed += _fail(f"the file of {one.id} is missing or damaged; it was left out")
        else:
            _write(folder / f"{one.id}{_SUFFIXES.get(one.type, '')}", body)
    return 1 if failed else 0


async def _original(tenant: str, one: Asset, store: Store) -> bytes | None:
    parts = []
    for number in range(len(one.contents[0].checksums)):
        try:
            piece = await store.read_piece(tenant, one, 0, number)
        except Corrupt:
            return None
        if piece is None:
            return None
        parts.append(piece)
    return b"".join(parts)


async def _import(arguments: Namespace, settings: Settings, store: Store) -> int:
    """Store each file as an upload of it would. The limits of the settings hold."""
    from server.assets.library import add_picture
    from server.assets.pictures import PictureBounds, Pictures

    pictures, clock = Pictures(PictureBounds(pixels=settings.max_asset_pixels)), SystemClock()
    failed = 0
    try:
        for file in map(Path, arguments.files):
            try:
                prepared = await pictures.prepare(_read(file))
                stored = await add_picture(
                    store, clock, arguments.tenant, _BY, file.name, prepared, settings.asset_bytes
                )
            except Rejected as rejected:
                failed += _fail(f"{file}: {rejected.refusal.message}")
            else:
                print(f"{settings.public_url}/v1/assets/{arguments.tenant}/{stored.id}  {file}")
    finally:
        await pictures.close()
    return 1 if failed else 0


def _read(file: Path) -> bytes:
    return file.read_bytes()


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def _fail(message: str) -> int:
    print(f"weft: {message}", file=sys.stderr)
    return 1
