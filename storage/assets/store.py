"""The assets of a database, with their contents in files or in rows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from collab.ports.assets import Asset, AssetUse, UnreadVersions
from collab.ports.store import Corrupt
from storage.assets import rows, uses
from storage.assets.contents import Contents, place_of
from storage.database import Database


class SqlAssets:
    """The assets, and their uses.

    Invariant: the row of an asset is written after its contents, and deleted before them. A row
    names its contents by a `file` that is never used again. So no upload and no deletion changes
    the contents of another row.
    """

    _contents: Contents  # which the store sets

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_asset(
        self, tenant: str, asset: Asset, contents: Mapping[int, bytes], most: int = 0
    ) -> Asset | None:
        lost = None
        known = (await self.find_assets([(tenant, asset.id)])).get((tenant, asset.id))
        if known is not None:
            if await self._is_whole(tenant, known):
                noted = await self._note_upload(tenant, known, asset)
                if noted is not None:
                    return noted
            lost = known.file
        if await self._database.read(lambda c: rows.is_full(c, tenant, asset, most)):
            return None
        bodies = [contents[content.width] for content in asset.contents]
        await self._contents.write(tenant, asset.file, bodies)
        # When this raises, the row may be stored. So its contents stay, until `drop_strays`.
        stored, unneeded = await self._database.write(
            lambda c: self._add(c, tenant, asset, bodies, lost, most)
        )
        if unneeded is not None:
            await self._contents.drop(tenant, unneeded)
        return stored

    async def _note_upload(self, tenant: str, known: Asset, newer: Asset) -> Asset | None:
        def job(connection: Connection) -> Asset | None:
            stored = rows.lock(connection, tenant, newer.id)
            if stored is None or stored.file != known.file:
                return None  # deleted, or deleted and uploaded again, meanwhile
            return rows.note_upload(connection, tenant, stored, newer)

        return await self._database.write(job)

    def _add(
        self,
        connection: Connection,
        tenant: str,
        asset: Asset,
        bodies: Sequence[bytes],
        lost: str | None,
        most: int,
    ) -> tuple[Asset | None, str | None]:
        """Write the row. Return the stored asset, and the file that no row names any more.

        `lost` is the file of a stored asset whose contents are missing or damaged.
        """
        self._contents.insert(connection, asset.file, bodies)
        stored, result = rows.lock(connection, tenant, asset.id), None
        if stored is not None and stored.file != lost:  # another upload was faster
            result = rows.note_upload(connection, tenant, stored, asset)
        elif not rows.is_full(connection, tenant, asset, most):
            replaced = rows.file_of(connection, tenant, asset.id)
            if replaced is not None:
                self._contents.remove(connection, replaced)
            rows.put(connection, tenant, asset)
            return asset, replaced
        self._contents.remove(connection, asset.file)
        return result, asset.file

    async def _is_whole(self, tenant: str, asset: Asset) -> bool:
        """Whether all contents of an asset are there and sound."""
        try:
            for content in asset.contents:
                for number in range(len(content.checksums)):
                    if await self.read_piece(tenant, asset, content.width, number) is None:
                        return False
        except Corrupt:
            return False
        return True

    async def find_assets(
        self, wanted: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Asset]:
        return await self._database.read(lambda c: rows.find(c, wanted))

    async def list_assets(self, tenant: str, after: tuple[int, str], limit: int) -> list[Asset]:
        return await self._database.read(lambda c: rows.newest(c, tenant, after, limit))

    async def read_piece(self, tenant: str, asset: Asset, width: int, number: int) -> bytes | None:
        place = place_of(asset, width, number)
        if place is None:
            return None
        piece = await self._contents.read(tenant, asset.file, place)
        if piece is None:
            return None
        if zlib.crc32(piece) != asset.content(width).checksums[number]:
            raise Corrupt(f"the asset {tenant}/{asset.id} does not match its checksum")
        return bytes(piece)

    async def delete_asset(
        self, tenant: str, id: str, unused_since: int = 0
    ) -> list[AssetUse] | None:
        def job(connection: Connection) -> tuple[list[AssetUse], str] | None:
            rows.lock(connection, tenant, id)
            file = rows.file_of(connection, tenant, id)
            if file is None or (
                unused_since and uses.is_recent(connection, tenant, id, unused_since)
            ):
                return None
            found = uses.uses_of(connection, tenant, [id])[id]
            if found:
                return found, ""
            if uses.may_be_named(connection, tenant, id):
                raise UnreadVersions(f"versions of {tenant} are unread")
            rows.remove(connection, tenant, id)
            self._contents.remove(connection, file)
            return [], file

        outcome = await self._database.write(job)
        if outcome is None:
            return None
        if outcome[1]:
            await self._contents.drop(tenant, outcome[1])
        return outcome[0]

    async def drop_strays(self, before: int) -> int:
        dropped = 0
        for tenant in await self._database.read(rows.every_tenant):
            files = await self._contents.files(tenant, before)
            # The rows are read after the files, so each file of a complete upload has its row.
            known = await self._database.read(partial(rows.known_files, tenant=tenant))
            for file in set(files) - known:
                await self._contents.drop(tenant, file)
                dropped += 1
        return dropped
