"""Edit locks as they are stored. Their rows change only together with the document's revision."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from collab.entry import Author
from collab.ids import DocKey


class StoredLock(Struct, frozen=True):
    """An edit lock. Its times are from the database's clock."""

    id: str
    scope: str
    holder: Author
    fence: int
    acquired_at: int
    expires_at: int
    secret_hash: bytes
    claimed_by: Author | None = None
    yields_at: int = 0
    version: int = 0  # the version that the scope is a location of


class LockRows(Protocol):
    """Keeps the locks of a document. Every write moves the document's control revision."""

    async def locks(self, key: DocKey) -> tuple[int, list[StoredLock]]:
        """Return the control revision, and the locks at this revision."""

    async def save_locks(
        self,
        key: DocKey,
        *,
        revision: int,
        put: list[StoredLock],
        drop: list[str],
        head: int = 0,
        steps: int = 1,
    ) -> bool:
        """Write and drop locks, and move the revision by `steps`: the number of transitions.

        Return False, and write nothing, when `revision` is not the document's. The same holds for
        `head`, unless it is 0.
        """

    async def now(self) -> int:
        """The time of the database's clock."""
