"""What an SVG may not have: scripts, pages inside it, and addresses of other files.

The server refuses such a file and does not repair it. A repaired file may look different, and the
repair would have to know every rule of every browser. The server also serves each SVG so that no
script runs.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

from collab.errors import Code, Rejected

SVG: Final = "http://www.w3.org/2000/svg"
_PAGE: Final = "http://www.w3.org/1999/xhtml"
_EVENTS: Final = "http://www.w3.org/2001/xml-events"
_SCRIPTS: Final = {"script", "handler", "listener"}
_PAGES: Final = {"foreignobject", "iframe", "object", "embed", "audio", "video", "canvas"}
_ANIMATIONS: Final = {"animate", "set", "animatetransform", "animatemotion", "animatecolor"}
# Attributes with an address. `a` may link to a web page, and all others only to this file.
_ADDRESSES: Final = {"href", "src"}
_LINK: Final = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_PICTURE: Final = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif)[;,]", re.IGNORECASE)
_FONT: Final = re.compile(
    r"data:(?:font/\w+|application/(?:x-)?font[\w-]*|application/octet-stream)[;,]"
)
# CSS also reads an address in these functions, and after `@import`.
_CSS_OTHER: Final = re.compile(r"@import|image-set\(|(?<![\w-])(?:src|image)\(")
_CSS_URL: Final = re.compile(r"url\(\s*(['\"]?)\s*([^'\")]{0,64})")
_CSS_ESCAPE: Final = re.compile(r"\\([0-9a-f]{1,6})\s?|\\(.)", re.DOTALL)
_CSS_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CONTROLS: Final = re.compile(r"[\x00-\x20\x7f-\xa0]+")


def check_element(namespace: str, name: str) -> None:
    """Refuse an element with a script, and an element of a web page."""
    lower = name.lower()
    if lower in _SCRIPTS or namespace == _EVENTS:
        raise _refused(f"a script (<{name[:40]}>)")
    if lower in _PAGES or namespace == _PAGE:
        raise _refused(f"a part of a web page (<{name[:40]}>)")


def check_attribute(element: str, name: str, value: str, *, is_plain: bool = True) -> None:
    """Refuse event handlers, addresses of other files, and animations that set one of them.

    `is_plain` says that the attribute has no namespace.
    """
    lower = name.lower()
    if lower.startswith("on") and is_plain:
        raise _refused(f"a script (the attribute {name[:40]})")
    if lower in _ADDRESSES:
        _check_address(element.lower(), value)
    elif lower == "attributename" and element.lower() in _ANIMATIONS:
        target = value.rpartition(":")[2].strip().lower()
        if target in _ADDRESSES or target.startswith("on"):
            raise _refused(f"an animation of the attribute {value[:40]}")
    elif lower == "base":
        raise _refused("an address of another file (xml:base)")
    elif "(" in value or "\\" in value or lower == "style":
        check_css(value)


def check_instruction(target: str, data: str) -> None:
    """Refuse a style sheet of another file."""
    if target.lower() == "xml-stylesheet":
        raise _refused("a style sheet of another file")


def check_css(text: str) -> None:
    """Refuse CSS that loads another file."""
    plain = _CSS_COMMENT.sub("", _CSS_ESCAPE.sub(_unescape, text)).lower()
    if _CSS_OTHER.search(plain):
        raise _refused("a style that may load another file")
    for _, address in _CSS_URL.findall(plain):
        if address.strip() and not address.startswith("#") and not _FONT.match(address):
            raise _refused(f"an address of another file ({address[:40]})")


def _check_address(element: str, value: str) -> None:
    plain = _CONTROLS.sub("", value).lower()
    if not plain or plain.startswith("#") or _PICTURE.match(plain):
        return
    if element == "a" and _LINK.match(plain):
        return
    raise _refused(f"an address of another file, or a script ({value.strip()[:40]})")


def picture_in(address: str) -> bytes | None:
    """Return the bytes of a picture in a `data:` address. They may be damaged."""
    plain = _CONTROLS.sub("", address)
    if not _PICTURE.match(plain):
        return None
    head, _, content = plain.partition(",")
    unquoted = unquote_to_bytes(content)
    if not head.lower().endswith(";base64"):
        return unquoted
    try:
        return b64decode(unquoted + b"=" * (-len(unquoted) % 4))
    except ValueError:
        return b""


def _unescape(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else 0
    return chr(code) if 0 < code < 0x110000 else found[2] or "\ufffd"


def _refused(part: str) -> Rejected:
    return Rejected(
        Code.INVALID_ASSET,
        f"the SVG has {part}; remove it, or export the drawing as a plain SVG or as a PNG",
    )
