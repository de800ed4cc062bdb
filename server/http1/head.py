"""Reads the head of an HTTP request: its request line and headers, limited in size."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httptools

from server.http1.framing import BadRequest, Body, HeadEnd, Headers, body_of


@dataclass(slots=True)
class Head:
    """The head of one request. `body` is None for a request without a body."""

    method: str
    version: str
    target: bytes
    headers: Headers
    keeps_alive: bool
    upgrade: bytes  # the requested protocol in lower case, or empty
    body: Body | None = None

    @property
    def expects_continue(self) -> bool:
        return any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
        )

    def address(self, root_path: str) -> dict[str, Any]:
        """Return the path and the query for an ASGI scope."""
        try:
            url = httptools.parse_url(self.target)
            path = url.path.decode("ascii")
        except (httptools.HttpParserInvalidURLError, UnicodeDecodeError, AttributeError):
            raise BadRequest("the target of a request must be a path") from None
        return {
            "path": root_path + (urllib.parse.unquote(path) if "%" in path else path),
            "raw_path": root_path.encode("ascii") + url.path,
            "query_string": url.query or b"",
        }


def has_encoded_slash(scope: Mapping[str, Any]) -> bool:
    """Whether the path has a percent-encoded slash, which the decoded path no longer shows.

    `/v1/docs/home%2Fundo` names a document `home/undo`, and no document can have that name. But
    the decoded path is the URL that undoes a change of the document `home`.
    """
    return b"%2f" in scope.get("raw_path", b"").lower()


# In bytes. The longest useful part of a target is a token. Decoding 60 KB of percent-encoded text
# took 60 ms.
MAX_TARGET = 16 * 1024

# RFC 3986, 3.2.2: a name or an IP address, with or without a port. The header may be empty
# (RFC 9112, 3.2).
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(?::[0-9]*)?")


class HeadReader:
    """Reads the heads of a connection, one after the other.

    Invariant: the parser gets the bytes of one head only, so it never decides where a body ends.
    No head has more than `max_size` bytes or `max_headers` headers.
    """

    def __init__(self, max_size: int, max_headers: int) -> None:
        self._max_size = max_size
        self._max_headers = max_headers
        self._parser: Any = httptools.HttpRequestParser(self)
        self.begin()

    def begin(self) -> None:
        """Expect the next head."""
        self._end = HeadEnd(self._max_size)
        self._target = b""
        self._headers: Headers = []
        self._head: Head | None = None

    def feed(self, data: bytes, at: int) -> tuple[Head | None, int]:
        """Read `data` from index `at`. Return the head if it is complete, and the index after."""
        part, at = self._end.feed(data, at)
        try:
            self._parser.feed_data(part)
        except httptools.HttpParserUpgrade:
            pass  # `head.upgrade` has the requested protocol
        except httptools.HttpParserError:
            raise BadRequest("this is not a valid HTTP/1.1 request") from None
        head = self._head
        if (head is not None) != self._end.is_found:
            raise BadRequest("the head of a request must end with an empty line, and only there")
        if head is not None:
            self._finish(head)
        return head, at

    def close(self) -> None:
        """Stop reading. This breaks the reference cycle between the parser and this object."""
        self._parser = None

    def _finish(self, head: Head) -> None:
        if len(head.target) > MAX_TARGET:
            raise BadRequest(f"the target of the request has more than {MAX_TARGET} bytes")
        if len(head.headers) > self._max_headers:
            raise BadRequest(f"the request has more than {self._max_headers} headers")
        _check_host(head)
        head.body = body_of(head.headers, self._max_size)
        if head.body is not None or self._parser.should_upgrade():
            # The old parser now expects a body, or another protocol.
            self._parser = httptools.HttpRequestParser(self)

    # Callbacks of the parser

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Build the head now, because the parser drops some of these values after this callback."""
        parser = self._parser
        version = parser.get_http_version()
        self._head = Head(
            parser.get_method().decode("ascii"),
            version,
            self._target,
            self._headers,
            parser.should_keep_alive() and version != "1.0",
            self._upgrade() if parser.should_upgrade() else b"",
        )

    def _upgrade(self) -> bytes:
        named = [value.lower() for name, value in self._headers if name == b"upgrade"]
        return named[-1] if named else b""


def _check_host(head: Head) -> None:
    """Check the Host header (RFC 9112, 3.2), so that a proxy and this server read the same host."""
    hosts = [value for name, value in head.headers if name == b"host"]
    if not hosts and head.version != "1.0":
        raise BadRequest("an HTTP/1.1 request must have a Host header")
    if len(hosts) > 1:
        raise BadRequest("a request must have only one Host header")
    if hosts and _HOST.fullmatch(hosts[0].strip(b" \t")) is None:
        raise BadRequest("the Host header must be a name or an IP address, with or without a port")
