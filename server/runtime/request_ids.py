"""Ids of requests and connections, for the log lines and for the response to the client."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.runtime.clock import Clock
from server.runtime.logs import bound

HEADER = b"weft-request"
_STARTS = ("http.response.start", "websocket.http.response.start")


class RequestIds:
    """ASGI middleware that gives every request and connection an id for its log lines.

    An HTTP response has the id in `Weft-Request`, so that a user can quote it. This middleware is
    the outermost layer, so that the response to an internal error has the id too.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                connection = self._clock.new_id("c")
                with bound(connection=connection):
                    await self._app(scope, receive, with_request_id(send, connection))
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._clock.new_id("r")
        with bound(request=request):
            await self._app(scope, receive, with_request_id(send, request))


def with_request_id(send: Send, name: str) -> Send:
    """Return a `send` that adds `Weft-Request` to a response or to a refused handshake."""

    async def send_with_id(message: Message) -> None:
        if message["type"] in _STARTS:
            header = (HEADER, name.encode())
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return send_with_id
