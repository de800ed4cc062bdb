"""Requests over HTTP: history, publishing and the list of documents.

The standard library waits for a response in a worker thread.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import msgspec

from weft.address import Token, fetch
from weft.errors import Refusal, TokenRefusedError, UnreachableError, WeftError

SECONDS = 30.0


class Http:
    """Sends the requests of one program to one server."""

    def __init__(self, server: str, token: Token, client: str = "") -> None:
        self._server = server
        self._token = token
        self._client = client

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        absent: bool = False,
        **query: Any,
    ) -> Any:
        """Return the body of the response, or raise a typed error.

        `body` is sent as JSON, and `raw` as it is. With `absent`, a `PUT` creates and never
        replaces.
        """
        given = {name: value for name, value in query.items() if value is not None}
        url = f"{self._server}{path}" + (f"?{urlencode(given)}" if given else "")
        request = urllib.request.Request(url, method=method)
        _add_body(request, body, raw)
        request.add_header("Authorization", f"Bearer {await fetch(self._token)}")
        if absent:
            request.add_header("If-None-Match", "*")
        if self._client:
            # The header is UTF-8. The standard library writes one byte for each character.
            request.add_header("Weft-Client", self._client.encode().decode("latin-1"))
        return await asyncio.to_thread(_send, request, self._server)


def _add_body(request: urllib.request.Request, body: Any, raw: bytes | None) -> None:
    if raw is not None:
        # For a file, the time limit holds for each block. Bytes are one block.
        request.data = io.BytesIO(raw)
        request.add_header("Content-Length", str(len(raw)))
        request.add_header("Content-Type", "application/octet-stream")
    elif body is not None:
        request.data = msgspec.json.encode(body)
        request.add_header("Content-Type", "application/json")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would send the token to another server, and a `POST` as a `GET`."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def _send(request: urllib.request.Request, server: str) -> Any:
    try:
        status, raw = _exchange(request)
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(unreachable(server, error)) from error
    if status >= 300:
        raise _error(status, raw, server)
    try:
        return msgspec.json.decode(raw) if raw else None
    except msgspec.MsgspecError:
        raise _wrong_server(status, server) from None


def _exchange(request: urllib.request.Request) -> tuple[int, bytes]:
    """Return the status and the body of the answer, also of a refusal."""
    try:
        with _OPENER.open(request, timeout=SECONDS) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def unreachable(server: str, error: BaseException) -> str:
    """Return a sentence for a server that does not answer."""
    return f"no server answers at {server} ({error}): check the address, and that the server runs"


def _wrong_server(status: int, server: str) -> WeftError:
    return UnreachableError(
        f"{server} answered {status}, but it is no Weft server: check the address"
    )


def _error(status: int, raw: bytes, server: str) -> Exception:
    try:
        problem = msgspec.json.decode(raw)
        code, detail = problem["code"], problem["detail"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return _wrong_server(status, server)
    if code == "unauthenticated":
        return TokenRefusedError(f"{detail}: get a new token")
    lock = problem.get("lock") or {}
    return Refusal(
        code,
        detail,
        path=problem.get("path"),
        by=problem.get("removed_by") or lock.get("holder"),
        version=problem.get("version"),
        lock=problem.get("lock"),
        uses=problem.get("uses"),
    )
