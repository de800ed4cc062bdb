"""What HTTP handlers share: claims, the document and its rights, budgets, and responses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.flow.budget import to_ms
from collab.ids import DocKey, Json
from collab.patch.diff import diff
from collab.rights.user_rights import Role
from collab.room.member import Member
from server.access.authentication import authenticate, client_name, name_document, not_found
from server.access.tokens import Claims, token_in_header
from server.documents.live_room import LiveRoom
from server.http.position import note_document
from server.runtime.encoded import Position
from server.runtime.worker_threads import LARGE, run_in_thread
from server.services import Services

JSON = "application/json"
MAX_KEY = 255


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def claims_of(request: Request) -> Claims:
    token = token_in_header(request.headers.get("authorization"))
    return await authenticate(services_of(request).keyring, token)


@asynccontextmanager
async def named_document(request: Request) -> AsyncIterator[tuple[Claims, DocKey]]:
    """The claims of the request and the key of its document, which is not opened."""
    claims = await claims_of(request)
    key = name_document(claims, request.path_params["doc"])
    request.state.asker = key, claims.user
    with spending_budget(request, key, claims.user):
        yield claims, key


@asynccontextmanager
async def permitted(request: Request, role: Role) -> AsyncIterator[tuple[Claims, DocKey]]:
    """As `named_document`, for a token with the role: a body is read only after that."""
    async with named_document(request) as (claims, key):
        require_role(claims, role)
        yield claims, key


@asynccontextmanager
async def permitted_whole(request: Request, role: Role) -> AsyncIterator[tuple[Claims, DocKey]]:
    """As `permitted`, for what no section right covers: the token has no `sections`."""
    async with permitted(request, role) as (claims, key):
        claims.rights.require_whole_document()
        yield claims, key


@asynccontextmanager
async def document_of(request: Request) -> AsyncIterator[tuple[Claims, LiveRoom]]:
    """The claims and the open document of the path; it may not exist yet."""
    async with named_document(request) as (claims, key), using(request, key) as live:
        yield claims, live


@asynccontextmanager
async def using(request: Request, key: DocKey) -> AsyncIterator[LiveRoom]:
    """The document, kept open until this ends; the answer gets its position."""
    async with services_of(request).hub.using(key) as live:
        note_document(request, live)
        yield live


@contextmanager
def spending_budget(request: Request, key: DocKey, user: str) -> Iterator[None]:
    """Charge the user's inbound budget for this document, which is also that of their sockets."""
    services = services_of(request)
    owner = (key, user)
    now = services.clock.monotonic()
    budget = services.budget_pool.acquire(owner, now).inbound
    try:
        wait = budget.wait(now)
        if wait:
            raise Rejected(
                Code.RATE_LIMITED,
                "more than your budget for this document allows; send it again later",
                retry_after_ms=max(1, to_ms(wait)),
            )
        budget.spend(0, now)
        request.state.budget = budget
        yield
    finally:
        services.budget_pool.release(owner, services.clock.monotonic())


def require_exists(live: LiveRoom) -> LiveRoom:
    if not live.room.exists:
        raise not_found()
    return live


def require_role(claims: Claims, role: Role) -> None:
    if not claims.role.reaches(role):
        raise Rejected(Code.FORBIDDEN, f"this needs the role {role}")


def require_whole_document(claims: Claims, role: Role) -> None:
    """Raises `forbidden` without the role, or when the token's sections limit it."""
    require_role(claims, role)
    claims.rights.require_whole_document()


def member_of(request: Request, claims: Claims) -> Member:
    client = client_name(_text_header(request, "Weft-Client"))
    author = Author(claims.user, claims.name, client)
    budget = getattr(request.state, "budget", None)
    return Member(author, claims.rights, "http", origin=peer_of(request), budget=budget)


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


async def diff_in_thread(old: Json, new: Json) -> list[Op]:
    """The ops from one value to another, found in a worker thread: large values take long.

    Values are never changed in place, so a thread may read them.
    """
    return await run_in_thread(diff, old, new)


# --- parameters and responses -----------------------------------------------------------------


def whole_number(request: Request, name: str) -> int | None:
    """A query parameter that counts something."""
    text = request.query_params.get(name)
    return None if text is None else as_whole_number(text, f"`{name}`")


def as_whole_number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Rejected(Code.MALFORMED, f"{name} must be a whole number")
    return int(text)


async def document_response(live: LiveRoom, body: Any, *, at: Position | None = None) -> Response:
    """A response with values of the document as it is; in a thread for a large document."""
    if live.room.document.size > LARGE:
        return await large_json_response(body, at=at)
    return json_response(body, at=at)


async def large_json_response(body: Any, *, at: Position | None = None) -> Response:
    """A response that may be megabytes: it is encoded in a worker thread."""
    return _json_response(await run_in_thread(wire.encode, body), at=at)


def json_response(body: Any, status: int = 200, *, at: Position | None = None) -> Response:
    """A response in JSON; with an entity tag when it is one version of a document."""
    return _json_response(wire.encode(body), status, at=at)


def _json_response(body: bytes, status: int = 200, *, at: Position | None = None) -> Response:
    response = Response(body, status, media_type=JSON)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if at is not None:
        response.headers["ETag"] = at.tag
    return response
