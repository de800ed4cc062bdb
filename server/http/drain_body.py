"""What is left of a request's body when it is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 3.0
MOST = 16 << 20


class Unread:
    """Takes in and forgets what a client is still sending before it hears that it is refused.

    One that is cut off in the middle of its body finds a broken pipe, not the answer. Whoever
    asks first whether to send the body (`Expect`) is told that it need not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(name == b"expect" for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        whole = False

        async def hear() -> Message:
            nonlocal whole
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        async def tell(message: Message) -> None:
            refused = message["type"] == "http.response.start" and message["status"] >= 400
            if refused and not whole:
                await _forget(hear)
            await send(message)

        await self._app(scope, hear, tell)


async def _forget(hear: Receive) -> None:
    """The rest of a body, up to a bound."""
    passed, more = 0, True
    try:
        async with asyncio.timeout(SECONDS):
            while more and passed <= MOST:
                message = await hear()
                passed += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        return
