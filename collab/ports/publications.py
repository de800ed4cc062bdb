"""Publications: who made which version of a document public or took it down, and when."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from collab.entry import Author
from collab.ids import DocKey

What = Literal["published", "taken_down"]


class Publication(Struct, frozen=True):
    """One action: a user made `version` public, or took it down."""

    version: int
    by: Author  # user and name, without a client
    at: int  # milliseconds since 1970, UTC
    what: What = "published"

    @property
    def pointer(self) -> int:
        """The public version of the document after this action; 0 when none is public."""
        return self.version if self.what == "published" else 0


class PublicState(Struct, frozen=True):
    """The current publication at a control revision; None when no version is public."""

    revision: int
    published: Publication | None


class Publications(Protocol):
    """Keeps the publications of a document. A version that was public is kept forever."""

    async def publish(self, key: DocKey, publication: Publication, revision: int) -> bool:
        """Add a publication. When `revision` is no longer the document's, return False."""

    async def public_state(self, key: DocKey) -> PublicState | None:
        """Return the current publication; None when there is no such document."""

    async def public_versions(self, key: DocKey) -> list[int]:
        """Every version that was ever public, each once."""

    async def publications(self, key: DocKey, after: int, upto: int) -> list[Publication]:
        """The publications with after < version <= upto, oldest first."""
