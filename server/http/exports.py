"""Exports over HTTP: the server reads the database only as fast as the client reads the response.

`server.archives.export` makes the archive.
"""

from __future__ import annotations

from contextlib import ExitStack, aclosing
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from collab.ports.store import Corrupt
from collab.rights.user_rights import Role
from server.archives.export import Export, Head, export, export_damaged
from server.handling.position import note_position
from server.handling.requests import (
    JSON,
    json_response,
    member_of,
    named_document,
    require_exists,
    require_role,
    services_of,
    using,
)
from server.loading.room_loader import Quarantined
from server.runtime.encoded import Position

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class ExportResponse(Response):
    """The response of an export. It sends the archive in parts.

    Invariant: between two parts, memory holds only the bytes that the client has not read yet.
    When an export fails midway, the response has no last chunk. So the client sees that the
    archive is incomplete.
    """

    def __init__(self, whole: Export, running: ExitStack) -> None:
        super().__init__(media_type=JSON)
        del self.headers["content-length"]
        self._whole = whole
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        with self._running:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            if scope["method"] != "HEAD":
                async with aclosing(self._whole.parts()) as parts:
                    async for part in parts:
                        if await request.is_disconnected():
                            return
                        body = {"type": "http.response.body", "body": part, "more_body": True}
                        await send(body)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def export_document(request: Request) -> Response:
    """Return the document with its history as one JSON object.

    When the document is damaged, return the parts that can be read.
    """
    response: Response
    async with named_document(request) as (claims, key):
        services = services_of(request)
        now = services.clock.now_ms()
        with ExitStack() as stack:
            stack.enter_context(services.exports.running(key.tenant, claims.user))
            try:
                async with using(request, key) as live:
                    room = require_exists(live).room
                    require_role(claims, Role.EDITOR)
                    schema = room.control.schema
                    head = Head(room.epoch, room.version, room.value, schema)
                    note_position(request, Position(head.epoch, head.version))
                    whole = await export(services.store, key, head, now)
                response = ExportResponse(whole, stack.pop_all())
            except (Quarantined, Corrupt):
                require_role(claims, Role.EDITOR)
                async with services.exports.salvaging:
                    archive = await export_damaged(services.store, key, now)
                note_position(request, Position(archive.epoch, archive.version))
                response = json_response(archive)
        services.recorder.did(key, member_of(request, claims), "export")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = f'attachment; filename="{key.doc}.weft.json"'
    return response
