"""Functions of all HTTP handlers: claims, the document, rights, budgets, parameters, responses.

`Claims` are the verified contents of a token: tenant, user and rights.
"""

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
from server.handling.position import note_document
from server.runtime.encoded import Position
from server.runtime.worker_threads import LARGE, run_in_thread
from server.services import Services

JSON = "application/json"
MAX_KEY = 255


def services_of(request: Request) -> Services:
    """Return the objects that all handlers of this process share."""
    services: Services = request.app.state.services
    return services


async def claims_of(request: Request) -> Claims:
    """Return the claims of the request's token, or raise `unauthenticated`."""
    token = token_in_header(request.headers.get("authorization"))
    return await authenticate(services_of(request).keyring, token)


@asynccontextmanager
async def named_document(request: Request) -> AsyncIterator[tuple[Claims, DocKey]]:
    """Yield the claims of the request and the key of its document. The document is not opened."""
    claims = await claims_of(request)
    key = name_document(claims, request.path_params["doc"])
    request.state.asker = key, claims.user
    with spending_budget(request, key, claims.user):
        yield claims, key


@asynccontextmanager
async def permitted(request: Request, role: Role) -> AsyncIterator[tuple[Claims, DocKey]]:
    """Like `named_document`, and require the role. Handlers read a body only after that."""
    async with named_document(request) as (claims, key):
        require_role(claims, role)
        yield claims, key


@asynccontextmanager
async def permitted_whole(request: Request, role: Role) -> AsyncIterator[tuple[Claims, DocKey]]:
    """Like `permitted`, and refuse a token with `sections`: no section covers such a request."""
    async with permitted(request, role) as (claims, key):
        claims.rights.require_whole_document()
        yield claims, key


@asynccontextmanager
async def document_of(request: Request) -> AsyncIterator[tuple[Claims, LiveRoom]]:
    """Yield the claims and the open document of the path. The document may not exist yet."""
    async with named_document(request) as (claims, key), using(request, key) as live:
        yield claims, live


@asynccontextmanager
async def using(request: Request, key: DocKey) -> AsyncIterator[LiveRoom]:
    """Open the document until the block ends. The response gets the document's position."""
    async with services_of(request).hub.using(key) as live:
        note_document(request, live)
        yield live


@contextmanager
def spending_budget(request: Request, key: DocKey, user: str) -> Iterator[None]:
    """Charge the budget of this user and document, which the user's sockets spend too.

    The request is charged as one message at the start. `read_body` charges the bytes of its body.
    """
    services = services_of(request)
    owner = (key, user)
    now = services.clock.monotonic()
    budget = services.budget_pool.acquire(owner, now).inbound
    try:
        wait = budget.wait(now)
        if wait:
            raise Rejected(
                Code.RATE_LIMITED,
                "your budget for this document is used up; send the request again later",
                retry_after_ms=max(1, to_ms(wait)),
            )
        budget.spend(0, now)
        request.state.budget = budget
        yield
    finally:
        services.budget_pool.release(owner, services.clock.monotonic())


def require_exists(live: LiveRoom) -> LiveRoom:
    """Return the document, or raise `not_found`."""
    if not live.room.exists:
        raise not_found()
    return live


def require_role(claims: Claims, role: Role) -> None:
    """Raise `forbidden` when the token has a lower role."""
    if not claims.role.reaches(role):
        raise Rejected(Code.FORBIDDEN, f"this request needs the role {role}")


def require_whole_document(claims: Claims, role: Role) -> None:
    """Raise `forbidden` when the token has a lower role, or has `sections`."""
    require_role(claims, role)
    claims.rights.require_whole_document()


def member_of(request: Request, claims: Claims) -> Member:
    """Return the client of this request as a member of the room."""
    client = client_name(_text_header(request, "Weft-Client"))
    author = Author(claims.user, claims.name, client)
    budget = getattr(request.state, "budget", None)
    return Member(author, claims.rights, "http", origin=peer_of(request), budget=budget)


def peer_of(request: Request) -> str:
    """Return the client's IP address and port."""
    client = request.client
    return f"{client.host}:{client.port}" if client else ""


def request_id_of(request: Request) -> str:
    """Return the `Idempotency-Key`. It is the request's id, like `id` on the patch lane."""
    key = _text_header(request, "Idempotency-Key")
    if len(key) > MAX_KEY:
        raise Rejected(Code.MALFORMED, f"the Idempotency-Key has more than {MAX_KEY} characters")
    return key


def _text_header(request: Request, name: str) -> str:
    """Return a header as UTF-8, as on the lanes; Starlette decodes headers as ISO-8859-1."""
    try:
        return request.headers.get(name, "").encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise Rejected(Code.MALFORMED, f"the header {name} must be UTF-8") from error


async def diff_in_thread(old: Json, new: Json) -> list[Op]:
    """Return the ops from one value to another, computed in a worker thread.

    Large values take long. A thread may read them, because values are never changed in place.
    """
    return await run_in_thread(diff, old, new)


# --- parameters and responses -----------------------------------------------------------------


def whole_number(request: Request, name: str) -> int | None:
    """Return a query parameter as a whole number; None when it is absent."""
    text = request.query_params.get(name)
    return None if text is None else as_whole_number(text, f"`{name}`")


def as_whole_number(text: str, name: str) -> int:
    """Return the number, or raise `malformed` with `name` in its message."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Rejected(Code.MALFORMED, f"{name} must be a whole number of at most 15 digits")
    return int(text)


async def document_response(live: LiveRoom, body: Any, *, at: Position | None = None) -> Response:
    """Return a response with values of the document.

    When the document is large, a worker thread encodes the response.
    """
    if live.room.document.size > LARGE:
        return await large_json_response(body, at=at)
    return json_response(body, at=at)


async def large_json_response(body: Any, *, at: Position | None = None) -> Response:
    """Return a response that may have megabytes. A worker thread encodes it."""
    return _json_response(await run_in_thread(wire.encode, body), at=at)


def json_response(body: Any, status: int = 200, *, at: Position | None = None) -> Response:
    """Return a JSON response, with an ETag when it shows one version of a document."""
    return _json_response(wire.encode(body), status, at=at)


def _json_response(body: bytes, status: int = 200, *, at: Position | None = None) -> Response:
    response = Response(body, status, media_type=JSON)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if at is not None:
        response.headers["ETag"] = at.tag
    return response
