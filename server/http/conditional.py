"""Conditional requests (RFC 9110, section 13): a document's entity tag is `"EPOCH.VERSION"`.

Tags are compared by the text between the quotes, for `If-Match` too: a compressed answer has a
weak tag, and the client that read it has the same version.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from collab.errors import Code
from server.http.problem import PreconditionFailed
from server.runtime.encoded import Position

# It begins with a letter that is looked for at once: of 64 KB without one each place was tried.
_OPAQUE = re.compile(r'"([^"]*)"\s*(?:,|$)')
_ETAG = re.compile(r'\s*((?:W/)?"([^"]*)")\s*(?:,|$)')
_POSITION = re.compile(r"(\d{1,15})\.(\d{1,15})", re.ASCII)  # int() of a long string is quadratic


def if_match(request: Request) -> set[str] | None:
    """The texts of the tags of `If-Match`; `*` as itself, None when the header is absent."""
    header = _joined(request, "if-match")
    if header is None:
        return None
    if header.strip() == "*":
        return {"*"}
    return set(_OPAQUE.findall(header))


def if_none_match(request: Request, opaque: str) -> str | None:
    """The tag of what the client has already, as the client wrote it; None where it has another.

    A cache updates what it stored under the very tag that a 304 carries (RFC 9111, 4.3.4).
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
    """Whether `If-None-Match: *` forbids to replace a document (RFC 9110, 13.1.2)."""
    return (_joined(request, "if-none-match") or "").strip() == "*"


def wanted_version(tags: set[str], head: Position) -> Position | None:
    """The version that `If-Match` wants the head to be; None where any will do.

    Of several it is the head, else the newest of this epoch, because the refusal has the
    changes since then. A version of another epoch is never the head.
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
    """The tags that name a version of any epoch."""
    matches = (_POSITION.fullmatch(tag) for tag in tags)
    return [Position(int(match[1]), int(match[2])) for match in matches if match]


def head_changed(head: Position, base: int | None = None) -> PreconditionFailed:
    """The refusal of a request that wanted another head."""
    named = {} if base is None else {"base": base}
    return PreconditionFailed(
        Code.CONFLICT,
        f"the document is at version {head.version}",
        version=head.version,
        conflicts=[],
        **named,
    )


def _joined(request: Request, name: str) -> str | None:
    """A header that may come in several lines (RFC 9110, 5.3)."""
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None
