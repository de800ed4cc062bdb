"""Correlation: an id for every request and connection, on its log lines and in its answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.runtime.clock import Clock
from server.runtime.logs import bound

HEADER = b"weft-request"
_STARTS = ("http.response.start", "websocket.http.response.start")


class Correlated:
    """ASGI middleware: gives every request and connection an id, which its lines carry.

    An HTTP answer tells it as `Weft-Request`, so that a user can quote it. It is the outermost
    layer, so that an answer to a failure of ours tells it too.
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
                    await self._app(scope, receive, telling(send, connection))
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._clock.new_id("r")
        with bound(request=request):
            await self._app(scope, receive, telling(send, request))


def telling(send: Send, name: str) -> Send:
    """Sends answers with this id in `Weft-Request`: of a request, or of a refused handshake."""

    async def tell(message: Message) -> None:
        if message["type"] in _STARTS:
            header = (HEADER, name.encode())
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return tell
