"""The application, with what is public in front: most readers need neither routes nor a room."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from server.published import PAGES, VALUES, Headers, Published, asked_for, coding_of, is_known

# A browser asks before it sends `If-None-Match` from another origin.
_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"GET, HEAD, OPTIONS"),
]


class Front(Starlette):
    """Starlette, but for public answers that are at hand: those leave as they are.

    What is not at hand goes the usual way, through middleware and routes, and is at hand then.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith((PAGES, VALUES)):
            await super().__call__(scope, receive, send)
            return
        method = scope["method"]
        if method == "OPTIONS":
            await _send(send, 204, _PREFLIGHT, b"")
            return
        asked = asked_for(scope) if method in ("GET", "HEAD") else None
        if asked is not None:
            coding, known = coding_of(scope)
            published: Published = self.state.services.published
            found = published.at_hand(asked, coding)
            if found is not None and is_known(found, known):
                await _send(send, 304, found.unchanged, b"")
                return
            if found is not None:
                await _send(send, 200, found.headers, found.body)
                return
        await super().__call__(scope, receive, send)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
