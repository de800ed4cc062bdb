"""The head of an HTTP request: from bytes to what it asks for, bounded in size."""

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
    """One request's head; `body` is None for a request without one."""

    method: str
    version: str
    target: bytes
    headers: Headers
    keeps_alive: bool
    upgrade: bytes  # the protocol that it asks for, in small letters, or nothing
    body: Body | None = None

    @property
    def expects_continue(self) -> bool:
        return any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
        )

    def address(self, root_path: str) -> dict[str, Any]:
        """What the target adds to an ASGI scope."""
        try:
            url = httptools.parse_url(self.target)
            path = url.path.decode("ascii")
        except (httptools.HttpParserInvalidURLError, UnicodeDecodeError, AttributeError):
            raise BadRequest("the target of a request is a path") from None
        return {
            "path": root_path + (urllib.parse.unquote(path) if "%" in path else path),
            "raw_path": root_path.encode("ascii") + url.path,
            "query_string": url.query or b"",
        }


def has_encoded_slash(scope: Mapping[str, Any]) -> bool:
    """Whether the path has a percent-encoded slash. The decoded path no longer shows it.

    In `/v1/docs/home%2Fundo` the slash belongs to the name, and no document has such a name. The
    decoded path would be the address of an undo.
    """
    return b"%2f" in scope.get("raw_path", b"").lower()


# A token is the longest that belongs there. 60 KB of escapes took 60 ms to take apart.
MAX_TARGET = 16 * 1024

# RFC 3986, 3.2.2: a name or an address, and a port. It may be empty (RFC 9112, 3.2).
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(?::[0-9]*)?")


class HeadReader:
    """Reads the heads of a connection, one after the other.

    Invariant: the parser is given one head and nothing behind it, so it never decides where a
    body ends; and no head has more than `max_size` bytes or `max_headers` headers.
    """

    def __init__(self, max_size: int, max_headers: int) -> None:
        self._max_size = max_size
        self._max_headers = max_headers
        self._parser: Any = httptools.HttpRequestParser(self)
        self.begin()

    def begin(self) -> None:
        """The next bytes are a head's."""
        self._end = HeadEnd(self._max_size)
        self._target = b""
        self._headers: Headers = []
        self._head: Head | None = None

    def feed(self, data: bytes, at: int) -> tuple[Head | None, int]:
        """The head, when it is whole, and where it ends in `data`; what came of it until then."""
        part, at = self._end.feed(data, at)
        try:
            self._parser.feed_data(part)
        except httptools.HttpParserUpgrade:
            pass  # the head says so as well
        except httptools.HttpParserError:
            raise BadRequest("this is not a request of HTTP/1.1") from None
        head = self._head
        if (head is not None) != self._end.is_found:
            raise BadRequest("an empty line ends the head of a request, and nothing else does")
        if head is not None:
            self._finish(head)
        return head, at

    def close(self) -> None:
        """Nothing more is read; the parser and this object no longer keep each other."""
        self._parser = None

    def _finish(self, head: Head) -> None:
        if len(head.target) > MAX_TARGET:
            raise BadRequest(f"the target of a request has at most {MAX_TARGET} bytes")
        if len(head.headers) > self._max_headers:
            raise BadRequest(f"a request has at most {self._max_headers} headers")
        _check_host(head)
        head.body = body_of(head.headers, self._max_size)
        if head.body is not None or self._parser.should_upgrade():
            # This one waits for a body, or for another protocol.
            self._parser = httptools.HttpRequestParser(self)

    # What the parser says

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Afterwards the parser has forgotten some of it."""
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
    """RFC 9112, 3.2: two readers of a request must not take it for two sites."""
    hosts = [value for name, value in head.headers if name == b"host"]
    if not hosts and head.version != "1.0":
        raise BadRequest("a request of HTTP/1.1 has a Host header")
    if len(hosts) > 1:
        raise BadRequest("a request has one Host header at most")
    if hosts and _HOST.fullmatch(hosts[0].strip(b" \t")) is None:
        raise BadRequest("the Host header is a name or an address, with or without a port")
