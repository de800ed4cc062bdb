"""CORS: lets pages of allowed origins call the API and read its answers.

The rules are in the Fetch Standard of WHATWG, section 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from server.access.origins import Origins

METHODS = "GET, PUT, PATCH, POST, DELETE"
# The response headers that pages of other origins may read, beside some basic ones.
EXPOSED = ", ".join(
    (
        "Accept-Patch",
        "ETag",
        "Location",
        "Retry-After",
        "Weft-Epoch",
        "Weft-Request",
        "Weft-Updated-By",
        "Weft-Version",
    )
)
MAX_AGE = "600"
_METHOD = "access-control-request-method"
_HEADERS = "access-control-request-headers"


class Cors:
    """ASGI middleware that adds CORS headers and answers preflight requests.

    - Paths that begin with one of `public` are open to every origin, without `Vary: Origin`.
    - A response that already allows every origin is not changed.
    - Every other response has `Vary: Origin`, also for a request without an Origin. When the
      request's origin is allowed, `Access-Control-Allow-Origin` names it.
    """

    def __init__(self, app: ASGIApp, origins: Origins, public: tuple[str, ...]) -> None:
        self._app = app
        self._origins = origins
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_public = scope["path"].startswith(self._public)
        asked = Headers(scope=scope)
        origin = "" if is_public else asked.get("origin", "")
        if origin and scope["method"] == "OPTIONS" and _METHOD in asked:
            if self._origins.allows_request(scope["headers"]):
                await _preflight(send, origin, asked.get(_HEADERS, ""))
                return
            origin = ""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_public:
                    _open_to_all(headers)
                elif headers.get("Access-Control-Allow-Origin") != "*":
                    self._name(headers, origin, scope)
            await send(message)

        await self._app(scope, receive, with_headers)

    def _name(self, headers: MutableHeaders, origin: str, scope: Scope) -> None:
        headers.add_vary_header("Origin")
        if origin and self._origins.allows_request(scope["headers"]):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = EXPOSED


def _open_to_all(headers: MutableHeaders) -> None:
    """Add CORS headers to a refusal of a public path. Published responses have them already."""
    headers.setdefault("Access-Control-Allow-Origin", "*")
    headers.setdefault("Access-Control-Expose-Headers", EXPOSED)
    headers.setdefault("Vary", "Accept-Encoding")


async def _preflight(send: Send, origin: str, wanted: str) -> None:
    message: Message = {"type": "http.response.start", "status": 200, "headers": []}
    headers = MutableHeaders(scope=message)
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Allow-Methods"] = METHODS
    headers["Access-Control-Allow-Headers"] = wanted or "*"
    headers["Access-Control-Max-Age"] = MAX_AGE
    headers["Vary"] = f"Origin, {_METHOD.title()}, {_HEADERS.title()}"
    headers["Content-Length"] = "0"
    await send(message)
    await send({"type": "http.response.body", "body": b""})
