"""Assets: the stored files of a tenant, such as pictures, and the versions that use them."""

from __future__ import annotations

import errno
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from collab.ids import DocKey

# The server makes smaller forms of a picture in these widths.
WIDTHS: Final = (480, 960, 1920)
# The errors of a full disk, of a full quota of the disk, and of the process's limit for files.
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# A content is stored and read in pieces of this many bytes. The last piece of a content is smaller.
PIECE_BYTES: Final = 128 * 1024
# An asset counts at least this many bytes in the quota of its tenant.
LEAST_BYTES: Final = 4096
# A version that names more assets counts as a use of each asset of its tenant.
MOST_USES: Final = 2000
MOST_LISTED: Final = 100
EVERY_ASSET: Final = "*"

Place = Literal["head", "published", "version"]


class StorageFull(Exception):
    """The disk has no room for an asset. Nothing of the asset is stored."""


class Content(Struct, frozen=True):
    """One content of an asset: the original (`width` 0), or the same picture in another width."""

    width: int
    bytes: int
    checksums: list[int] = []  # of each piece


def cut(body: bytes) -> Iterator[bytes]:
    """Yield the pieces of a content."""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def contents_of(bodies: Mapping[int, bytes]) -> list[Content]:
    """Return the contents of these bodies, by width, with a checksum for each piece."""
    return [
        Content(width, len(body), [zlib.crc32(piece) for piece in cut(body)])
        for width, body in sorted(bodies.items())
    ]


class Asset(Struct, frozen=True):
    """An asset of a tenant.

    - `id` is the SHA-256 of the original in lower-case hex digits.
    - `name`, `by` and `at` are those of its newest upload. `at` is in milliseconds since 1970.
    - `file` names its contents in the storage. Two uploads never have the same `file`.
    """

    id: str
    type: str
    width: int
    height: int
    name: str
    by: str
    at: int
    file: str
    contents: list[Content]

    @property
    def bytes(self) -> int:
        """The size of the original."""
        return self.contents[0].bytes

    @property
    def stored_bytes(self) -> int:
        """What the asset counts in the quota of its tenant."""
        return max(LEAST_BYTES, sum(content.bytes for content in self.contents))

    def content(self, width: int) -> Content:
        """Return the content of this width, or the original."""
        found = (each for each in self.contents if each.width == width)
        return next(found, self.contents[0])


class AssetUse(Struct, frozen=True):
    """A version of a document that names an asset."""

    doc: str
    place: Place
    version: int
    name: str = ""  # of a named version


class UnreadVersions(Exception):
    """The store does not know yet which assets some versions name."""


class Assets(Protocol):
    """Keeps the assets of tenants, each once for a tenant.

    A reader gets a whole asset or none: its row is written after all its contents.
    """

    async def add_asset(
        self, tenant: str, asset: Asset, contents: Mapping[int, bytes], most: int = 0
    ) -> Asset | None:
        """Store an asset, or note another upload of it. Return the stored asset.

        `contents` has the bytes by their widths. When the assets of the tenant would have more than
        `most` bytes together, return None; 0 means no limit. When the contents of the stored asset
        are missing or damaged, store them again.
        """

    async def find_assets(
        self, wanted: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Asset]:
        """The known assets among these tenants and ids, by tenant and id."""

    async def list_assets(self, tenant: str, after: tuple[int, str], limit: int) -> list[Asset]:
        """Assets by the time of their newest upload, newest first; `after` is of the last one.

        The first page is after `(ANY_TIME, "")`.
        """

    async def read_piece(self, tenant: str, asset: Asset, width: int, number: int) -> bytes | None:
        """Return a piece of a content, by its number from 0.

        None when it is missing. Raise `Corrupt` when it is damaged.
        """

    async def delete_asset(
        self, tenant: str, id: str, unused_since: int = 0
    ) -> list[AssetUse] | None:
        """Delete an asset that no version uses. Return its uses; None when there is no such asset.

        With `unused_since`, keep an asset that was uploaded or used at this time or later. When an
        unread version may name the asset, raise `UnreadVersions`, and delete nothing.
        """

    async def drop_strays(self, before: int) -> int:
        """Remove contents without an asset that were written before this time.

        A crash or a failed upload leaves such contents. Return their number.
        """


class AssetUses(Protocol):
    """Keeps which assets each version names. The server reads a version when its row is missing.

    Only heads, published versions and named versions count. A version never changes.
    """

    async def tenants_with_assets(self) -> list[str]: ...

    async def unread_versions(self, tenant: str, limit: int) -> list[tuple[DocKey, int]]:
        """The first versions for which `save_uses` was not called yet, by document and version."""

    async def save_uses(self, key: DocKey, version: int, ids: Sequence[str], at: int) -> None:
        """Save the ids that a version names, read at this time.

        More than `MOST_USES` ids count as every asset. Then drop the old uses of the document.
        """

    async def drop_old_uses(self, tenant: str, at: int, limit: int) -> int:
        """Drop the uses of versions that do not count any more, for at most `limit` documents.

        Their assets were used until `at`. Return the number of documents.
        """

    async def asset_uses(self, tenant: str, ids: Sequence[str]) -> dict[str, list[AssetUse]]:
        """The first `MOST_LISTED` uses of each asset, of the versions that were read."""

    async def unused_assets(self, tenant: str, before: int, limit: int) -> list[str]:
        """The first ids without a use that were neither uploaded nor used at `before` or later."""


# After the newest upload of every asset.
ANY_TIME: Final = 2**53
