"""Publishing over HTTP: publish a version, take it down, and read it without a token."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.page.html import policy
from collab.rights.user_rights import Role
from server.access.authentication import not_found
from server.handling.bodies import read_object
from server.handling.requests import (
    document_of,
    json_response,
    member_of,
    permitted_whole,
    require_exists,
    require_whole_document,
    services_of,
    using,
    whole_number,
)
from server.publishing.public_request import coding_of, page_path, parse_request
from server.publishing.publisher import as_json, nothing_published

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{display:grid;min-height:90vh;place-content:center;margin:24px;text-align:center;"
    "font:1.0625rem/1.6 system-ui,sans-serif}h1{margin:0;font-size:1.75rem}p{margin:8px 0 0}"
)
_NOTHING = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    f"<title>Page not found</title><style>{_STYLE}</style></head><body><main>"
    "<h1>Page not found</h1><p>The page does not exist, or it is not published.</p>"
    "</main></body></html>"
)


async def publish(request: Request) -> Response:
    """Make a version public: the version in the body, or else the newest."""
    services = services_of(request)
    async with permitted_whole(request, Role.PUBLISHER) as (claims, key):
        body = await read_object(request, optional=True)
        version, expected = _number(body, "version"), _number(body, "expected_published")
        if "expected_published" in body and expected is None:
            expected = 0
        member = member_of(request, claims)
        async with using(request, key) as live:
            require_exists(live)
            done = await services.publisher.publish(live, member.author, version, expected)
        services.recorder.did(key, member, "publish", version=done.version)
    url = services.settings.public_url + page_path(key)
    warnings = msgspec.to_builtins(done.warnings)
    return json_response({"published": done.version, "url": url, "warnings": warnings})


async def take_down(request: Request) -> Response:
    """Take the document down, so that no version is public."""
    async with document_of(request) as (claims, live):
        require_whole_document(claims, Role.PUBLISHER)
        require_exists(live)
        services, member = services_of(request), member_of(request, claims)
        was = await services.publisher.take_down(live, member.author)
        services.recorder.did(live.key, member, "take down", version=was)
    return Response(status_code=204)


async def get_publication(request: Request) -> Response:
    """Return which version is public, since when, and who published it."""
    missing = request.query_params.get("missing", "")
    if missing not in ("", "null"):
        raise Rejected(Code.MALFORMED, "`missing` must be `null`")
    async with document_of(request) as (_, live):
        require_exists(live)
        state = await services_of(request).store.public_state(live.key)
    body: dict[str, object] = {"published": None}
    if state is None or state.published is None:
        if not missing:
            raise nothing_published()
    else:
        body = as_json(state.published)
        body["published"] = body.pop("version")
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response


async def get_findings(request: Request) -> Response:
    """Return what publishing would find in a version, and publish nothing."""
    async with document_of(request) as (_, live):
        services = services_of(request)
        version = whole_number(request, "version")
        checked = await services.publisher.check(require_exists(live), version)
    body = {
        "version": checked.version,
        "url": services.settings.public_url + page_path(live.key),
        "warnings": msgspec.to_builtins(checked.found.warnings),
        "refusals": msgspec.to_builtins(checked.found.refusals),
    }
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response


async def get_published(request: Request) -> Response:
    """Return the published value. No token is needed."""
    return await _public(request)


async def get_page(request: Request) -> Response:
    """Return the published page as HTML. No token is needed. A 404 is HTML too."""
    try:
        return await _public(request)
    except Rejected as rejected:
        if rejected.refusal.code is not Code.NOT_FOUND:
            raise
    ancestors = services_of(request).settings.frame_ancestors
    headers = {
        "Cache-Control": "no-cache",  # the page may be published at any time
        "Content-Security-Policy": policy(_STYLE, ancestors),
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_NOTHING, 404, headers, "text/html")


async def _public(request: Request) -> Response:
    """Return a published response that `FastPathApp` did not find, or found stale, in its cache."""
    asked = parse_request(request.scope["path"], request.scope["query_string"])
    coding, known = coding_of(request.scope["headers"])
    found = None if asked is None else await services_of(request).public_cache.fetch(asked, coding)
    if found is None:
        raise not_found()
    return found.response(known)


def _number(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Rejected(Code.MALFORMED, f"`{name}` must be a version: a whole number")
    return value
