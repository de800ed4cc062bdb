"""Documents over HTTP: read, made, patched, replaced, deleted, listed."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.pointer import lookup, parse
from collab.ports import DocRow
from collab.room.requests import Answer, Create, PatchRequest, Replace, Revert
from collab.room.requests import Request as RoomRequest
from collab.room.rights import Role
from server.auth import Claims
from server.http.asking import (
    JSON,
    answer,
    claims_of,
    document_of,
    existing,
    if_match,
    if_none_match,
    member_of,
    read_json,
    read_object,
    request_id_of,
    services_of,
    whole_number,
)
from server.http.problem import PreconditionFailed
from server.live import LiveRoom

PATCH_TYPE = "application/json-patch+json"
PAGE = 100
MOST = 1000


async def list_documents(request: Request) -> Response:
    """The tenant's documents that the token shows, by name."""
    claims = await claims_of(request)
    limit = min(whole_number(request, "limit") or PAGE, MOST)
    cursor = request.query_params.get("cursor", "")
    items: list[dict[str, Any]] = []
    store = services_of(request).store
    while len(items) <= limit:
        rows = await store.list_docs(claims.tenant, cursor, limit + 1)
        items += [_listed(row) for row in rows if claims.rights.sees(row.doc)]
        if len(rows) <= limit:
            break
        cursor = rows[-1].doc
    page: dict[str, Any] = {"items": items[:limit]}
    if len(items) > limit:
        page["cursor"] = items[limit - 1]["doc"]
    return answer(page)


async def get_document(request: Request) -> Response:
    """The value, or a part of it, now or `at` a version."""
    async with document_of(request) as (_, live):
        room = existing(live).room
        at = whole_number(request, "at")
        version, value = (room.version, room.value)
        if at is not None and at != room.version:
            version, value = at, await _value_at(request, live, at)
        if if_none_match(request, str(version)):
            return Response(status_code=304, headers={"ETag": f'"{version}"'})
        pointer = request.query_params.get("pointer")
        if pointer is not None:
            value = _part(value, pointer)
        response = answer(value, version=version)
        row = await services_of(request).store.row(live.key)
    if row is not None and version == room.version:
        response.headers["Last-Modified"] = _http_date(row.updated_at)
        response.headers["Weft-Updated-By"] = _header_text(row.updated_by)
    response.headers["Cache-Control"] = "no-cache, private"
    return response


async def put_document(request: Request) -> Response:
    """Make the document; with `If-Match` replace its value by one minimal change."""
    async with document_of(request) as (claims, live):
        require_role(claims, Role.EDITOR)
        value = await read_json(request)
        if not isinstance(value, dict):
            raise Rejected(Code.INVALID_DOCUMENT, "a document's root is an object", path="")
        tags = if_match(request)
        request_id = request_id_of(request)
        if tags is None:
            made = await _ask(request, claims, live, Create(value, request_id, only=True))
            return answer({"version": made.version, **made.ack}, 201, version=made.version)
        base = _matching_version(existing(live), tags)
        done = await _ask(request, claims, live, Replace(value, base, request_id), strict=True)
    return answer({"version": done.version, **done.ack}, version=done.version)


async def patch_document(request: Request) -> Response:
    """A JSON Patch on the head, on `?base=`, or with `If-Match` on exactly that version."""
    async with document_of(request) as (claims, live):
        existing(live)
        ops = await read_json(request, PATCH_TYPE, JSON)
        if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
            raise Rejected(Code.INVALID_PATCH, "a patch is an array of operations", op=0, path="")
        tags = if_match(request)
        strict = tags is not None
        base = whole_number(request, "base") if tags is None else _matching_version(live, tags)
        patch = PatchRequest(request_id_of(request), base, ops, strict, _fence(request))
        done = await _ask(request, claims, live, patch, strict=strict)
    return answer({"version": done.version, **done.ack}, version=done.version)


async def delete_document(request: Request) -> Response:
    """Take the document out of the world; whoever is in it is told so."""
    services = services_of(request)
    async with document_of(request) as (claims, live):
        existing(live)
        require_role(claims, Role.ADMIN)
        await services.hub.delete(live)
    return Response(status_code=204)


async def undo(request: Request) -> Response:
    return await _revert(request, redo=False)


async def redo(request: Request) -> Response:
    return await _revert(request, redo=True)


async def _revert(request: Request, *, redo: bool) -> Response:
    async with document_of(request) as (claims, live):
        existing(live)
        body = await read_object(request) if await request.body() else {}
        scope = body.get("scope", "")
        if not isinstance(scope, str):
            raise Rejected(Code.MALFORMED, "`scope` must be a JSON Pointer")
        done = await _ask(request, claims, live, Revert(request_id_of(request), scope, redo))
    return answer({"version": done.version, **done.ack}, version=done.version)


def require_role(claims: Claims, role: Role) -> None:
    if not claims.role.reaches(role):
        raise Rejected(Code.FORBIDDEN, f"this needs the role {role}")


async def _ask(
    request: Request, claims: Claims, live: LiveRoom, asked: RoomRequest, *, strict: bool = False
) -> Answer:
    try:
        return await services_of(request).hub.ask(live, member_of(request, claims), asked)
    except Rejected as rejected:
        refusal = rejected.refusal
        if strict and refusal.code is Code.CONFLICT:
            raise PreconditionFailed(refusal.code, refusal.message, **refusal.extra) from rejected
        raise


def _matching_version(live: LiveRoom, tags: set[str]) -> int:
    """The version that `If-Match` names; of several the head, or else the newest."""
    head = live.room.version
    if "*" in tags or str(head) in tags:
        return head
    versions = [int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 16]
    known = [version for version in versions if version < head]
    if not known:
        raise PreconditionFailed(
            Code.CONFLICT, f"the document is at version {head}", base=0, version=head
        )
    return max(known)


async def _value_at(request: Request, live: LiveRoom, version: int) -> Json:
    room = live.room
    if version > room.version:
        raise Rejected(Code.UNKNOWN_VERSION, f"there is no version {version} yet")
    if version == 0:
        return {}
    if room.tail.base <= version < room.version:
        return room.tail.value_at(version)
    return await services_of(request).hub.history.value_at(live.key, version, room.epoch)


def _part(value: Json, pointer: str) -> Json:
    try:
        part: Json = lookup(value, parse(pointer))
    except Rejected as rejected:
        if rejected.refusal.code is Code.PATH_NOT_FOUND:
            raise Rejected(Code.NOT_FOUND, "nothing stands there", path=pointer) from rejected
        raise
    return part


def _fence(request: Request) -> int | None:
    text = request.headers.get("weft-fence")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise Rejected(Code.MALFORMED, "Weft-Fence must be a whole number")
    return int(text)


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
    return listed


def _http_date(ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(ms // 1000, UTC), usegmt=True)


def _header_text(text: str) -> str:
    """A user's name as a header can carry it (RFC 8187 would need every client to decode it)."""
    return text.encode("ascii", "backslashreplace").decode("ascii")
