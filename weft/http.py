"""Requests over HTTP: history, publishing and the list of documents.

The standard library waits for a response in a worker thread.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import msgspec

from weft.address import Token, fetch
from weft.errors import Refusal, TokenRefusedError, UnreachableError

SECONDS = 30.0


class Http:
    """Sends the requests of one program to one server."""

    def __init__(self, server: str, token: Token, client: str = "") -> None:
        self._server = server
        self._token = token
        self._client = client

    async def ask(
        self, method: str, path: str, body: Any = None, *, absent: bool = False, **query: Any
    ) -> Any:
        """Return the body of the response, or raise a typed error.

        With `absent`, a `PUT` creates and never replaces.
        """
        given = {name: value for name, value in query.items() if value is not None}
        url = f"{self._server}{path}" + (f"?{urlencode(given)}" if given else "")
        data = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(url, data, method=method)
        request.add_header("Authorization", f"Bearer {await fetch(self._token)}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if absent:
            request.add_header("If-None-Match", "*")
        if self._client:
            request.add_header("Weft-Client", self._client)
        return await asyncio.to_thread(_send, request, self._server)


def _send(request: urllib.request.Request, server: str) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            raw = response.read()
    except urllib.error.HTTPError as refused:
        with refused:
            raise _error(refused.code, refused.read(), server) from None
    except OSError as error:
        raise UnreachableError(unreachable(server, error)) from error
    return msgspec.json.decode(raw) if raw else None


def unreachable(server: str, error: BaseException) -> str:
    """Return a sentence for a server that does not answer."""
    return f"no server answers at {server} ({error}): check the address, and that the server runs"


def _error(status: int, raw: bytes, server: str) -> Exception:
    try:
        problem = msgspec.json.decode(raw)
        code, detail = problem["code"], problem["detail"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return UnreachableError(
            f"{server} answered {status}, but it is no Weft server: check the address"
        )
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
    )
