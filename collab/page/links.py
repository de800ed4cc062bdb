"""A filter for the addresses that a published page may link to or load.

The filter first cleans the text like `markup`, so it checks the same address that the page will
contain.
"""

from __future__ import annotations

import re
from unicodedata import category

from collab.ids import Json
from collab.page.markup import clean

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
IMAGE_SCHEMES = frozenset({"http", "https"})
MAX_LENGTH = 2048

# The text before the first colon is the scheme, unless a path, query or fragment begins before it
# (RFC 3986, 3.1 and 4.2).
_SCHEME = re.compile(r"([^:/?#]*):")
# Invisible and unknown characters: controls, format characters, surrogates, private use, unassigned
# characters, and all spaces except U+0020. Browsers drop some of them before they parse an address
# (WHATWG URL, 4.4).
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Cs", "Co", "Zl", "Zp", "Zs"})


def safe_link(value: Json) -> str:
    """Return the address when a page may link to it, or else an empty string."""
    return _safe(value, LINK_SCHEMES)


def safe_image(value: Json) -> str:
    """Return the address when a page may load a picture from it, or else an empty string."""
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
    """Whether people and browsers read the same address: browsers read `\\` as `/`."""
    return all(
        letter == " " or (letter != "\\" and category(letter) not in _UNSEEN) for letter in address
    )


def _has_host(rest: str) -> bool:
    return rest.startswith("//") and len(rest) > 2 and rest[2] not in "/?#"
