"""Reading heads: valid requests, and bytes that are no request."""

from __future__ import annotations

import pytest

from server.http1.framing import BadRequest, ChunkedBody, LengthBody
from server.http1.head import MAX_TARGET, Head, HeadReader


def read(data: bytes, max_size: int = 1000, max_headers: int = 5) -> Head:
    head, at = HeadReader(max_size, max_headers).feed(data, 0)
    assert head is not None
    assert at == len(data)
    return head


def test_a_head_has_method_target_and_headers() -> None:
    head = read(b"GET /v1/docs/a%20b?x=1 HTTP/1.1\r\nHost: w\r\nX-Y: Z\r\n\r\n")
    assert (head.method, head.version, head.keeps_alive) == ("GET", "1.1", True)
    assert head.headers == [(b"host", b"w"), (b"x-y", b"Z")]
    assert head.address("/weft") == {
        "path": "/weft/v1/docs/a b",
        "raw_path": b"/weft/v1/docs/a%20b",
        "query_string": b"x=1",
    }
    assert (head.body, head.upgrade, head.expects_continue) == (None, b"", False)


@pytest.mark.parametrize(
    ("lines", "keeps"),
    [
        (b"HTTP/1.1\r\nHost: w\r\n", True),
        (b"HTTP/1.1\r\nHost: w\r\nConnection: close\r\n", False),
        (b"HTTP/1.0\r\n", False),
        (b"HTTP/1.0\r\nConnection: keep-alive\r\n", False),
    ],
)
def test_a_head_says_whether_the_connection_stays_open(lines: bytes, keeps: bool) -> None:
    assert read(b"GET / " + lines + b"\r\n").keeps_alive is keeps


def test_a_head_has_the_framing_of_its_body() -> None:
    post = b"POST / HTTP/1.1\r\nHost: w\r\n"
    assert type(read(post + b"Content-Length: 7\r\n\r\n").body) is LengthBody
    assert type(read(post + b"Transfer-Encoding: chunked\r\n\r\n").body) is ChunkedBody
    assert read(post + b"Content-Length: 0\r\n\r\n").body is None
    assert read(post + b"Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n").expects_continue


def test_one_reader_reads_many_heads() -> None:
    reader = HeadReader(1000, 5)
    asked = (b"Content-Length: 3\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"", b"")
    for number, lines in enumerate(asked):
        head, _ = reader.feed(b"PUT /%d HTTP/1.1\r\nHost: w\r\n%s\r\n" % (number, lines), 0)
        assert head is not None
        assert head.target == b"/%d" % number
        reader.begin()


@pytest.mark.parametrize(
    "lines",
    [
        b"HTTP/1.1\r\nHost: w\r\n",
        b"HTTP/1.1\r\nhOST:w:8080\r\n",
        b"HTTP/1.1\r\nHost: [::1]:8080 \r\n",
        b"HTTP/1.1\r\nHost:\r\n",
        b"HTTP/1.0\r\nHost: my_app.example\r\n",
        b"HTTP/1.0\r\n",
    ],
)
def test_a_valid_host_header_is_accepted(lines: bytes) -> None:
    assert read(b"GET / " + lines + b"\r\n").method == "GET"


@pytest.mark.parametrize(
    "lines",
    [
        b"HTTP/1.1\r\n",
        b"HTTP/1.1\r\nX-Host: w\r\n",
        b"HTTP/1.1\r\nHost: w\r\nHost: w\r\n",
        b"HTTP/1.1\r\nHost: w\r\nA: b\r\nHOST: x\r\n",
        b"HTTP/1.0\r\nHost: w\r\nHost: x\r\n",
        b"HTTP/1.1\r\nHost: w, x\r\n",
        b"HTTP/1.1\r\nHost: http://w\r\n",
        b"HTTP/1.1\r\nHost: user@w\r\n",
        b"HTTP/1.1\r\nHost: w:x\r\n",
        b"HTTP/1.1\r\nHost: \xc3\xa9\r\n",
    ],
)
def test_a_request_without_a_host_or_with_two_is_refused(lines: bytes) -> None:
    with pytest.raises(BadRequest, match="Host"):
        read(b"GET / " + lines + b"\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"GET / HTTP/1.1\nHost: w\n\n",
        b"GET / HTTP/1.1\r\nHost: w\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nA: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\nA: b\x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: +3\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: w\r\n" + b"a: b\r\n" * 6 + b"\r\n",
    ],
)
def test_bytes_that_are_no_request_are_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read(data)


@pytest.mark.parametrize("target", [b"example.com:80", b"http://[", b"/\xc3\xa9"])
def test_a_target_that_is_not_a_path_is_refused(target: bytes) -> None:
    method = b"CONNECT" if target.endswith(b":80") else b"OPTIONS"
    with pytest.raises(BadRequest):
        read(method + b" " + target + b" HTTP/1.1\r\nHost: w\r\n\r\n").address("")


def test_a_target_may_hold_a_token_but_not_more() -> None:
    longest = b"/" + b"a" * (MAX_TARGET - 1)
    assert (
        read(b"GET " + longest + b" HTTP/1.1\r\nHost: w\r\n\r\n", MAX_TARGET + 100).target
        == longest
    )
    with pytest.raises(BadRequest, match="target"):
        read(b"GET " + longest + b"a HTTP/1.1\r\nHost: w\r\n\r\n", MAX_TARGET + 100)
