"""The API's description: for programs at `/openapi.json`, for people at `/docs`."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from server.http.conditional import if_none_match
from server.http.requests import JSON, services_of
from server.openapi.describe import describe
from server.openapi.page import POLICY, render

CACHE = "public, max-age=300"


@lru_cache(maxsize=1)
def _description(version: str) -> tuple[bytes, bytes, str]:
    """The document, the page, and a tag for both: nothing in them changes while we run."""
    described = describe(version)
    document, page = wire.encode(described), render(described).encode()
    return document, page, hashlib.sha256(document + page).hexdigest()[:32]


async def get_description(request: Request) -> Response:
    """The OpenAPI document; it tells nothing that a token would have to protect."""
    document, _, tag = _description(services_of(request).version)
    return _cached(request, document, JSON, tag, {"Access-Control-Allow-Origin": "*"})


async def get_page(request: Request) -> Response:
    _, page, tag = _description(services_of(request).version)
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return _cached(request, page, "text/html", tag, headers)


def _cached(
    request: Request, body: bytes, media_type: str, tag: str, headers: dict[str, str]
) -> Response:
    headers = {**headers, "ETag": f'"{tag}"', "Cache-Control": CACHE}
    if if_none_match(request, tag) is not None:
        return Response(status_code=304, headers=headers)
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(body, media_type=media_type, headers=headers)
