"""Parses a request for a public page or value: its document, page, version and coding."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from collab.ids import DocKey, is_doc_name, is_tenant_name

VALUES, PAGES = "/v1/published/", "/p/"
_LONGEST_SLUG = 128

Headers = list[tuple[bytes, bytes]]


class PublicRequest(NamedTuple):
    """A request for a public document.

    `version` is 0 for the version that is public now. `slug` names the page; the home page has an
    empty slug. When the client requests the value, `slug` is None.
    """

    key: DocKey
    version: int
    slug: str | None


def page_path(key: DocKey) -> str:
    """Return the path of the document's home page."""
    return f"{PAGES}{key.tenant}/{key.doc}"


def parse_request(path: str, query: bytes) -> PublicRequest | None:
    """Return the request for a path under `VALUES` or `PAGES`; None when the path is not valid."""
    as_page = path.startswith(PAGES)
    parts = path[len(PAGES if as_page else VALUES) :].split("/")
    if len(parts) not in ((2, 3) if as_page else (2,)):
        return None
    slug: str | None = None
    if as_page:
        slug = parts[2] if len(parts) == 3 else ""
        if len(slug) > _LONGEST_SLUG or (len(parts) == 3 and not slug):
            return None
    if not is_tenant_name(parts[0]) or not is_doc_name(parts[1]):
        return None
    version = _version_in(query) if query and not as_page else 0
    return None if version < 0 else PublicRequest(DocKey(parts[0], parts[1]), version, slug)


def _version_in(query: bytes) -> int:
    """Return `?version=`, 0 without it, or -1 when it is not a version."""
    for part in query.split(b"&"):
        name, _, text = part.partition(b"=")
        if name == b"version":
            return int(text) if text.isdigit() and len(text) <= 15 and int(text) else -1
    return 0


def coding_of(headers: Headers) -> tuple[str, bytes]:
    """Return the best content coding that the client accepts, and the ETags that it has.

    Both headers may have several lines (RFC 9110, 5.3).
    """
    accepted = known = b""
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = b"%s, %s" % (accepted, value) if accepted else value
        elif name == b"if-none-match":
            known = b"%s, %s" % (known, value) if known else value
    return (_best(accepted) if accepted else ""), known


@lru_cache(maxsize=256)
def _best(accepted: bytes) -> str:
    """Return the best coding by RFC 9110, 12.5.3. When the weights are equal, prefer br to gzip."""
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, *given = (each.strip() for each in part.split(";"))
        quality = next((each[2:] for each in given if each.startswith("q=")), "1")
        try:
            weights[name] = float(quality)
        except ValueError:
            weights[name] = 0
    offered = [(weights.get(name, weights.get("*", 0)), name) for name in ("gzip", "br")]
    weight, best = max(offered, key=lambda each: (each[0], each[1] == "br"))
    return best if weight > 0 and weight >= weights.get("identity", 0) else ""
