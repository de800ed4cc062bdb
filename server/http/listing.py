"""The list of a tenant's documents."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import Code, Rejected
from collab.ids import DocKey, is_doc_name
from collab.ports.store import DocRow
from server.access.tokens import Claims
from server.http.requests import (
    claims_of,
    json_response,
    services_of,
    spending_budget,
    whole_number,
)

PAGE = 100
MOST = 1000


async def list_documents(request: Request) -> Response:
    """Return the documents that the token may see, sorted by name."""
    claims = await claims_of(request)
    if claims.rights.share:
        raise Rejected(Code.FORBIDDEN, "the token of a share link may not list documents")
    with spending_budget(request, DocKey(claims.tenant, ""), claims.user):
        limit = page_size(request)
        cursor = request.query_params.get("cursor", "")
        if cursor and not is_doc_name(cursor):
            raise Rejected(Code.MALFORMED, "`cursor` must be the `cursor` of the previous page")
        rows = await _visible(request, claims, cursor, limit + 1)
    page: dict[str, Any] = {"items": [_listed(row) for row in rows[:limit]]}
    if len(rows) > limit:
        page["cursor"] = rows[limit - 1].doc
    return json_response(page)


def page_size(request: Request) -> int:
    """Return `?limit=`, at most `MOST`."""
    limit = whole_number(request, "limit")
    if limit == 0:
        raise Rejected(Code.MALFORMED, "`limit` must be at least 1")
    return min(limit or PAGE, MOST)


async def _visible(request: Request, claims: Claims, after: str, wanted: int) -> list[DocRow]:
    """Return the next `wanted` rows that the token may see.

    When the token's `docs` globs hide many rows, few rows of a page remain. So for a token with
    `docs`, this reads larger pages.
    """
    store = services_of(request).store
    size = wanted if claims.rights.docs is None else MOST
    found: list[DocRow] = []
    while len(found) < wanted:
        rows = await store.list_docs(claims.tenant, after, size)
        found += [row for row in rows if claims.rights.may_see(row.doc)]
        if len(rows) < size:
            break
        after = rows[-1].doc
    return found[:wanted]


def _listed(row: DocRow) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "doc": row.doc,
        "version": row.version,
        "epoch": row.epoch,
        "created_at": wire.rfc3339(row.created_at),
        "updated_at": wire.rfc3339(row.updated_at),
        "updated_by": row.updated_by,
    }
    if row.published:
        listed["published"] = row.published
    if row.damaged:
        listed["damaged"] = True
    return listed
