"""The ends of a request's head, body and trailers are found, however the bytes are split."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from server.http1.framing import MAX_CHUNK_LINE, BadRequest, Body, ChunkedBody, HeadEnd, body_of


def heads(data: bytes, cuts: list[int], most: int = 1000) -> tuple[bytes, int]:
    """Read a head in these parts. Return its bytes, and where it ends."""
    end, found = HeadEnd(most), b""
    edges = [0, *sorted(cuts), len(data)]
    for start, upto in pairwise(edges):
        part, at = end.feed(data[start:upto], 0)
        found += part
        if end.is_found:
            return found, start + at
    return found, -1


def content(body: Body, data: bytes, size: int) -> tuple[bytes, bytes]:
    """Read a body in parts of `size` bytes. Return its content, and the bytes after it."""
    found = b""
    for start in range(0, len(data), size):
        part, at = data[start : start + size], 0
        while at < len(part) and not body.is_whole:
            piece, at = body.feed(part, at)
            found += piece
        if body.is_whole:
            return found, data[start + at :]
    return found, b""


def test_a_head_ends_at_its_empty_line_in_any_reads() -> None:
    chance = random.Random(1)
    head = b"GET / HTTP/1.1\r\nA: b\r\n\r\n"
    data = b"\r\n" + head + b"GET /next HTTP/1.1\r\n\r\n"
    for _ in range(300):
        cuts = [chance.randrange(len(data)) for _ in range(chance.randrange(6))]
        assert heads(data, cuts) == (head, 2 + len(head))


@pytest.mark.parametrize("data", [b"a" * 41, b"a" * 30 + b"\r\n\r\n", b"\r\n" * 21])
def test_a_head_over_the_limit_is_refused_even_in_one_read(data: bytes) -> None:
    with pytest.raises(BadRequest, match="more than 33 bytes"):
        HeadEnd(33).feed(data, 0)


def test_a_head_of_exactly_the_limit_is_accepted() -> None:
    assert HeadEnd(34).feed(b"a" * 30 + b"\r\n\r\nmore", 0) == (b"a" * 30 + b"\r\n\r\n", 34)


CHUNKED = b"5;ext=1\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\nZ: \r\n\r\n"


@pytest.mark.parametrize("size", range(1, len(CHUNKED) + 8))
def test_a_chunked_body_is_the_same_in_any_reads(size: int) -> None:
    assert content(ChunkedBody(100), CHUNKED + b"GET /", size) == (b"hello!", b"GET /")


def test_a_body_ends_after_content_length_bytes() -> None:
    body = body_of([(b"content-length", b"5")], 100)
    assert body is not None
    assert content(body, b"hello more", 3) == (b"hello", b" more")
    assert body_of([(b"content-length", b"0")], 100) is None
    assert body_of([], 100) is None


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("line", [b"X: " + b"a" * 90, b"a:b\r\n" * 30])
def test_trailers_over_the_limit_are_refused(line: bytes, size: int) -> None:
    with pytest.raises(BadRequest, match="trailers"):
        content(ChunkedBody(80), b"0\r\n" + line, size)


def test_long_trailers_are_not_kept_in_memory() -> None:
    body = ChunkedBody(1 << 20)
    body.feed(b"0\r\n", 0)
    for _ in range(100):
        body.feed(b"a" * 1000, 0)
    assert body.in_trailers
    assert len(body._line) <= 2


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\n",
        b"5 5\r\n",
        b"5\nhello\r\n",
        b"5;a\rb\r\n",
        b"f" * 16 + b"\r\n",
        b"1\r\nab\r\n",
        b"5;" + b"e" * MAX_CHUNK_LINE + b"\r\n",
        b"5;" + b"e" * MAX_CHUNK_LINE,
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_an_invalid_chunk_is_refused(data: bytes, size: int) -> None:
    with pytest.raises(BadRequest):
        content(ChunkedBody(100), data, size)


def test_one_call_reads_a_limited_number_of_chunks() -> None:
    """With one byte in each chunk, the rest waits, so that other connections run."""
    data = b"1\r\na\r\n" * 5000
    body = ChunkedBody(100)
    piece, at = body.feed(data, 0)
    assert 100 < len(piece) < 1000
    assert at < len(data) // 4


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"identity", b"chunked, chunked"])
def test_another_transfer_coding_is_refused(coding: bytes) -> None:
    with pytest.raises(BadRequest, match="chunked"):
        body_of([(b"transfer-encoding", coding)], 100)
