"""What HTTP requests share: who asks, for which document, on whose budget, with what body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collab import wire
from collab.entry import Author
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.room.budget import Meter, to_ms
from collab.room.member import Member
from collab.room.rights import Role
from server.admission import authenticate, client_name, name_document, not_found
from server.auth import Claims, token_in_header
from server.http.validators import tag_of
from server.live import LiveRoom
from server.services import Services

JSON = "application/json"
MAX_KEY = 255
BODY_SECONDS = 30.0  # a body that trickles in keeps its document open


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def claims_of(request: Request) -> Claims:
    return await authenticate(
        services_of(request), token_in_header(request.headers.get("authorization"))
    )


@asynccontextmanager
async def named_document(request: Request) -> AsyncIterator[tuple[Claims, DocKey]]:
    """Which document the path names, and who asks, on whose budget; it is not opened."""
    claims = await claims_of(request)
    if b"%2f" in request.scope.get("raw_path", b"").lower():
        # Decoded it would be another address: `home%2Fundo` is a name, and none that there is.
        raise not_found()
    key = name_document(claims, request.path_params["doc"])
    request.state.asker = key, claims.user
    with spending(request, key, claims.user):
        yield claims, key


@asynccontextmanager
async def document_of(request: Request) -> AsyncIterator[tuple[Claims, LiveRoom]]:
    """The document that the path names, in use by this request; it may not exist yet."""
    hub = services_of(request).hub
    async with named_document(request) as (claims, key), hub.using(key) as live:
        yield claims, live


@contextmanager
def spending(request: Request, key: DocKey, user: str) -> Iterator[None]:
    """Charge the user's inbound budget for this document, which their sockets spend too."""
    services = services_of(request)
    owner = (key, user)
    now = services.clock.monotonic()
    meter = services.purses.take(owner, now).inbound
    try:
        wait = meter.wait(now)
        if wait:
            raise Rejected(
                Code.RATE_LIMITED,
                "more than your budget for this document allows; send it again later",
                retry_after_ms=max(1, to_ms(wait)),
            )
        meter.spend(0, now)
        request.state.meter = meter
        yield
    finally:
        services.purses.put_back(owner, services.clock.monotonic())


def existing(live: LiveRoom) -> LiveRoom:
    if not live.room.exists:
        raise not_found()
    return live


def require_role(claims: Claims, role: Role) -> None:
    if not claims.role.reaches(role):
        raise Rejected(Code.FORBIDDEN, f"this needs the role {role}")


def member_of(request: Request, claims: Claims) -> Member:
    client = client_name(_text_header(request, "Weft-Client"))
    author = Author(claims.user, claims.name, client)
    meter = getattr(request.state, "meter", None)
    return Member(author, claims.rights, "http", origin=peer_of(request), meter=meter)


def peer_of(request: Request) -> str:
    client = request.client
    return f"{client.host}:{client.port}" if client else ""


def request_id_of(request: Request) -> str:
    key = _text_header(request, "Idempotency-Key")
    if len(key) > MAX_KEY:
        raise Rejected(Code.MALFORMED, f"an Idempotency-Key has at most {MAX_KEY} characters")
    return key


def _text_header(request: Request, name: str) -> str:
    """A header that names what the lanes name too: UTF-8, where HTTP would have ISO-8859-1."""
    try:
        return request.headers.get(name, "").encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise Rejected(Code.MALFORMED, f"{name} must be UTF-8") from error


# --- bodies ---------------------------------------------------------------------------------


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if limit and declared.isdigit() and (len(declared) > 15 or int(declared) > limit):
        raise _too_large(limit)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Rejected(Code.UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                _charge(request, len(chunk), len(body))
                if limit and len(body) > limit:
                    raise _too_large(limit)
    except ClientDisconnect as error:
        raise Rejected(Code.MALFORMED, "the body ended early") from error
    except TimeoutError as error:
        raise HTTPException(408, "the body took too long") from error
    return bytes(body)


def _charge(request: Request, size: int, whole: int) -> None:
    """Pay for a body as it comes, `whole` so far, and let no crowd of them in on one budget.

    What an import weighs beyond a whole burst would shut its author out for minutes. So a body
    alone makes a debt of one burst at most; more is of several at once.
    """
    meter: Meter | None = getattr(request.state, "meter", None)
    if meter is None:
        return
    now, burst = services_of(request).clock.monotonic(), meter.allowance.bytes_burst
    meter.bytes.spend(max(0, min(size, burst - (whole - size))), now)
    wait = meter.bytes.wait(now)
    if wait > 2 * meter.fill_time:
        raise Rejected(
            Code.RATE_LIMITED, "too many bodies at once", retry_after_ms=max(1, to_ms(wait))
        )


async def read_raw_json(request: Request, *accepted: str, limit: int | None = None) -> bytes:
    """The body, said to be JSON; `accepted` media types, by default JSON's or none said."""
    _check_media_type(request, accepted or (JSON, ""))
    most = services_of(request).settings.max_frame if limit is None else limit
    return await read_body(request, most)


async def read_json(request: Request, *accepted: str) -> Any:
    return decode_json(await read_raw_json(request, *accepted))


async def read_document(request: Request) -> Any:
    """A whole document: what may be kept may be sent, though a frame holds less."""
    settings = services_of(request).settings
    bounds = (settings.max_frame, settings.max_document)
    return decode_json(await read_raw_json(request, limit=max(bounds) if all(bounds) else 0))


async def read_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """The body as a JSON object; where it is `optional`, none at all is an empty one."""
    body = await read_body(request, services_of(request).settings.max_frame)
    if optional and not body.strip():
        return {}
    _check_media_type(request, (JSON, ""))
    value = decode_json(body)
    if not isinstance(value, dict):
        raise Rejected(Code.MALFORMED, "the body must be a JSON object")
    return value


def decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "the body is not JSON") from error


def _check_media_type(request: Request, allowed: tuple[str, ...]) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in allowed:
        raise Rejected(
            Code.UNSUPPORTED_MEDIA_TYPE, f"the body must be {' or '.join(filter(None, allowed))}"
        )


# --- parameters and answers -----------------------------------------------------------------


def whole_number(request: Request, name: str) -> int | None:
    """A query parameter that counts something."""
    text = request.query_params.get(name)
    return None if text is None else as_whole_number(text, f"`{name}`")


def as_whole_number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Rejected(Code.MALFORMED, f"{name} must be a whole number")
    return int(text)


def answer(body: Any, status: int = 200, *, version: int | None = None) -> Response:
    response = Response(wire.encode(body), status, media_type=JSON)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if version is not None:
        response.headers["ETag"] = tag_of(version)
    return response


def _too_large(limit: int) -> Rejected:
    return Rejected(Code.TOO_LARGE, f"a request body has at most {limit} bytes")
