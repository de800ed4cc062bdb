"""Who is in a document now."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.http.requests import answer, document_of, existing


async def list_present(request: Request) -> Response:
    """Everybody, on either lane."""
    async with document_of(request) as (_, live):
        peers = existing(live).presence.book.present()
    response = answer({"items": peers})
    response.headers["Cache-Control"] = "no-store"
    return response
