"""The bodies of HTTP requests: read within their bounds, and only then parsed.

A handler reads a body after it knows who sends it, that they may, and that their budget allows it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from collab.entry import Op
from collab.errors import UNREADABLE, Code, Rejected
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.raw_json import MAX_VALUES, has_at_most_values, has_few_separators, repeated_in_body
from server.http.requests import JSON, services_of
from server.runtime.worker_threads import LARGE, run_in_thread

BODY_SECONDS = 30.0
# An object that says what to do: a scope, a name, a version.
MAX_OBJECT = 16 * 1024
# A document that is replaced may have grown beyond what one patch can add.
MAX_VALUES_OF_DOCUMENT = 100_000


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if limit and declared.isdigit() and (len(declared) > 15 or int(declared) > limit):
        raise _too_large(limit)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Rejected(Code.UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                _charge(request, len(chunk), len(body))
                if limit and len(body) > limit:
                    raise _too_large(limit)
    except ClientDisconnect as error:
        raise Rejected(Code.MALFORMED, "the body ended early") from error
    except TimeoutError as error:
        raise HTTPException(408, "the body took too long") from error
    return bytes(body)


def _charge(request: Request, size: int, whole: int) -> None:
    """Pay for a body as it comes, `whole` so far, and let no crowd of them in on one budget.

    What an import weighs beyond a whole burst would shut its author out for minutes. So a body
    alone makes a debt of one burst at most; more is of several at once.
    """
    budget: ByteAndMessageBudget | None = getattr(request.state, "budget", None)
    if budget is None:
        return
    now, burst = services_of(request).clock.monotonic(), budget.allowance.bytes_burst
    budget.bytes.spend(max(0, min(size, burst - (whole - size))), now)
    wait = budget.bytes.wait(now)
    if wait > 2 * budget.fill_time:
        raise Rejected(
            Code.RATE_LIMITED, "too many bodies at once", retry_after_ms=max(1, to_ms(wait))
        )


async def read_raw_json(request: Request, *accepted: str, limit: int | None = None) -> bytes:
    """The body, said to be JSON; `accepted` media types, by default JSON's or none said."""
    _check_media_type(request, accepted or (JSON, ""))
    most = services_of(request).settings.max_frame if limit is None else limit
    return await read_body(request, most)


async def read_patch(request: Request, *accepted: str) -> list[Op]:
    """The operations of a JSON Patch; what they do is checked where they are applied."""
    raw = await read_raw_json(request, *accepted)
    ops = await parse(raw, MAX_VALUES)
    if not isinstance(ops, list):
        raise Rejected(Code.INVALID_PATCH, "a patch is an array of operations", path="")
    odd = next((index for index, op in enumerate(ops) if not isinstance(op, dict)), None)
    if odd is not None:
        raise Rejected(Code.INVALID_PATCH, "an operation is an object", op=odd, path="")
    if len(raw) <= LARGE:
        refusal = repeated_in_body(raw, ops)
    else:
        refusal = await run_in_thread(repeated_in_body, raw, ops)
    if refusal is not None:
        raise Rejected(refusal.code, refusal.message, **refusal.extra)
    return ops


async def read_document(request: Request) -> tuple[Any, int]:
    """A whole document and its size: what may be kept may be sent, though a frame holds less."""
    settings = services_of(request).settings
    bounds = (settings.max_frame, settings.max_document)
    raw = await read_raw_json(request, limit=max(bounds) if all(bounds) else 0)
    return await parse(raw, MAX_VALUES_OF_DOCUMENT), len(raw)


async def read_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """The body as a JSON object; where it is `optional`, none at all is an empty one."""
    if not optional:
        _check_media_type(request, (JSON, ""))
    body = await read_body(request, MAX_OBJECT)
    if optional and not body.strip():
        return {}
    _check_media_type(request, (JSON, ""))
    value = decode_json(body)
    if not isinstance(value, dict):
        raise Rejected(Code.MALFORMED, "the body must be a JSON object")
    return value


async def parse(body: bytes, most: int) -> Any:
    """The JSON value; one of more than `most` values is refused before it is made."""
    if len(body) <= LARGE and has_few_separators(body, most):
        return decode_json(body)
    return await run_in_thread(_parse, body, most)


def _parse(body: bytes, most: int) -> Any:
    if not has_few_separators(body, most) and not has_at_most_values(most, body):
        raise Rejected(Code.TOO_LARGE, f"the body holds more than {most} values")
    return decode_json(body)


def decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UNREADABLE as error:
        raise Rejected(Code.MALFORMED, "the body is not JSON") from error


def _check_media_type(request: Request, allowed: tuple[str, ...]) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in allowed:
        raise Rejected(
            Code.UNSUPPORTED_MEDIA_TYPE, f"the body must be {' or '.join(filter(None, allowed))}"
        )


def _too_large(limit: int) -> Rejected:
    return Rejected(Code.TOO_LARGE, f"a request body has at most {limit} bytes")
