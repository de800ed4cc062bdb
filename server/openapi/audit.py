"""The audit trail of a document, and the activity of a tenant, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from collab.errors import Code
from server.openapi.operation import CURSOR, DOC, LIMIT, Operation, Response
from server.openapi.shapes import Time


class AuditItem(Struct, frozen=True, omit_defaults=True):
    """An action of a user on the document. `outcome` is `ok`, or the code of the refusal."""

    at: Time
    actor: str
    action: str
    outcome: str
    origin: str
    version: int | UnsetType = UNSET
    detail: dict[str, Any] | UnsetType = UNSET


class AuditPage(Struct, frozen=True, omit_defaults=True):
    items: list[AuditItem]
    cursor: str | UnsetType = UNSET


AUDIT = Operation(
    "GET",
    "/v1/docs/{doc}/audit",
    "listAudit",
    "Documents",
    "List who did what to the document (admin)",
    {200: Response("A page of the audit trail, newest first.", AuditPage, ("Cache-Control",))},
    parameters=(DOC, LIMIT, replace(CURSOR, schema={"pattern": "^[0-9]{0,15}$"})),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND),
    detail="The audit trail of a deleted document can still be read.",
)


class ActivityItem(Struct, frozen=True, omit_defaults=True):
    """Changes of one user to one document, from `since` to `at`.

    `action` is `create`, `edit` (also undo and redo), `restore`, `import`, `publish`, `unpublish`
    or `delete`. `deleted` is true when the document does not exist now; then `title` is empty.
    """

    doc: str
    title: str
    user: str
    name: str
    action: str
    at: Time
    since: Time
    changes: int
    version: int | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET


class ActivityPage(Struct, frozen=True, omit_defaults=True):
    items: list[ActivityItem]
    cursor: str | UnsetType = UNSET


ACTIVITY = Operation(
    "GET",
    "/v1/activity",
    "listActivity",
    "Documents",
    "List who changed which document",
    {200: Response("A page of changes, newest first.", ActivityPage, ("Cache-Control",))},
    parameters=(LIMIT, replace(CURSOR, schema={"pattern": "^[0-9]{0,15}$"})),
    refusals=(Code.FORBIDDEN,),
    detail="Only documents that the token may read. A page may be empty and still have a `cursor`.",
)

AUDITING = (AUDIT, ACTIVITY)
