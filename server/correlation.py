"""Correlation: an id for every request and connection, on its log lines and in its answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.clock import Clock
from server.logs import bound


class Correlated:
    """ASGI middleware: gives every request and connection an id, which its lines carry.

    An HTTP answer tells it as `Weft-Request`, so that a user can quote it.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                with bound(connection=self._clock.new_id("c")):
                    await self._app(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._clock.new_id("r")

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"weft-request", request.encode())
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        with bound(request=request):
            await self._app(scope, receive, tell)
