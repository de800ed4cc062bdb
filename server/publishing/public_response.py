"""Makes a public response as bytes: a value or a page, compressed, with its headers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
from starlette.responses import Response

from collab.ids import Json
from collab.page.html import Public, render
from server.access.cors import EXPOSED
from server.publishing.public_request import Headers, PublicRequest, page_path
from server.runtime.encoded import Position

logger = logging.getLogger(__name__)
_JSON: Headers = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]


@dataclass(frozen=True, slots=True)
class PublicResponse:
    """A public response.

    - `tag`: the ETag, a hash of the body's bytes.
    - `kind`: the headers that are the same for every coding.
    - `headers` and `unchanged`: all headers of a 200 and of a 304.
    - `whole` and `same`: `headers` and `unchanged` as bytes, after their status line.
    """

    body: bytes
    tag: bytes
    kind: Headers
    headers: Headers
    unchanged: Headers
    whole: bytes
    same: bytes

    def is_known(self, known: bytes) -> bool:
        """Whether `If-None-Match` has our tag (RFC 9110, 13.1.2: weak comparison)."""
        return bool(known) and (self.tag in known or known.strip() == b"*")

    def response(self, known: bytes) -> Response:
        """Return a Starlette response: a 304 when the client has this body already, else a 200."""
        if self.is_known(known):
            response = Response(status_code=304)
            response.raw_headers = list(self.unchanged)
        else:
            response = Response(self.body)
            response.raw_headers = list(self.headers)
        return response


def public_response(
    body: bytes, kind: Headers, at: Position, coding: str, cache_control: bytes
) -> PublicResponse:
    """Return the response for a body that is already compressed with `coding`."""
    tag = b'"%s"' % blake2b(body, digest_size=12).hexdigest().encode()
    unchanged: Headers = [
        (b"etag", tag),
        (b"cache-control", cache_control),
        (b"vary", b"Accept-Encoding"),
        (b"weft-version", b"%d" % at.version),
        (b"weft-epoch", b"%d" % at.epoch),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", EXPOSED.encode()),
    ]
    headers = [*unchanged, *kind, (b"content-length", b"%d" % len(body))]
    if coding:
        headers.append((b"content-encoding", coding.encode()))
    return PublicResponse(
        body,
        tag,
        kind,
        headers,
        unchanged,
        _head(b"200 OK", headers),
        _head(b"304 Not Modified", unchanged),
    )


def render_body(value: Json, asked: PublicRequest, public: Public) -> tuple[bytes, Headers] | None:
    """Return the value as JSON or a page as HTML, with its headers; None for an unknown page."""
    if asked.slug is None:
        return msgspec.json.encode(value), _JSON
    page = render(value, asked.slug, page_path(asked.key), public)
    if page is None:
        return None
    for failure in page.failures:
        logger.error(
            "a section of %s failed, and is shown as a plain block", asked.key.doc, exc_info=failure
        )
    return page.html.encode(), [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", page.policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
    ]


def _head(status: bytes, headers: Headers) -> bytes:
    lines = [b"%s: %s\r\n" % header for header in headers]
    return b"HTTP/1.1 %s\r\n%s" % (status, b"".join(lines))
