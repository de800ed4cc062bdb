"""Edit locks over HTTP: a list of the locks, and the same lock requests as on the patch lane."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Refusal, Rejected
from collab.ids import DocKey, is_doc_name, is_tenant_name
from collab.locks.state import Locks
from collab.messages import LockAction
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import LockRequest
from server.access.tokens import Claims
from server.handling.bodies import decode_json, read_body, read_object
from server.handling.requests import (
    claims_of,
    document_of,
    json_response,
    member_of,
    peer_of,
    permitted,
    require_exists,
    require_role,
    services_of,
    spending_budget,
    using,
)
from server.openapi.shapes import Acquire, Release, Renew

# The most bytes of the body of a release. A browser page may send a release without a token when
# its user leaves. So the server reads this body before it knows the client.
MAX_RELEASE_BODY = 4096
MAX_SECRET = 128

T = TypeVar("T")


async def list_locks(request: Request) -> Response:
    """Return the current locks from the database, because other instances write there too."""
    async with document_of(request) as (_, live):
        require_exists(live)
        now = services_of(request).hub.time.now()
        locks = await _stored(request, live.key)
    response = json_response({"items": locks.states(now)})
    response.headers["Cache-Control"] = "no-store"
    return response


async def acquire(request: Request) -> Response:
    async with permitted(request, Role.EDITOR) as (claims, key):
        asked = _read(await read_object(request), Acquire)
        act = LockRequest("", "acquire", asked.scope, asked.base, None, asked.ttl)
        return json_response(await _ask(request, claims, key, act), 201)


async def renew(request: Request) -> Response:
    async with permitted(request, Role.EDITOR) as (claims, key):
        asked = _read(await read_object(request, optional=True), Renew)
        return json_response(await _ask(request, claims, key, _named(request, "renew", asked.ttl)))


async def take_over(request: Request) -> Response:
    return await _act(request, "take_over")


async def keep(request: Request) -> Response:
    return await _act(request, "keep")


async def release(request: Request) -> Response:
    """Release a lock: for its holder, or for a client that sends the lock's secret in the body.

    `navigator.sendBeacon` cannot set headers, and it chooses the Content-Type. So a request with
    a secret needs no token and may have any Content-Type.
    """
    if "authorization" not in request.headers:
        secret = await _secret(request)
        if secret is None:
            await claims_of(request)  # always raises `unauthenticated`: there is no token
            raise _no_such_lock()  # never reached
        return json_response(await _release_by_secret(request, secret))
    async with permitted(request, Role.VIEWER) as (claims, key):
        secret = await _secret(request)
        if secret is None:
            require_role(claims, Role.EDITOR)
            return json_response(await _ask(request, claims, key, _named(request, "release")))
    return json_response(await _release_by_secret(request, secret))


async def _secret(request: Request) -> str | None:
    """Return the lock's secret from the body, or None. The secret replaces a token."""
    body = await read_body(request, MAX_RELEASE_BODY)
    return _read(decode_json(body), Release).secret if body.strip() else None


async def _act(request: Request, action: LockAction) -> Response:
    """Do a lock action that needs no body."""
    async with permitted(request, Role.EDITOR) as (claims, key):
        return json_response(await _ask(request, claims, key, _named(request, action)))


async def _ask(request: Request, claims: Claims, key: DocKey, act: LockRequest) -> dict[str, Any]:
    """Return the lock as in the ack of the patch lane, with its secret if the ack has one."""
    hub = services_of(request).hub
    async with using(request, key) as live:
        done = await hub.ask(require_exists(live), member_of(request, claims), act)
    return _flat(done.ack)


async def _release_by_secret(request: Request, secret: str) -> dict[str, Any]:
    """Release the lock that has this secret. When the secret is wrong, open no document.

    The secret begins with the tenant's name and a dot, because the request has no token.
    """
    services = services_of(request)
    key = DocKey(secret.partition(".")[0], request.path_params["doc"])
    lock_id = request.path_params["lock"]
    if len(secret) > MAX_SECRET or not (is_tenant_name(key.tenant) and is_doc_name(key.doc)):
        raise _no_such_lock()
    stored = await _stored(request, key)
    lock = stored.find(lock_id)
    # Only the secret is checked here, so the time does not matter.
    opened = stored.release_by_secret(lock_id, secret.encode(), now=0)
    if lock is None or isinstance(opened, Refusal):
        raise _no_such_lock()
    rights = Rights(Role.VIEWER, 0)
    holder = Member(lock.holder, rights, "http", origin=peer_of(request))
    act = LockRequest("", "release", lock_id=lock_id, secret=secret)
    with spending_budget(request, key, lock.holder.user):
        async with using(request, key) as live:
            done = await services.hub.ask(live, holder, act)
    return _flat(done.ack)


async def _stored(request: Request, key: DocKey) -> Locks:
    revision, rows = await services_of(request).store.locks(key)
    return Locks(revision, tuple(rows))


def _named(request: Request, action: LockAction, ttl: float | None = None) -> LockRequest:
    return LockRequest("", action, lock_id=request.path_params["lock"], ttl=ttl)


def _flat(ack: dict[str, Any]) -> dict[str, Any]:
    lock: dict[str, Any] = msgspec.to_builtins(ack["lock"])
    return {**lock, "secret": ack["secret"]} if "secret" in ack else lock


def _read(body: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise Rejected(Code.MALFORMED, f"the body is not as expected: {error}") from error


def _no_such_lock() -> Rejected:
    return Rejected(Code.NOT_FOUND, "no such lock: it has ended, or its id or `secret` is wrong")
