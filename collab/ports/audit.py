"""The audit trail as it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from collab.ids import DocKey


class AuditRow(Struct, frozen=True):
    at: int
    actor: str
    action: str
    origin: str = ""  # address and connection, no content
    outcome: str = "ok"
    version: int = 0
    detail: dict[str, Any] = {}


class Audit(Protocol):
    """Who did what to which document, when, from where."""

    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        """Write all of them or none.

        `again` after a try that failed: they are not written twice if that try wrote them.
        """

    async def audit(self, key: DocKey, before: int, limit: int) -> list[tuple[int, AuditRow]]:
        """Newest first, with each row's number; `before` 0 starts at the newest."""

    async def ever_existed(self, key: DocKey) -> bool:
        """Whether there ever was such a document: other names have no trail to read."""

    async def drop_audit(self, older_than: int, most: int) -> int:
        """Drop the oldest rows before then, so many at most; how many."""
