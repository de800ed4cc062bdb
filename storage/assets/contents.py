"""Where the contents of an asset are: in a file beside a SQLite file, or in rows.

All contents of an asset are stored one after the other: the original first, then the other widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, delete, select

from collab.ports.assets import PIECE_BYTES, Asset, cut
from storage.assets.tables import asset_pieces
from storage.database import Database


class PiecePlace(NamedTuple):
    """Where a piece of an asset is: its number and first byte among all pieces, and its size."""

    number: int
    start: int
    size: int


def place_of(asset: Asset, width: int, number: int) -> PiecePlace | None:
    """Return where a piece of a content is; None behind the last piece."""
    pieces = start = 0
    for content in asset.contents:
        if content.width == width:
            first = number * PIECE_BYTES
            if not 0 <= first < content.bytes:
                return None
            return PiecePlace(
                pieces + number, start + first, min(PIECE_BYTES, content.bytes - first)
            )
        pieces += len(content.checksums)
        start += content.bytes
    return None


class Contents(Protocol):
    """Keeps the contents of assets. The row of an asset is always written after them."""

    async def write(self, tenant: str, file: str, bodies: Sequence[bytes]) -> None:
        """Store the contents before the transaction of their row, or do nothing.

        When the disk is full, raise `StorageFull`, and leave nothing.
        """

    def insert(self, connection: Connection, file: str, bodies: Sequence[bytes]) -> None:
        """Store the contents in the transaction of their row, or do nothing."""

    async def read(self, tenant: str, file: str, place: PiecePlace) -> bytes | None:
        """Return the bytes of a piece, sound or not; None when they are missing."""

    def remove(self, connection: Connection, file: str) -> None:
        """Remove the contents in the transaction that deletes their row, or do nothing."""

    async def drop(self, tenant: str, file: str) -> None:
        """Remove the contents that `write` stored."""

    async def files(self, tenant: str, before: int) -> list[str]:
        """The files that `write` stored before this time."""

    def close(self) -> None: ...


class RowContents:
    """Contents in rows, one row for each piece. They are written in the transaction of the asset.

    So they are never without their asset.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, tenant: str, file: str, bodies: Sequence[bytes]) -> None:
        """Do nothing: `insert` stores the contents."""

    def insert(self, connection: Connection, file: str, bodies: Sequence[bytes]) -> None:
        pieces = (piece for body in bodies for piece in cut(body))
        for number, piece in enumerate(pieces):
            row = asset_pieces.insert().values(file=file, number=number, body=piece)
            connection.execute(row)

    async def read(self, tenant: str, file: str, place: PiecePlace) -> bytes | None:
        pieces = asset_pieces.c
        one = select(pieces.body).where(pieces.file == file, pieces.number == place.number)
        return await self._database.read(lambda c: c.scalar(one))

    def remove(self, connection: Connection, file: str) -> None:
        connection.execute(delete(asset_pieces).where(asset_pieces.c.file == file))

    async def drop(self, tenant: str, file: str) -> None:
        """Do nothing: `remove` removes the contents."""

    async def files(self, tenant: str, before: int) -> list[str]:
        return []

    def close(self) -> None:
        """Do nothing: the store closes the database."""
