"""Undo and redo over HTTP: the caller's own stack, the same as on the lanes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.room.requests import Revert
from collab.room.rights import Role, is_pointer
from server.http.asking import (
    answer,
    document_of,
    existing,
    member_of,
    read_object,
    request_id_of,
    require_role,
    services_of,
)


async def undo(request: Request) -> Response:
    return await _revert(request, redo=False)


async def redo(request: Request) -> Response:
    return await _revert(request, redo=True)


async def _revert(request: Request, *, redo: bool) -> Response:
    async with document_of(request) as (claims, live):
        scope = (await read_object(request, optional=True)).get("scope", "")
        if not isinstance(scope, str) or not is_pointer(scope):
            raise Rejected(Code.MALFORMED, "`scope` must be a JSON Pointer")
        require_role(claims, Role.EDITOR)
        asked = Revert(request_id_of(request), scope, redo)
        hub = services_of(request).hub
        done = await hub.ask(existing(live), member_of(request, claims), asked)
    return answer({"version": done.version, **done.ack}, version=done.version)
