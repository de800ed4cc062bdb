"""Addresses that a published page may lead to or load; anything else is left out.

The filter checks an address as the page will hold it: it cleans the text first, as `markup` does.
"""

from __future__ import annotations

import re
from unicodedata import category

from collab.ids import Json
from collab.page.markup import clean

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
IMAGE_SCHEMES = frozenset({"http", "https"})
MAX_LENGTH = 2048

# What stands before the first colon is the scheme, unless a path, query or fragment has begun
# (RFC 3986, 3.1 and 4.2).
_SCHEME = re.compile(r"([^:/?#]*):")
# Controls, format characters, surrogates, private use, and all spaces but the plain one. Browsers
# drop some of them before they read an address (WHATWG URL, 4.4). Readers see none of them.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"})


def safe_link(value: Json) -> str:
    """The address if a reader may be led there, else nothing."""
    return _safe(value, LINK_SCHEMES)


def safe_image(value: Json) -> str:
    """The address if a picture may come from there, else nothing."""
    return _safe(value, IMAGE_SCHEMES)


def _safe(value: Json, schemes: frozenset[str]) -> str:
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        return ""
    address = clean(value).strip(" ")
    if not _is_plain(address):
        return ""
    scheme = _SCHEME.match(address)
    if scheme is None:
        return "" if address.startswith("//") else address.replace(" ", "%20")
    name = scheme[1].lower()
    if name not in schemes or (name.startswith("http") and not _has_host(address[scheme.end() :])):
        return ""
    return address.replace(" ", "%20")


def _is_plain(address: str) -> bool:
    """Whether every reader of an address sees the same one: browsers read `\\` as `/`."""
    return all(
        letter == " " or (letter != "\\" and category(letter) not in _UNSEEN) for letter in address
    )


def _has_host(rest: str) -> bool:
    return rest.startswith("//") and len(rest) > 2 and rest[2] not in "/?#"
