"""Documents over HTTP: read, create, patch, replace, delete, undo, redo, and list the clients.

`live` is a `LiveRoom`: one open document of this process. It holds the document's room
(`collab/room/room.py`), its subscribers and its waiting requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.pointer import Tokens, lookup, parse_named, render
from collab.ports.store import StorageUnavailable
from collab.rights.user_rights import Role
from collab.room.requests import Answer, Create, PatchRequest, Replace, UndoRequest
from collab.room.requests import Request as RoomRequest
from server.access.authentication import not_found
from server.access.tokens import Claims
from server.documents.changes import LastChange, find_change, head_change
from server.documents.live_room import LiveRoom
from server.handling.bodies import read_document, read_object, read_patch
from server.handling.conditional import (
    head_changed,
    if_match,
    if_none_match,
    only_if_absent,
    wanted_version,
)
from server.handling.position import note_position, position_of
from server.handling.problem import PreconditionFailed
from server.handling.requests import (
    JSON,
    as_whole_number,
    diff_in_thread,
    document_of,
    document_response,
    json_response,
    member_of,
    named_document,
    permitted,
    request_id_of,
    require_exists,
    require_whole_document,
    services_of,
    using,
    whole_number,
)
from server.http.history import value_at
from server.loading.room_loader import Quarantined
from server.publishing.public_request import coding_of
from server.runtime.encoded import Position, ValueKey
from server.services import Services

PATCH_TYPE = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The result of a GET: a value, its version, and the change that made it, if known."""

    at: Position
    value: Json
    change: LastChange | None


async def get_document(request: Request) -> Response:
    """Return the value of the head, or of the version in `?at=`, or a part of this value."""
    async with document_of(request) as (_, live):
        version, pointer = whole_number(request, "at"), request.query_params.get("pointer")
        tokens = None if pointer is None else parse_named(pointer, "pointer")
        require_exists(live)
        result = await (
            _read_head(request, live) if version is None else _read_at(request, live, version)
        )
    headers = {"Cache-Control": "no-cache, private"}
    if result.change is not None:
        headers["Last-Modified"] = _http_date(result.change.at)
        headers["Weft-Updated-By"] = _header_text(result.change.by.user)
    at = note_position(request, result.at)
    known = if_none_match(request, at.opaque)
    if known is not None:
        return Response(status_code=304, headers={"ETag": known, **headers})
    value = result.value if tokens is None else _part(result.value, tokens)
    value_key = ValueKey(live.key, at, pointer or "")
    coding, _ = coding_of(request.scope["headers"])
    response = await services_of(request).encoded_values.response(
        value_key, value, live.room.document.size, coding
    )
    response.headers.update(headers)
    return response


async def put_document(request: Request) -> Response:
    """Create the document. With `If-Match`, replace its value: apply only the differences."""
    async with permitted(request, Role.EDITOR) as (claims, key):
        creations, tags = services_of(request).creations, if_match(request)
        if tags is None:
            claims.rights.require_whole_document()
            creations.check(key, claims.user)
        value, size = await read_document(request)
        if not isinstance(value, dict):
            raise Rejected(
                Code.INVALID_DOCUMENT, "the root of a document must be a JSON object", path=""
            )
        request_id = request_id_of(request)
        fence = _fence(request)
        async with using(request, key) as live:
            if tags is None:
                if not live.room.exists:
                    creations.charge(key, claims.user, size)
                made = await _ask(request, claims, live, Create(value, request_id, only=True))
                at = note_position(request, position_of(live, made.version))
                response = json_response({"version": made.version, **made.ack}, 201, at=at)
                response.headers["Location"] = f"/v1/docs/{live.key.doc}"
                return response
            room = require_exists(live).room
            version, named = room.version, wanted_version(tags, position_of(live))
            base, epoch = (None, None) if named is None else (named.version, named.epoch)
            ops = await diff_in_thread(room.value, value)
            asked = Replace(value, base, request_id, fence, (version, ops), epoch)
            done = await _ask(request, claims, live, asked, strict=True)
            at = note_position(request, position_of(live, done.version))
    return json_response({"version": done.version, **done.ack}, at=at)


async def patch_document(request: Request) -> Response:
    """Apply a JSON Patch. `?base=` is the version that it was made on; by default the head.

    With `If-Match`, apply the patch only when a tag in this header names the head, or when the
    header is `*`.
    """
    async with permitted(request, Role.EDITOR) as (claims, key):
        ops = await read_patch(request, PATCH_TYPE, JSON)
        base, epoch = whole_number(request, "base"), whole_number(request, "epoch")
        fence, request_id, tags = _fence(request), request_id_of(request), if_match(request)
        async with using(request, key) as live:
            head = position_of(require_exists(live))
            named = None if tags is None else wanted_version(tags, head)
            strict = named is not None
            if named is not None:
                epoch, base = named
            patch = PatchRequest(request_id, base, ops, strict, fence, epoch=epoch)
            done = await _ask(request, claims, live, patch, strict=strict)
            at = note_position(request, position_of(live, done.version))
    return json_response({"version": done.version, **done.ack}, at=at)


