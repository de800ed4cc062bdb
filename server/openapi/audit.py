"""What happened to a document: who did what, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from collab.errors import Code
from server.openapi.operation import CURSOR, DOC, LIMIT, Operation, Response
from server.openapi.shapes import Time


class AuditItem(Struct, frozen=True, omit_defaults=True):
    """One thing that a user did or was refused; `outcome` is `ok` or the refusal's code."""

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
    "Who did what to the document",
    {200: Response("Newest first.", AuditPage, ("Cache-Control",))},
    parameters=(DOC, LIMIT, replace(CURSOR, schema={"pattern": "^[0-9]{0,15}$"})),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND),
    detail="For admins. A document that was deleted keeps its trail.",
)

AUDITING = (AUDIT,)
