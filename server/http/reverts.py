"""Undo and redo over HTTP: the caller's own stack, the same as on the lanes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from collab.patch.pointer import parse_named
from collab.room.requests import Revert
from collab.room.rights import Role
from server.http.asking import (
    answer_of,
    existing,
    member_of,
    permitted,
    request_id_of,
    services_of,
    using,
)
from server.http.bodies import read_object
from server.http.position import position_of, tell


async def undo(request: Request) -> Response:
    return await _revert(request, redo=False)


async def redo(request: Request) -> Response:
    return await _revert(request, redo=True)


async def _revert(request: Request, *, redo: bool) -> Response:
    hub = services_of(request).hub
    async with permitted(request, Role.EDITOR) as (claims, key):
        scope = (await read_object(request, optional=True)).get("scope", "")
        parse_named(scope, "scope")
        asked = Revert(request_id_of(request), scope, redo)
        async with using(request, key) as live:
            done = await hub.ask(existing(live), member_of(request, claims), asked)
            told = {"version": done.version, **done.ack}
            at = tell(request, position_of(live, done.version))
            return await answer_of(live, told, at=at)
