"""Assets over HTTP: upload a picture, list and delete assets, and read one without a token."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, closing
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.ports.assets import ANY_TIME, WIDTHS, Asset, AssetUse, Content
from collab.ports.store import Corrupt
from collab.rights.user_rights import Role
from server.access.tokens import Claims
from server.handling.bodies import body_chunks
from server.handling.conditional import if_none_match
from server.handling.requests import (
    claims_of,
    json_response,
    member_of,
    require_role,
    services_of,
    spending_budget,
    whole_number,
)
from server.http.listing import page_size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from server.assets.library import AssetLibrary

logger = logging.getLogger(__name__)

MAX_NAME: Final = 200
# Assets of one page: the uses of each need a query.
MOST: Final = 100
# Seconds for the body of an upload, which may be larger than other bodies.
UPLOAD_SECONDS: Final = 120.0
# Versions that the server reads for one list. The list says when it has not read all.
READ_FOR_LIST: Final = 100
IMMUTABLE: Final = "public, max-age=31536000, immutable"
# In an asset that is opened by itself, no script runs and nothing is loaded from elsewhere.
POLICY: Final = (
    "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; sandbox"
)
_CURSOR = re.compile(r"(\d{1,16})\.([0-9a-f]{64})")


@asynccontextmanager
async def _permitted(request: Request) -> AsyncIterator[Claims]:
    """Yield the claims of an editor. The request is charged as one message."""
    claims = await claims_of(request)
    key = DocKey(claims.tenant, "")
    request.state.asker = key, claims.user
    with spending_budget(request, key, claims.user):
        require_role(claims, Role.EDITOR)
        yield claims


# --- with a token ---------------------------------------------------------------------------


async def upload_asset(request: Request) -> Response:
    """Store the picture in the body. The same picture is stored once for a tenant."""
    services = services_of(request)
    async with _permitted(request) as claims:
        name = _name(request)
        owner, uploads = (claims.tenant, claims.user), services.assets.uploads
        with uploads.running(owner) as budget, closing(uploads.spool()) as spool:
            request.state.budget = budget
            async for chunk in body_chunks(request, services.settings.max_asset, UPLOAD_SECONDS):
                await spool.write(chunk)
            async with uploads.turn(owner):
                await _require_connection(request)
                asset = await services.assets.add(*owner, name, await spool.read())
        key, member = DocKey(claims.tenant, ""), member_of(request, claims)
        services.recorder.did(key, member, "upload", asset=asset.id)
    made = {"id": asset.id, "url": _url(request, claims.tenant, asset), **_shape(asset)}
    return _private(made, 201)


async def list_assets(request: Request) -> Response:
    """Return the assets of the tenant, newest first, with the versions that use them."""
    services = services_of(request)
    async with _permitted(request) as claims:
        limit, after = min(page_size(request), MOST), _cursor(request)
        is_complete = await services.assets.versions.read(claims.tenant, READ_FOR_LIST)
        assets = await services.store.list_assets(claims.tenant, after, limit + 1)
        uses = await services.store.asset_uses(claims.tenant, [one.id for one in assets[:limit]])
    page: dict[str, Any] = {
        "assets": [
            {
                "id": one.id,
                "url": _url(request, claims.tenant, one),
                **_shape(one),
                "name": one.name,
                "by": one.by,
                "at": wire.rfc3339(one.at),
                "uses": [_use(use) for use in uses[one.id] if claims.rights.may_see(use.doc)],
            }
            for one in assets[:limit]
        ]
    }
    if len(assets) > limit:
        page["next"] = f"{assets[limit - 1].at}.{assets[limit - 1].id}"
    if not is_complete:
        page["incomplete"] = True
    return _private(page)


async def delete_asset(request: Request) -> Response:
    """Delete an asset that no version uses."""
    services = services_of(request)
    async with _permitted(request) as claims:
        _require_whole_tenant(claims)
        id = request.path_params["id"]
        uses = await services.assets.delete(claims.tenant, id)
        if uses:
            raise Rejected(
                Code.IN_USE,
                "versions of documents use the asset: remove it from them first",
                uses=[_use(use) for use in uses],
            )
        key, member = DocKey(claims.tenant, ""), member_of(request, claims)
        services.recorder.did(key, member, "delete asset", asset=id)
    return Response(status_code=204)


# --- without a token ------------------------------------------------------------------------


async def get_asset(request: Request) -> Response:
    """Return an asset, or the same picture in another width."""
    tenant, id = request.path_params["tenant"], request.path_params["id"]
    width = _width(request)
    library = services_of(request).assets
    asset = await library.find(tenant, id)
    if asset is None:
        raise _no_asset()
    content = asset.content(width)
    tag = f"{id}.{content.width}" if content.width else id
    headers = {**HEADERS, "ETag": f'"{tag}"'}
    if if_none_match(request, tag) is not None:
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = "image/webp" if content.width else asset.type
    headers["Content-Length"] = str(content.bytes)
    if request.method == "HEAD":
        return Response(headers=headers)
    try:
        first = await library.piece(tenant, asset, content.width, 0)
    except Corrupt as error:
        logger.error("an asset does not match its checksum", exc_info=error)
        message = "the asset is damaged; an upload of the same file repairs it"
        raise Rejected(Code.STORAGE_UNAVAILABLE, message) from error
    if first is None:
        raise _no_asset()
    return AssetResponse(_pieces(library, tenant, asset, content, first), headers)


HEADERS: Final = {
    "Cache-Control": IMMUTABLE,
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


class AssetResponse(Response):
    """The response with an asset. It reads the next piece when the client has read most of one.

    Invariant: memory holds at most one piece besides the bytes that the connection counts as
    unread. When a piece is missing midway, the connection ends before the announced length. So the
    client sees that the picture is incomplete.
    """

    def __init__(self, pieces: AsyncGenerator[bytes], headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self.headers["content-length"] = headers["Content-Length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                if await request.is_disconnected():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _pieces(
    library: AssetLibrary, tenant: str, asset: Asset, content: Content, first: bytes
) -> AsyncGenerator[bytes]:
    yield first
    for number in range(1, len(content.checksums)):
        piece = await library.piece(tenant, asset, content.width, number)
        if piece is None:
            raise Corrupt(f"the asset {tenant}/{asset.id} was deleted while it was sent")
        yield piece


async def _require_connection(request: Request) -> None:
    """Raise when the client has gone while its upload waited: other uploads need the turn."""
    if await request.is_disconnected():
        raise Rejected(Code.MALFORMED, "the connection ended before the picture was stored")


# --- parameters and members -----------------------------------------------------------------


def _name(request: Request) -> str:
    name = request.query_params.get("name", "")
    if len(name) > MAX_NAME:
        raise Rejected(Code.MALFORMED, f"`name` has more than {MAX_NAME} characters")
    return name


def _width(request: Request) -> int:
    """Return `?width=`, or 0 for the original."""
    width = whole_number(request, "width")
    if width is not None and width not in WIDTHS:
        raise Rejected(Code.MALFORMED, f"`width` must be one of {', '.join(map(str, WIDTHS))}")
    return width or 0


def _cursor(request: Request) -> tuple[int, str]:
    text = request.query_params.get("cursor", "")
    if not text:
        return ANY_TIME, ""
    match = _CURSOR.fullmatch(text)
    if match is None or int(match[1]) > ANY_TIME:
        raise Rejected(Code.MALFORMED, "`cursor` must be the `next` of the previous page")
    return int(match[1]), match[2]


def _require_whole_tenant(claims: Claims) -> None:
    """Raise `forbidden` for a token that is limited to some documents or sections."""
    claims.rights.require_whole_document()
    if claims.rights.docs is not None:
        raise Rejected(
            Code.FORBIDDEN, "a token with `docs` may not delete assets: other documents use them"
        )


def _url(request: Request, tenant: str, asset: Asset) -> str:
    return f"{services_of(request).settings.public_url}/v1/assets/{tenant}/{asset.id}"


def _shape(asset: Asset) -> dict[str, Any]:
    return {
        "type": asset.type,
        "bytes": asset.bytes,
        "width": asset.width,
        "height": asset.height,
    }


def _use(use: AssetUse) -> dict[str, Any]:
    named = {"name": use.name} if use.name else {}
    return {"doc": use.doc, "in": use.place, "version": use.version, **named}


def _no_asset() -> Rejected:
    return Rejected(Code.NOT_FOUND, "there is no asset at this address")


def _private(body: object, status: int = 200) -> Response:
    response = json_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    return response