async def delete_document(request: Request) -> Response:
    """Delete the document, and notify its connected clients."""
    services = services_of(request)
    async with named_document(request) as (claims, key):
        try:
            async with using(request, key) as live:
                require_whole_document(claims, Role.ADMIN)
                _check_head(request, position_of(require_exists(live)))
                await services.hub.delete(live)
        except Quarantined:
            require_whole_document(claims, Role.ADMIN)
            row = await services.store.row(key)
            if row is None:
                raise not_found() from None
            _check_head(request, note_position(request, Position(row.epoch, row.version)))
            await services.hub.delete_unopened(key)
        await services.share_links.end_all(key)
        services.public_cache.forget(key)
        services.recorder.did(key, member_of(request, claims), "delete")
    return Response(status_code=204)


def _check_head(request: Request, head: Position) -> None:
    """Refuse the request when `If-Match` is present and does not name the head."""
    tags = if_match(request)
    if tags is not None and wanted_version(tags, head) not in (None, head):
        raise head_changed(head)


async def _ask(
    request: Request, claims: Claims, live: LiveRoom, asked: RoomRequest, *, strict: bool = False
) -> Answer:
    """Give a request to the room. A refusal because of `If-Match` or `If-None-Match` gets 412."""
    try:
        return await services_of(request).hub.ask(live, member_of(request, claims), asked)
    except Rejected as rejected:
        refusal = rejected.refusal
        absent = refusal.code is Code.ALREADY_EXISTS and only_if_absent(request)
        if absent or (strict and refusal.code is Code.CONFLICT):
            raise PreconditionFailed(refusal.code, refusal.message, **refusal.extra) from rejected
        raise


# --- reading -------------------------------------------------------------------------------


async def _read_head(request: Request, live: LiveRoom) -> ReadResult:
    """Return the head.

    The result has the change that made the head. Ask the database for this change only when this
    process does not know it.
    """
    at, value = position_of(live), live.room.value
    version = at.version
    change = live.last_change
    if change is None or change.version != version:
        change = await _find_change(services_of(request), live, version)
        live.last_change = change or live.last_change
    return ReadResult(at, value, change)


async def _read_at(request: Request, live: LiveRoom, version: int) -> ReadResult:
    if version == live.room.version:
        return await _read_head(request, live)
    at = position_of(live, version)  # read before the `await`: the room may change meanwhile
    value = await value_at(request, live, version)
    if version == 0:
        return ReadResult(at, value, None)
    change = await find_change(services_of(request).store, live.key, version)
    return ReadResult(at, value, change)


async def _find_change(services: Services, live: LiveRoom, version: int) -> LastChange | None:
    try:
        return await head_change(services.store, live.key, version)
    except StorageUnavailable:  # the client gets the value, but not the author and the time
        return None


def _part(value: Json, tokens: Tokens) -> Json:
    try:
        part: Json = lookup(value, tokens)
    except Rejected as rejected:
        raise Rejected(
            Code.NOT_FOUND, "no value at this JSON Pointer", path=render(tokens)
        ) from rejected
    return part


def _fence(request: Request) -> int | None:
    text = request.headers.get("weft-fence")
    return None if text is None else as_whole_number(text, "Weft-Fence")


def _http_date(ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(ms // 1000, UTC), usegmt=True)


def _header_text(text: str) -> str:
    """Return a user's id as ASCII with escapes: few clients decode the encoding of RFC 8187."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


# --- undo and redo: the user's steps are the same over HTTP and on the lanes ----------------


async def undo(request: Request) -> Response:
    return await _revert(request, redo=False)


async def redo(request: Request) -> Response:
    return await _revert(request, redo=True)


async def _revert(request: Request, *, redo: bool) -> Response:
    hub = services_of(request).hub
    async with permitted(request, Role.EDITOR) as (claims, key):
        body = await read_object(request, optional=True)
        scope, version = body.get("scope", ""), body.get("version")
        parse_named(scope, "scope")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise Rejected(Code.MALFORMED, "`version` must be a whole number")
        asked = UndoRequest(request_id_of(request), scope, redo, version)
        async with using(request, key) as live:
            done = await hub.ask(require_exists(live), member_of(request, claims), asked)
            body = {"version": done.version, **done.ack}
            at = note_position(request, position_of(live, done.version))
            return await document_response(live, body, at=at)


# --- presence -------------------------------------------------------------------------------


async def list_present(request: Request) -> Response:
    """Return the clients that are in the document, on either lane."""
    async with document_of(request) as (_, live):
        elsewhere = await services_of(request).present_elsewhere([require_exists(live).key])
        peers = live.presence.book.present()
        known = {peer.session for peer in peers}
        peers += [one for one in elsewhere.get(live.key, ()) if one.session not in known]
    response = json_response({"items": peers})
    response.headers["Cache-Control"] = "no-store"
    return response
