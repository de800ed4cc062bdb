"""Tenants, their signing keys, and share links: what the server verifies tokens with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from collab.ids import DocKey


class SigningKey(Struct, frozen=True):
    kid: str
    secret: bytes
    created_at: int
    retired_at: int = 0  # 0: still active
    doc: str = ""  # the only document of a share link's key


class Directory(Protocol):
    """Keeps tenants and their signing keys."""

    async def add_tenant(self, tenant: str, at: int) -> bool:
        """Add a tenant. Return False when it exists already."""

    async def tenants(self) -> list[str]: ...

    async def add_key(self, tenant: str, key: SigningKey) -> None: ...

    async def retire_key(self, tenant: str, kid: str, at: int) -> bool: ...

    async def keys(self, tenant: str) -> list[SigningKey]:
        """All keys of the tenant, also retired keys, oldest first."""

    async def find_keys(self, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
        """The tenant and the key of each known key id, also of share links, by the key id."""


class ShareLink(Struct, frozen=True):
    """A share link. Its token names `id` as its key id, and is signed with `secret`.

    So the token is valid only while the link is stored: the keyring finds the key of a link in the
    same way as a key of the tenant.
    """

    id: str
    secret: bytes
    role: str
    by: str  # the user who made it
    created_at: int
    expires_at: int


class ShareLinks(Protocol):
    """The share links of documents. A deleted document has none."""

    async def add_share(self, key: DocKey, link: ShareLink, most: int = 0) -> bool | None:
        """Store a link. Return False when the document has `most` links already; 0: no limit.

        Links that expired before `link.created_at` do not count. Return None without a document.
        """

    async def shares(self, key: DocKey) -> list[ShareLink]:
        """All stored links of a document, oldest first, also expired links."""

    async def end_share(self, key: DocKey, id: str) -> bool:
        """Remove a link. Return False when the document has no such link."""

    async def drop_shares(self, before: int) -> int:
        """Remove every link that expired before this time. Return their number."""
