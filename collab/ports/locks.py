"""Edit locks as they are stored: rows that change only together with the document's revision."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from collab.entry import Author
from collab.ids import DocKey


class StoredLock(Struct, frozen=True):
    """An edit lock; times are the database's."""

    id: str
    scope: str
    holder: Author
    fence: int
    acquired_at: int
    expires_at: int
    secret_hash: bytes
    claimed_by: Author | None = None
    yields_at: int = 0
    version: int = 0  # the version in which the scope is a location


class LockRows(Protocol):
    """A document's locks; every write of them moves the document's control revision."""

    async def locks(self, key: DocKey) -> tuple[int, list[StoredLock]]:
        """The control revision, and the locks at it."""

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
        """Move the revision by `steps`, as many as there were transitions.

        False when `revision`, or a `head` other than 0, is not the document's; nothing is written.
        """

    async def now(self) -> int:
        """The database's clock."""
