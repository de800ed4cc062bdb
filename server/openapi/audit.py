"""The audit trail of a document over HTTP."""

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

AUDITING = (AUDIT,)
