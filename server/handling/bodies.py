"""Reads the bodies of HTTP requests, with limits on size and time, and parses them.

A handler reads a body only after the checks of the token, the role and the user's budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from collab.entry import Op
from collab.errors import UNREADABLE, Code, Rejected
from collab.flow.budget import ByteAndMessageBudget, to_ms
from collab.raw_json import MAX_VALUES, has_at_most_values, has_few_separators, repeated_in_body
from server.handling.requests import JSON, services_of
from server.runtime.worker_threads import LARGE, run_in_thread

BODY_SECONDS = 30.0
# The most bytes of a small body, which has only members such as `scope`, `name` or `version`.
MAX_OBJECT = 16 * 1024
# JSON values of a whole document: the default of `WEFT_MAX_VALUES`. One patch may add only
# `MAX_VALUES`, but many patches can make a larger document. A PUT must be able to replace it.
MAX_VALUES_OF_DOCUMENT = 100_000


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body. Refuse it as soon as its size exceeds `limit` (0: no limit)."""
    body = bytearray()
    async for chunk in body_chunks(request, limit):
        body += chunk
    return bytes(body)


async def body_chunks(
    request: Request, limit: int, within: float = BODY_SECONDS
) -> AsyncIterator[bytes]:
    """Yield the body as it arrives.

    Refuse it when its size exceeds `limit` (0: no limit), or when it takes longer than `within`.
    """
    declared = request.headers.get("content-length", "")
    if limit and declared.isdigit() and (len(declared) > 15 or int(declared) > limit):
        raise _too_large(limit)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Rejected(Code.UNSUPPORTED_MEDIA_TYPE, "send the body without a Content-Encoding")
    whole = 0
    chunks = aiter(request.stream())
    ends_at = asyncio.get_running_loop().time() + within
    while True:
        chunk = await _next_chunk(chunks, ends_at)
        if chunk is None:
            return
        whole += len(chunk)
        _charge(request, len(chunk), whole)
        if limit and whole > limit:
            raise _too_large(limit)
        yield chunk


async def _next_chunk(chunks: AsyncIterator[bytes], ends_at: float) -> bytes | None:
    """Return the next bytes of a body, or None at its end."""
    try:
        async with asyncio.timeout_at(ends_at):
            return await anext(chunks, None)
    except ClientDisconnect as error:
        raise Rejected(
            Code.MALFORMED, "the connection ended before the whole body arrived"
        ) from error
    except TimeoutError as error:
        raise HTTPException(408, "the body took too long to arrive; send it again") from error


def _charge(request: Request, size: int, whole: int) -> None:
    """Charge the user for `size` new bytes of a body, which has `whole` bytes so far.

    A single body costs at most one burst of the budget (`collab.flow.budget`). At its full price,
    an import would lock its author out for minutes. Only several bodies at once can make a debt of
    more than one burst. When the debt exceeds two bursts, refuse the body.
    """
    budget: ByteAndMessageBudget | None = getattr(request.state, "budget", None)
    if budget is None:
        return
    now, burst = services_of(request).clock.monotonic(), budget.allowance.bytes_burst
    budget.bytes.spend(max(0, min(size, burst - (whole - size))), now)
    wait = budget.bytes.wait(now)
    if wait > 2 * budget.fill_time:
        raise Rejected(
            Code.RATE_LIMITED,
            "you send too many large bodies at once; send this one again later",
            retry_after_ms=max(1, to_ms(wait)),
        )


async def read_raw_json(request: Request, *accepted: str, limit: int | None = None) -> bytes:
    """Return the body, whose Content-Type must be one of `accepted`.

    Without `accepted`, the Content-Type may be `application/json` or absent. Without `limit`, the
    body may be as large as a socket's frame.
    """
    _check_media_type(request, accepted or (JSON, ""))
    most = services_of(request).settings.max_frame if limit is None else limit
    return await read_body(request, most)


async def read_patch(request: Request, *accepted: str) -> list[Op]:
    """Return the operations of a JSON Patch. The room checks each operation when it applies it."""
    raw = await read_raw_json(request, *accepted)
    ops = await parse(raw, MAX_VALUES)
    if not isinstance(ops, list):
        raise Rejected(Code.INVALID_PATCH, "a JSON Patch must be an array of operations", path="")
    odd = next((index for index, op in enumerate(ops) if not isinstance(op, dict)), None)
    if odd is not None:
        raise Rejected(Code.INVALID_PATCH, "each operation must be a JSON object", op=odd, path="")
    if len(raw) <= LARGE:
        refusal = repeated_in_body(raw, ops)
    else:
        refusal = await run_in_thread(repeated_in_body, raw, ops)
    if refusal is not None:
        raise Rejected(refusal.code, refusal.message, **refusal.extra)
    return ops


async def read_document(request: Request) -> tuple[Any, int]:
    """Return a whole document, and the size of its JSON in bytes.

    A body may be as large as a stored document, even when a socket frame may not.
    """
    settings = services_of(request).settings
    bounds = (settings.max_frame, settings.max_document)
    raw = await read_raw_json(request, limit=max(bounds) if all(bounds) else 0)
    return await parse(raw, MAX_VALUES_OF_DOCUMENT), len(raw)


async def read_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """Return the body as a JSON object. When `optional` is true, no body means an empty object."""
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
    """Return the JSON value. Refuse a body of more than `most` values before decoding it."""
    if len(body) <= LARGE and has_few_separators(body, most):
        return decode_json(body)
    return await run_in_thread(_parse, body, most)


def _parse(body: bytes, most: int) -> Any:
    if not has_few_separators(body, most) and not has_at_most_values(most, body):
        raise Rejected(Code.TOO_LARGE, f"the body has more than {most} JSON values; send less")
    return decode_json(body)


def decode_json(body: bytes) -> Any:
    """Return the value of the body, or raise `malformed`."""
    try:
        return msgspec.json.decode(body)
    except UNREADABLE as error:
        raise Rejected(Code.MALFORMED, "the body is not valid JSON") from error


def _check_media_type(request: Request, allowed: tuple[str, ...]) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in allowed:
        raise Rejected(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"the Content-Type must be {' or '.join(filter(None, allowed))}",
        )


def _too_large(limit: int) -> Rejected:
    return Rejected(Code.TOO_LARGE, f"the body is larger than {limit} bytes")
