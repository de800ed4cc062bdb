"""A document's audit trail: who did what, when, from where."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from collab.ids import DocKey
from collab.ports.audit import AuditRow
from collab.rights.user_rights import Role
from collab.wire import rfc3339
from server.access.identity import not_found
from server.documents.position import tell
from server.http.listing import page_size
from server.http.requests import answer, as_whole_number, named_document, require_role, services_of
from server.runtime.encoded import Position


async def list_audit(request: Request) -> Response:
    """Newest first, of a document that was deleted or is damaged as well; for its tenant's admins.

    The document is not opened for it.
    """
    services = services_of(request)
    async with named_document(request) as (claims, key):
        require_role(claims, Role.ADMIN)
        limit, before = page_size(request), _cursor(request)
        await _find(request, key)
        await services.witness.trail.flush()
        rows = await services.store.audit(key, before, limit + 1)
    page: dict[str, Any] = {"items": [_told(row) for _, row in rows[:limit]]}
    if len(rows) > limit:
        page["cursor"] = str(rows[limit - 1][0])
    response = answer(page)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _find(request: Request, key: DocKey) -> None:
    """Refuse a name that the tenant never used; the trail has what was tried with it, too."""
    store = services_of(request).store
    row = await store.row(key)
    if row is not None and not row.damaged:
        tell(request, Position(row.epoch, row.version))
    elif row is None and not await store.was_made(key):
        raise not_found()


def _cursor(request: Request) -> int:
    text = request.query_params.get("cursor", "")
    return as_whole_number(text, "`cursor`") if text else 0


def _told(row: AuditRow) -> dict[str, Any]:
    told: dict[str, Any] = {
        "at": rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "outcome": row.outcome,
        "origin": row.origin,
    }
    if row.version:
        told["version"] = row.version
    return {**told, "detail": row.detail} if row.detail else told
