"""Publications: who made which version of a document public or took it down, and when."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from collab.entry import Author
from collab.ids import DocKey

What = Literal["published", "taken_down"]


class Publication(Struct, frozen=True):
    """One step of a document's publishing: `version` was made public or taken down."""

    version: int
    by: Author  # user and name, without a client
    at: int  # milliseconds since 1970, UTC
    what: What = "published"

    @property
    def pointer(self) -> int:
        """The document's `published` after this step."""
        return self.version if self.what == "published" else 0


class PublicState(Struct, frozen=True):
    """The current publication at a control revision; None when nothing is public."""

    revision: int
    published: Publication | None


class Publications(Protocol):
    """Keeps the publishing steps of a document, and forever every version that was public."""

    async def publish(self, key: DocKey, publication: Publication, revision: int) -> bool:
        """Add a step. Return False when `revision` is no longer the document's."""

    async def public_state(self, key: DocKey) -> PublicState | None:
        """Return the current publication; None when there is no such document."""

    async def public_versions(self, key: DocKey) -> list[int]:
        """Every version that was ever public, each once."""

    async def publications(self, key: DocKey, after: int, upto: int) -> list[Publication]:
        """The steps with after < version <= upto, oldest first."""
