"""The ASGI application: Starlette, with the cache of public responses in front of its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from collab.errors import Code
from server.access.cors import Cors
from server.http1.head import has_encoded_slash
from server.publishing.public_request import PAGES, VALUES, Headers, coding_of, parse_request
from server.publishing.public_response import PublicResponse
from server.runtime.request_ids import HEADER, RequestIds, with_request_id

if TYPE_CHECKING:
    from server.access.origins import Origins
    from server.runtime.clock import Clock

_PREFIXES = (PAGES.encode(), VALUES.encode())
# A request with one of these headers needs a normal response: the header changes the response, or
# the request has a body.
_NOT_AT_ONCE = frozenset({b"content-length", b"transfer-encoding", b"expect", b"range"})
# A browser sends a preflight before a request with `If-None-Match` to another origin.
_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"GET, HEAD, OPTIONS"),
]


class FastPathApp(Starlette):
    """Starlette, with a fast path for public responses.

    A cached response is sent at once. A cache miss goes through the middleware and the routes,
    which fill the cache.
    """

    def __init__(self, clock: Clock, origins: Origins, **starlette: Any) -> None:
        super().__init__(**starlette)
        self.origins = origins
        self._clock = clock

    def build_middleware_stack(self) -> ASGIApp:
        """Return the middleware. CORS and request ids also apply to Starlette's error responses."""
        app = Cors(super().build_middleware_stack(), self.origins, (PAGES, VALUES))
        return RequestIds(app, self._clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_public = scope["type"] == "http" and scope["path"].startswith((PAGES, VALUES))
        if not is_public or has_encoded_slash(scope):
            await super().__call__(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            send = with_request_id(send, self._clock.new_id("r"))
            await _send(send, 204, _PREFLIGHT, b"")
            return
        path, query = scope["path"], scope["query_string"]
        cached = None
        if scope["method"] in ("GET", "HEAD"):
            cached = self._cached(path, query, scope["headers"])
        if cached is None:
            await super().__call__(scope, receive, send)
            return
        found, is_known = cached
        send = with_request_id(send, self._clock.new_id("r"))
        if is_known:
            await _send(send, 304, found.unchanged, b"")
        else:
            await _send(send, 200, found.headers, found.body)

    def immediate_response(self, target: bytes, headers: Headers) -> tuple[bytes, bytes] | None:
        """Return the head and the body of a cached response to a GET; None on a cache miss.

        The HTTP connection calls this, and adds its default headers.
        """
        if not target.startswith(_PREFIXES) or b"%" in target:
            return None
        if any(name in _NOT_AT_ONCE for name, _ in headers):
            return None
        path, _, query = target.partition(b"?")
        cached = self._cached(path.decode("latin-1"), query, headers)
        if cached is None:
            return None
        found, is_known = cached
        name = b"%s: %s\r\n" % (HEADER, self._clock.new_id("r").encode())
        return (found.same + name, b"") if is_known else (found.whole + name, found.body)

    def on_refused(self, code: Code) -> str:
        """Count a refusal of bytes that are not a request; return a request id for its response."""
        self.state.services.recorder.metrics.refuse("http", code)
        return self._clock.new_id("r")

    def _cached(
        self, path: str, query: bytes, headers: Headers
    ) -> tuple[PublicResponse, bool] | None:
        """Return the cached response, and whether the client has it already; None on a miss."""
        asked = parse_request(path, query)
        if asked is None:
            return None
        coding, known = coding_of(headers)
        found: PublicResponse | None = self.state.services.public_cache.cached(asked, coding)
        return None if found is None else (found, found.is_known(known))


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
