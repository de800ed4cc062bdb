"""Turns every error of an HTTP request into an `application/problem+json` response."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from collab import wire
from collab.errors import HTTP_STATUS, Code, Refusal, Rejected
from collab.ports.store import Corrupt, StorageUnavailable
from server.handling.position import note_version

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
ACCEPT_PATCH = "application/json-patch+json, application/json"

_CODE_OF_STATUS = {
    400: Code.MALFORMED,
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
}
_SENTENCES = {
    404: "this server has no such address",
    405: "this address does not accept this method; the Allow header lists the methods",
}


class PreconditionFailed(Rejected):
    """A refusal because of `If-Match` or `If-None-Match`, which HTTP answers with 412."""


def refuse(request: Request, refusal: Refusal, *, status: int | None = None) -> Response:
    """Count and record a refusal, and return it as a response. Call this once for each refusal."""
    recorder = request.app.state.services.recorder
    client = request.client
    peer = f"{client.host}:{client.port}" if client else ""
    asker = getattr(request.state, "asker", None)
    recorder.refused_over_http(refusal, peer, asker, request.method)
    version = refusal.extra.get("version")
    # In a `nothing_to_undo`, `version` is the version that the request named. It may not exist.
    if isinstance(version, int) and refusal.code is not Code.NOTHING_TO_UNDO:
        note_version(request, version)
    return problem(refusal, status=status)


def problem(refusal: Refusal, *, status: int | None = None) -> Response:
    """Return a refusal as a response. `status` replaces the usual status of the refusal's code."""
    status = status or HTTP_STATUS[refusal.code]
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": refusal.code,
        "detail": refusal.message,
        "retryable": refusal.retryable,
        **wire.problem(refusal),
    }
    return Response(wire.encode(body), status, _headers(refusal), MEDIA_TYPE)


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = {"X-Content-Type-Options": "nosniff"}
    if refusal.code is Code.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="weft"'
    if refusal.code is Code.UNSUPPORTED_MEDIA_TYPE:
        headers["Accept-Patch"] = ACCEPT_PATCH
    retry_after_ms = refusal.extra.get("retry_after_ms")
    if isinstance(retry_after_ms, int):
        headers["Retry-After"] = str(max(1, -(-retry_after_ms // 1000)))
    elif refusal.code is Code.STORAGE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return headers


async def on_rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    status = 412 if isinstance(error, PreconditionFailed) else None
    return refuse(request, error.refusal, status=status)


async def on_storage_trouble(request: Request, error: Exception) -> Response:
    """Return 503: the database did not answer a read. The commit loop handles failed writes."""
    logger.warning("the database did not answer a request", exc_info=error)
    return refuse(
        request, Refusal(Code.STORAGE_UNAVAILABLE, "the database does not answer; try again")
    )


async def on_corrupt(request: Request, error: Exception) -> Response:
    logger.error("a stored row does not match its checksum", exc_info=error)
    return refuse(
        request,
        Refusal(
            Code.STORAGE_UNAVAILABLE,
            "the document is damaged in the database; an admin can run `weft doc repair`",
        ),
    )


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Return a problem for an error of Starlette: no such route, no such method."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    headers = dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(allowed_methods(request))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={**headers, **_patch_types(request)})
    code = _CODE_OF_STATUS.get(status, Code.MALFORMED)
    refusal = Refusal(code, _SENTENCES.get(status, error.detail))
    response = refuse(request, refusal, status=status)
    response.headers.update(headers)
    return response


def allowed_methods(request: Request) -> list[str]:
    """Return every method of this URL. Starlette would return only those of the first route."""
    methods = {"OPTIONS"}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return sorted(methods)


def _patch_types(request: Request) -> dict[str, str]:
    """Return `Accept-Patch` when this URL allows PATCH (RFC 5789, section 3.1)."""
    return {"Accept-Patch": ACCEPT_PATCH} if "PATCH" in allowed_methods(request) else {}


async def on_failure(request: Request, error: Exception) -> Response:
    """Answer an internal error with 500. The log gets the stack trace, the client does not."""
    logger.error("request failed", exc_info=error)
    body = {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "internal error; the server's log has it under this response's Weft-Request id",
        "retryable": False,
    }
    return Response(wire.encode(body), 500, media_type=MEDIA_TYPE)


HANDLERS: Mapping[Any, Any] = {
    Rejected: on_rejected,
    HTTPException: on_http_exception,
    StorageUnavailable: on_storage_trouble,
    Corrupt: on_corrupt,
    Exception: on_failure,
}
