"""Conditional requests (RFC 9110, section 13): an entity tag is a version in quotes."""

from __future__ import annotations

import re

from starlette.requests import Request

from collab.errors import Code
from server.http.problem import PreconditionFailed

_ETAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')
_DIGITS = re.compile(r"[0-9]{1,15}")  # 2^53 has 16; int() of a long string is quadratic


def tag_of(version: int) -> str:
    return f'"{version}"'


def if_match(request: Request) -> set[str] | None:
    """The strong tags of `If-Match`; `*` as itself, None where the header is absent."""
    header = _joined(request, "if-match")
    if header is None:
        return None
    if header.strip() == "*":
        return {"*"}
    return {tag for weak, tag in _ETAG.findall(header) if not weak}


def if_none_match(request: Request, tag: str) -> bool:
    """Whether the client has this already (RFC 9110, 13.1.2: weak comparison)."""
    header = _joined(request, "if-none-match")
    if header is None:
        return False
    return header.strip() == "*" or any(found == tag for _, found in _ETAG.findall(header))


def only_if_absent(request: Request) -> bool:
    """`If-None-Match: *`: whatever is there already shall stay (RFC 9110, 13.1.2)."""
    return (_joined(request, "if-none-match") or "").strip() == "*"


def matching_version(tags: set[str], head: int) -> int | None:
    """The version that `If-Match` wants the head to be; None where any will do.

    Of several the head, or else the newest: what happened since then is told in the refusal.
    """
    if "*" in tags:
        return None
    if str(head) in tags:
        return head
    versions = [int(tag) for tag in tags if _DIGITS.fullmatch(tag)]
    known = [version for version in versions if version < head]
    if known:
        return max(known)
    base = {"base": max(versions)} if versions else {}
    raise PreconditionFailed(
        Code.CONFLICT, f"the document is at version {head}", version=head, conflicts=[], **base
    )


def _joined(request: Request, name: str) -> str | None:
    """A header that may come in several lines (RFC 9110, 5.3)."""
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None
