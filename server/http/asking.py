"""What HTTP requests share: who asks, for which document, with what body and validators."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.entry import Author
from collab.errors import Code, Rejected
from collab.room.member import Member
from server.admission import authenticate, name_document, not_found
from server.auth import Claims, token_in_header
from server.live import LiveRoom
from server.services import Services

JSON = "application/json"
MAX_KEY = 255
_ETAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')
_json_decoder = msgspec.json.Decoder()


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def claims_of(request: Request) -> Claims:
    return await authenticate(
        services_of(request), token_in_header(request.headers.get("authorization"))
    )


@asynccontextmanager
async def document_of(request: Request) -> AsyncIterator[tuple[Claims, LiveRoom]]:
    """The document that the path names, in use by this request; it may not exist yet."""
    claims = await claims_of(request)
    key = name_document(claims, request.path_params["doc"])
    async with services_of(request).hub.using(key) as live:
        yield claims, live


def existing(live: LiveRoom) -> LiveRoom:
    if not live.room.exists:
        raise not_found()
    return live


def member_of(request: Request, claims: Claims) -> Member:
    client = request.headers.get("weft-client", "")[:128]
    return Member(Author(claims.user, claims.name, client), claims.rights, "http")


def request_id_of(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if len(key) > MAX_KEY:
        raise Rejected(Code.MALFORMED, f"an Idempotency-Key has at most {MAX_KEY} characters")
    return key


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if limit and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if limit and len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def read_json(request: Request, *accepted: str) -> Any:
    """The body as JSON; `accepted` media types, by default `application/json` or none said."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    allowed = accepted or (JSON, "")
    if media_type not in allowed:
        raise Rejected(
            Code.UNSUPPORTED_MEDIA_TYPE, f"the body must be {' or '.join(filter(None, allowed))}"
        )
    body = await read_body(request, services_of(request).settings.max_frame)
    try:
        return _json_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "the body is not JSON") from error


async def read_object(request: Request) -> dict[str, Any]:
    value = await read_json(request)
    if not isinstance(value, dict):
        raise Rejected(Code.MALFORMED, "the body must be a JSON object")
    return value


def whole_number(request: Request, name: str) -> int | None:
    """A query parameter that counts something."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Rejected(Code.MALFORMED, f"`{name}` must be a whole number")
    return int(text)


def if_match(request: Request) -> set[str] | None:
    """The strong tags of `If-Match`; `*` as itself, None where the header is absent."""
    header = request.headers.get("if-match")
    if header is None:
        return None
    if header.strip() == "*":
        return {"*"}
    return {tag for weak, tag in _ETAG.findall(header) if not weak}


def if_none_match(request: Request, tag: str) -> bool:
    """Whether the client has this already (RFC 9110, 13.1.2: weak comparison)."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    return header.strip() == "*" or any(found == tag for _, found in _ETAG.findall(header))


def answer(body: Any, status: int = 200, *, version: int | None = None) -> Response:
    response = Response(wire.encode(body), status, media_type=JSON)
    if version is not None:
        response.headers["ETag"] = f'"{version}"'
    return response


def _too_large(limit: int) -> Rejected:
    return Rejected(Code.TOO_LARGE, f"a request body has at most {limit} bytes")
