"""Requests over HTTP: every failure is a typed error, and the token goes to one server only."""

from __future__ import annotations

import asyncio
import io
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import weft
from weft.http import Http, _add_body


@asynccontextmanager
async def answering(raw: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Yield the address of a server that answers so, and the heads that it has got."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(raw)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", heads


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
        b"SSH-2.0-server\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 9\r\n\r\n",
    ],
)
async def test_an_answer_that_is_cut_or_no_json_is_a_typed_error(raw: bytes) -> None:
    async with answering(raw) as (url, _):
        with pytest.raises(weft.UnreachableError, match="check the address"):
            await Http(url, "t").ask("GET", "/v1/docs")


async def test_a_redirect_is_not_followed_with_the_token() -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    async with answering(ok) as (other, heads):
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {other}/v1/docs\r\nContent-Length: 0\r\n\r\n"
        async with answering(moved.encode()) as (url, _):
            with pytest.raises(weft.UnreachableError, match="answered 307"):
                await Http(url, "t").ask("GET", "/v1/docs")
        assert heads == []


async def test_the_name_of_the_program_is_sent_as_utf_8() -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    async with answering(ok) as (url, heads):
        assert await Http(url, "t", "schön 日本").ask("GET", "/v1/docs") == {}
    assert "\r\nWeft-client: schön 日本\r\n".lower().encode() in heads[0].lower()


def test_a_file_is_sent_in_blocks_each_with_its_own_time_limit() -> None:
    request = urllib.request.Request("http://127.0.0.1/v1/assets", method="POST")
    _add_body(request, None, bytes(100_000))
    assert request.get_header("Content-length") == "100000"
    assert isinstance(request.data, io.BytesIO)  # `http.client` sends bytes in one call
