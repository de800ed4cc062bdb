"""Conditional requests (RFC 9110, section 13): a document's ETag is `"EPOCH.VERSION"`.

The server compares only the text between the quotes of two tags, also for `If-Match`. A compressed
response has a weak tag (`W/"..."`), but the client that read it has the same version.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from collab.errors import Code
from server.handling.problem import PreconditionFailed
from server.runtime.encoded import Position

# The pattern begins with a quote, so the search skips to the next quote at once. Without that, the
# search tried the pattern at every character of a 64 KB header that has no quote.
_OPAQUE = re.compile(r'"([^"]*)"\s*(?:,|$)')
_ETAG = re.compile(r'\s*((?:W/)?"([^"]*)")\s*(?:,|$)')
_POSITION = re.compile(r"(\d{1,15})\.(\d{1,15})", re.ASCII)  # int() of a long string is quadratic


def if_match(request: Request) -> set[str] | None:
    """Return the texts in quotes of `If-Match`, `{"*"}` for `*`, or None without this header."""
    header = _joined(request, "if-match")
    if header is None:
        return None
    if header.strip() == "*":
        return {"*"}
    return set(_OPAQUE.findall(header))


def if_none_match(request: Request, opaque: str) -> str | None:
    """Return the client's tag of this version when the client has this version, else None.

    The client's spelling of the tag is kept, for example `W/"1.7"`. A cache updates the response
    that it stored under exactly the tag of the 304 (RFC 9111, 4.3.4).
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
    """Return the version that `If-Match` requires the head to be; None for `*`.

    The header may have several tags. Of the versions that they name, this returns:

    1. the head;
    2. without the head, the newest version of this epoch before the head. The refusal then contains
       the changes since that version;
    3. without a version of this epoch, a version of another epoch, which is never the head.

    When the tags name no such version, this refuses the request.
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
