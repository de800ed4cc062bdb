"""Edit locks as they are stored.

Each write of the rows also increases the document's control revision: a number that grows when the
schema, the locks or the publication change.
"""

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
    version: int = 0  # `scope` is a location in the value of this version


class LockRows(Protocol):
    """Keeps the locks of a document. Every write increases the document's control revision."""

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
        """Write and drop locks, and increase the revision by `steps`: the number of transitions.

        When `revision` is not the document's revision, write nothing and return False. The same
        holds for `head`, unless `head` is 0.
        """

    async def now(self) -> int:
        """The time of the database's clock."""
