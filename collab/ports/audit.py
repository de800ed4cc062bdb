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
    origin: str = ""  # the client's IP address and connection; no content of a document
    outcome: str = "ok"
    version: int = 0
    detail: dict[str, Any] = {}


class Audit(Protocol):
    """Keeps the audit trail: which user did what to which document, when, and from where."""

    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        """Write all rows or none.

        Set `again` in a retry: rows that the failed try has written are not written twice.
        """

    async def audit(self, key: DocKey, before: int, limit: int) -> list[tuple[int, AuditRow]]:
        """At most `limit` rows with a number below `before`, newest first, with their numbers.

        When `before` is 0, start at the newest row.
        """

    async def ever_existed(self, key: DocKey) -> bool:
        """Whether a document of this name ever existed. If not, its trail cannot be read."""

    async def drop_audit(self, older_than: int, most: int) -> int:
        """Drop the oldest rows before `older_than`, at most `most`. Return their number."""
