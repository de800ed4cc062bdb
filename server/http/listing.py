"""The list of a tenant's documents."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import Code, Rejected
from collab.ids import DocKey, is_doc_name
from collab.page.site import title_of
from collab.ports.store import DocRow
from server.access.tokens import Claims
from server.handling.requests import (
    claims_of,
    json_response,
    large_json_response,
    services_of,
    spending_budget,
    whole_number,
)

PAGE = 100
MOST = 1000
# The most clients of one document in a list.
MOST_PRESENT = 100
INCLUDABLE = frozenset({"presence", "summary"})


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
        included = _included(request)
        rows = await _visible(request, claims, cursor, limit + 1)
        items = [_listed(row) for row in rows[:limit]]
        if "summary" in included:
            await _add_summaries(request, claims.tenant, rows[:limit], items)
        if "presence" in included:
            await _add_presence(request, claims.tenant, items)
    page: dict[str, Any] = {"items": items}
    if len(rows) > limit:
        page["cursor"] = rows[limit - 1].doc
    return await large_json_response(page) if included else json_response(page)


def _included(request: Request) -> set[str]:
    """Return the parts of `?include=`, or raise `malformed` for an unknown part."""
    included = {part for part in request.query_params.get("include", "").split(",") if part}
    if included - INCLUDABLE:
        raise Rejected(
            Code.MALFORMED, "`include` may have `presence` and `summary`, separated by a comma"
        )
    return included


async def _add_summaries(
    request: Request, tenant: str, rows: list[DocRow], items: list[dict[str, Any]]
) -> None:
    """Add title, time and publication to each item. The titles are read in one query.

    A document that is open in this process has its newest title.
    """
    services = services_of(request)
    titles = await services.store.titles(tenant, [row.doc for row in rows])
    for row, item in zip(rows, items, strict=True):
        live = services.hub.lives.get(DocKey(tenant, row.doc))
        is_open = live is not None and live.room.exists
        title = title_of(live.room.value) if live and is_open else titles.get(row.doc, "")
        published = row.published or None
        item["summary"] = {
            "title": title,
            "updated": item["updated_at"],
            "published": published,
        }


async def _add_presence(request: Request, tenant: str, items: list[dict[str, Any]]) -> None:
    """Add to each item the clients that are in the document, without their states.

    This instance asks the others about the documents that are not open here.
    """
    services = services_of(request)
    keys = [DocKey(tenant, item["doc"]) for item in items]
    lives = services.hub.lives
    elsewhere = await services.present_elsewhere([key for key in keys if key not in lives])
    for key, item in zip(keys, items, strict=True):
        live = lives.get(key)
        peers = elsewhere.get(key, []) if live is None else live.presence.book.present()
        item["presence"] = [
            {
                "session": peer.session,
                "user": peer.user,
                "name": peer.name,
                "client": peer.client,
                "role": peer.role,
            }
            for peer in peers[:MOST_PRESENT]
        ]


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
