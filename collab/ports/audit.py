"""The audit trail as it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

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


# The most bytes of a row's detail in a list of several documents.
MOST_DETAIL: Final = 4096
# The actions of `Audit.activity`: they change a document, or what the public sees of it.
CHANGES: Final = (
    "create",
    "edit",
    "undo",
    "redo",
    "restore",
    "import",
    "publish",
    "take down",
    "delete",
)


class ActivityRow(Struct, frozen=True):
    """A change of a document, as the activity of its tenant shows it. `number` is the row's."""

    number: int
    doc: str
    title: str  # empty without a title, and after the document was deleted
    is_deleted: bool
    row: AuditRow


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

    async def activity(self, tenant: str, before: int, limit: int) -> list[ActivityRow]:
        """At most `limit` accepted changes (`CHANGES`) of all documents of a tenant, newest first.

        Their numbers are below `before`, unless it is 0. A row has no `origin`. It has no `detail`
        when that takes more than `MOST_DETAIL` bytes.
        """

    async def ever_existed(self, key: DocKey) -> bool:
        """Whether a document of this name ever existed. If not, its trail cannot be read."""

    async def drop_audit(self, older_than: int, most: int) -> int:
        """Drop the oldest rows before `older_than`, at most `most`. Return their number."""
