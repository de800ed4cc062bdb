"""Bodies: their values are limited and checked before decoding; so are their bytes and time."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from collab.errors import Code, Rejected
from server.handling.bodies import body_chunks, parse, read_body


@pytest.mark.parametrize(
    "value",
    [
        [0] * 50,
        {f"k{n}": "v, [ {" for n in range(49)},
        ["a, b" * 5000],
        {'"\\': ['"', "\\", '\\"', ",,,,", "[[[[" * 30]},
        "",
        [[[[]]]] * 12,
    ],
)
async def test_commas_inside_strings_do_not_count_as_values(
    value: object,
) -> None:
    assert await parse(msgspec.json.encode(value), 50) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 51 + b"0]",
        b"[" + b'"",' * 51 + b"0]",
        b"{" + b'"a":{},' * 51,
        b"[" * 52,
        b'"' * 5000 + b"," * 60,
    ],
)
async def test_a_body_with_too_many_values_is_refused_before_decoding(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        await parse(body, 50)
    assert caught.value.refusal.code is Code.TOO_LARGE


@pytest.mark.thorough
@pytest.mark.parametrize("end", [b"", b"\\", b'"', b'\\"'])
async def test_an_unterminated_string_is_scanned_once(end: bytes) -> None:
    """A search that starts again at each quote would take hours."""
    with pytest.raises(Rejected) as caught:
        await parse(b'["' + b'\\",' * 1_000_000 + end, 50)
    assert caught.value.refusal.code is Code.MALFORMED


# --- bytes and time -------------------------------------------------------------------------


def request(*chunks: bytes, ends: bool = True, **headers: str) -> Request:
    """Return a request whose body arrives in these chunks. Without `ends`, more never comes."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        if not ends:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": given, "state": {}}, receive)


async def test_a_body_is_yielded_as_it_arrives() -> None:
    found = [chunk async for chunk in body_chunks(request(b"ab", b"c"), 10)]
    assert b"".join(found) == await read_body(request(b"ab", b"c"), 10) == b"abc"


@pytest.mark.parametrize("ends", [True, False])
async def test_a_body_above_the_limit_is_refused_at_once(ends: bool) -> None:
    with pytest.raises(Rejected) as caught:
        await read_body(request(b"abc", b"defg", ends=ends), 6)
    assert caught.value.refusal.code is Code.TOO_LARGE
    assert await read_body(request(b"abc", b"def"), 6) == b"abcdef"


async def test_a_slow_body_is_refused_when_its_time_is_over() -> None:
    slow = request(b"abc", ends=False)
    with pytest.raises(HTTPException) as caught:
        async for _ in body_chunks(slow, 10, within=0.001):
            pass
    assert caught.value.status_code == 408
