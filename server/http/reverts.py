"""Undo and redo over HTTP: the caller's own stack, the same as on the lanes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.patch.pointer import parse_named
from collab.rights.user_rights import Role
from collab.room.requests import Revert
from server.documents.position import position_of, tell
from server.http.bodies import read_object
from server.http.requests import (
    answer_of,
    existing,
    member_of,
    permitted,
    request_id_of,
    services_of,
    using,
)


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
            raise Rejected(Code.MALFORMED, "`version` must be a version")
        asked = Revert(request_id_of(request), scope, redo, version)
        async with using(request, key) as live:
            done = await hub.ask(existing(live), member_of(request, claims), asked)
            told = {"version": done.version, **done.ack}
            at = tell(request, position_of(live, done.version))
            return await answer_of(live, told, at=at)
