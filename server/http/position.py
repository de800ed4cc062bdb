"""Which version of which epoch an answer is about: its headers, its entity tag, its `Vary`.

Every answer about a document carries `Weft-Version` and `Weft-Epoch`, refusals included. They name
the version that the answer holds, makes or leads to, and the newest version otherwise.
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
# One list for all answers of an address, whatever its method: caches want them alike.
VARY = "Accept-Encoding, Authorization"


def position_of(live: LiveRoom, version: int | None = None) -> Position:
    """A version of the document, the newest where none is named."""
    room = live.room
    return Position(room.epoch, room.version if version is None else version)


def note_document(request: Request, live: LiveRoom) -> None:
    """The answer will be about this document, whatever becomes of the request."""
    request.state.live = live


def note_position(request: Request, position: Position) -> Position:
    """The answer will be about this version."""
    request.state.position = position
    return position


def note_version(request: Request, version: int) -> None:
    """The answer will be about this version, if its document was found."""
    live: LiveRoom | None = getattr(request.state, "live", None)
    if live is not None:
        note_position(request, position_of(live, version))


class Positioned:
    """ASGI middleware for the addresses of a document: its position, and what answers vary by.

    A refusal that comes before the document is looked up has a position where it is open.
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
    """The document that the token shows under this address, if it happens to be open."""
    asker: tuple[DocKey, str] | None = scope.get("state", {}).get("asker")
    if asker is None:
        return None
    live: LiveRoom | None = scope["app"].state.services.hub.lives.get(asker[0])
    return live
