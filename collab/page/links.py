"""Addresses that a published page may lead to or load; anything else is left out."""

from __future__ import annotations

import re

from collab.ids import Json

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
IMAGE_SCHEMES = frozenset({"http", "https"})
MAX_LENGTH = 2048

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# Browsers drop tabs and line ends anywhere in an address, and read `\` as `/` (WHATWG URL, 4.4):
# what looks relative here would have a scheme or a host there.
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")


def safe_link(value: Json) -> str:
    """The address if a reader may be led there, else nothing."""
    return _safe(value, LINK_SCHEMES)


def safe_image(value: Json) -> str:
    """The address if a picture may come from there, else nothing."""
    return _safe(value, IMAGE_SCHEMES)


def _safe(value: Json, schemes: frozenset[str]) -> str:
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        return ""
    address = value.strip(" ")
    if not address or _ODD.search(address):
        return ""
    scheme = _SCHEME.match(address)
    if scheme is None:
        return "" if address.startswith("//") else address.replace(" ", "%20")
    name = scheme[1].lower()
    if name not in schemes or (name.startswith("http") and not _has_host(address[scheme.end() :])):
        return ""
    return address.replace(" ", "%20")


def _has_host(rest: str) -> bool:
    return rest.startswith("//") and len(rest) > 2 and rest[2] not in "/?#"
