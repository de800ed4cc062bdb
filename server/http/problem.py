"""Refusals over HTTP: `application/problem+json`, whoever noticed what was wrong."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import HTTP_STATUS, Code, Refusal, Rejected

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_CODE_OF_STATUS = {
    400: Code.MALFORMED,
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
}


class PreconditionFailed(Rejected):
    """The same refusal, noticed by `If-Match`: HTTP calls it 412."""


def problem(refusal: Refusal, *, status: int | None = None) -> Response:
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
    headers = {}
    if refusal.code is Code.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="weft"'
    if refusal.code is Code.UNSUPPORTED_MEDIA_TYPE:
        headers["Accept-Patch"] = "application/json-patch+json"
    retry_after_ms = refusal.extra.get("retry_after_ms")
    if isinstance(retry_after_ms, int):
        headers["Retry-After"] = str(max(1, -(-retry_after_ms // 1000)))
    elif refusal.code is Code.STORAGE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return headers


async def on_rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    status = 412 if isinstance(error, PreconditionFailed) else None
    return problem(error.refusal, status=status)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: no such route, no such method."""
    assert isinstance(error, HTTPException)
    code = _CODE_OF_STATUS.get(error.status_code, Code.MALFORMED)
    response = problem(Refusal(code, error.detail), status=error.status_code)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def on_failure(request: Request, error: Exception) -> Response:
    """Our own fault: logged with its stack, told without."""
    logger.error("request failed", exc_info=error)
    body = {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    return Response(wire.encode(body), 500, media_type=MEDIA_TYPE)
