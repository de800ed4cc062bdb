"""Conditional requests (RFC 9110, section 13): a document's ETag is `"EPOCH.VERSION"`.

Tags are compared by the text between the quotes, also for `If-Match`. A compressed response has
a weak tag, but the client that read it has the same version.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from collab.errors import Code
from server.http.problem import PreconditionFailed
from server.runtime.encoded import Position

# The pattern begins with a quote, so the search skips to the next quote at once. A pattern that
# could begin anywhere was tried at each place of a 64 KB header without a quote.
_OPAQUE = re.compile(r'"([^"]*)"\s*(?:,|$)')
_ETAG = re.compile(r'\s*((?:W/)?"([^"]*)")\s*(?:,|$)')
_POSITION = re.compile(r"(\d{1,15})\.(\d{1,15})", re.ASCII)  # int() of a long string is quadratic


def if_match(request: Request) -> set[str] | None:
    """Return the texts between the quotes of `If-Match`; `{"*"}` for `*`; None without a header."""
    header = _joined(request, "if-match")
    if header is None:
        return None
    if header.strip() == "*":
        return {"*"}
    return set(_OPAQUE.findall(header))


def if_none_match(request: Request, opaque: str) -> str | None:
    """Return the client's own tag for this version when the client has this version, else None.

    The tag is returned as the client wrote it: a cache updates what it stored under exactly the
    tag of the 304 (RFC 9111, 4.3.4).
    """
    header = _joined(request, "if-none-match")
    if header is None:
        return None
    if header.strip() == "*":
        return f'"{opaque}"'
    if f'"{opaque}"' not in header:
        return None
    return next((tag for tag, found in _ETAG.findall(header) if found == opaque), None)


def only_if_absent(request: Request) -> bool:
    """Whether `If-None-Match: *` forbids replacing a document (RFC 9110, 13.1.2)."""
    return (_joined(request, "if-none-match") or "").strip() == "*"


def wanted_version(tags: set[str], head: Position) -> Position | None:
    """Return the version that `If-Match` requires the head to be; None when any version will do.

    When the header has several tags, the first of these that it has is returned:

    1. the head;
    2. the newest older version of this epoch: the refusal then brings the changes since it;
    3. a version of another epoch, which is never the head.

    Without any of these, the request is refused.
    """
    if "*" in tags:
        return None
    if head.opaque in tags:
        return head
    named = _positions(tags)
    versions = [each.version for each in named if each.epoch == head.epoch]
    known = [version for version in versions if version < head.version]
    if known:
        return Position(head.epoch, max(known))
    others = [each for each in named if each.epoch != head.epoch]
    if others and not versions:
        return others[0]
    raise head_changed(head, max(versions, default=None))


def _positions(tags: set[str]) -> list[Position]:
    """Return the versions, of any epoch, that the tags name."""
    matches = (_POSITION.fullmatch(tag) for tag in tags)
    return [Position(int(match[1]), int(match[2])) for match in matches if match]


def head_changed(head: Position, base: int | None = None) -> PreconditionFailed:
    """Return the refusal of a request that required another head."""
    named = {} if base is None else {"base": base}
    return PreconditionFailed(
        Code.CONFLICT,
        f"the document is at version {head.version} now; read it and try again",
        version=head.version,
        conflicts=[],
        **named,
    )


def _joined(request: Request, name: str) -> str | None:
    """Return all lines of a header as one value (RFC 9110, 5.3); None when it is absent."""
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None
