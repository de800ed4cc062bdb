"""The headers `Weft-Version`, `Weft-Epoch` and `Vary` of every response about a document.

Refusals have these headers too. The headers name the version that the response is about:

- the version that the response shows, or that the request made;
- for a diff, the version at its end;
- otherwise the newest version of the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from server.runtime.encoded import Position

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from collab.ids import DocKey
    from server.documents.live_room import LiveRoom

DOCUMENTS = "/v1/docs/"
# Caches need the same list in every response of one URL, for each method.
VARY = "Accept-Encoding, Authorization"


def position_of(live: LiveRoom, version: int | None = None) -> Position:
    """Return the position of a version of the document, by default of the newest."""
    room = live.room
    return Position(room.epoch, room.version if version is None else version)


def note_document(request: Request, live: LiveRoom) -> None:
    """Note that the response is about this document, even if the request fails."""
    request.state.live = live


def note_position(request: Request, position: Position) -> Position:
    """Note that the response is about this version; return the position."""
    request.state.position = position
    return position


def note_version(request: Request, version: int) -> None:
    """Note that the response is about this version, if its document was found."""
    live: LiveRoom | None = getattr(request.state, "live", None)
    if live is not None:
        note_position(request, position_of(live, version))


class Positioned:
    """ASGI middleware that adds the position headers and `Vary` to responses about documents.

    When the server refuses a request before it opens the document, the response has these headers
    only if this process has the document open already.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(DOCUMENTS):
            await self._app(scope, receive, send)
            return

        async def positioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header(VARY)
                position = _position(scope)
                if position is not None:
                    headers["Weft-Version"] = str(position.version)
                    headers["Weft-Epoch"] = str(position.epoch)
            await send(message)

        await self._app(scope, receive, positioned)


def _position(scope: Scope) -> Position | None:
    state = scope.get("state", {})
    position: Position | None = state.get("position")
    if position is not None:
        return position
    live: LiveRoom | None = state.get("live") or _open_one(scope)
    return position_of(live) if live is not None and live.room.exists else None


def _open_one(scope: Scope) -> LiveRoom | None:
    """Return the request's document, if the token may see it and this process has it open."""
    asker: tuple[DocKey, str] | None = scope.get("state", {}).get("asker")
    if asker is None:
        return None
    live: LiveRoom | None = scope["app"].state.services.hub.lives.get(asker[0])
    return live
