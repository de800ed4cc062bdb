"""A filter for the addresses that a published page may link to or load.

The filter first cleans the text like `markup`, so it checks the same address that the page will
contain.
"""

from __future__ import annotations

import re

from collab.ids import TENANT_NAME, Json
from collab.page.markup import clean

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
IMAGE_SCHEMES = frozenset({"http", "https"})
MAX_LENGTH = 2048

# The text before the first colon is the scheme, unless a path, query or fragment begins before it
# (RFC 3986, 3.1 and 4.2).
_SCHEME = re.compile(r"([^:/?#]*):")
_ASSET = re.compile(rf"/v1/assets/{TENANT_NAME.pattern}/[0-9a-f]{{64}}")
# Characters that a reader does not see, and `\\`, which browsers read as `/`. Browsers drop some of
# them before they parse an address (WHATWG URL, 4.4). The ranges are fixed: the Unicode tables of
# Python and of a browser differ, and `static/page/links.js` must decide the same.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\xa0\\"  # controls, the space without a break, and the backslash
    r"\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # other spaces
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    r"\U000e01f0-\U000e0fff"  # up to here, characters of format
    r"\ud800-\uf8ff\U000f0000-\U0010ffff"  # surrogates, and characters for private use
    + "\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0xF0000, 0x10000))
    + "]"  # code points that are no characters
)


def safe_link(value: Json) -> str:
    """Return the address when a page may link to it, or else an empty string."""
    return _safe(value, LINK_SCHEMES)


def safe_image(value: Json) -> str:
    """Return the address when a page may load a picture from it, or else an empty string."""
    return _safe(value, IMAGE_SCHEMES)


def is_asset(address: str, public_url: str) -> bool:
    """Whether an address is that of an asset: a path, or the same path at the public origin."""
    return _ASSET.fullmatch(address.removeprefix(public_url)) is not None


def _safe(value: Json, schemes: frozenset[str]) -> str:
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        return ""
    address = clean(value).strip(" ")
    if _UNSEEN.search(address):
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
