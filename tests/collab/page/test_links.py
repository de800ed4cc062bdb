"""A page links to and loads only addresses with known schemes."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.ids import Json
from collab.page.html import render
from collab.page.links import IMAGE_SCHEMES, LINK_SCHEMES, safe_image, safe_link
from collab.page.markup import attrs
from collab.page.site import Site

# Characters that a browser drops or that people do not see.
UNSEEN = ["\t", "\n", "\r", "\x00", "\x01", "\x1f", "\x7f", "\x85", "\xa0", "\xad", "\u061c"]
UNSEEN += ["\u180e", "\u200b", "\u200d", "\u200f", "\u2028", "\u202a", "\u202e", "\u2060", "\u2066"]
UNSEEN += ["\u2069", "\u3000", "\ufeff", "\ud800", "\ue000", "\U000e0001"]
PIECES = ["javascript", "JAVA", "script", "vbscript", "data", "blob", "file", "http", "https"]
PIECES += [
    "mailto",
    ":",
    "//",
    "/",
    "\\",
    "#",
    "?",
    "%3a",
    "%2f",
    "&colon;",
    "&#58;",
    " ",
    "a",
    "@",
    ".",
]


def as_a_browser_reads(address: str) -> tuple[str, str]:
    """Return the scheme, empty without one, and the rest (WHATWG URL, 4.4)."""
    dropped = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33)))))
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", dropped)
    rest = dropped if found is None else dropped[found.end() :]
    return found[1].lower() if found else "", rest.replace("\\", "/")


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/a?b=c#d",
        "HTTP://example.com",
        "mailto:ada@example.com",
        "tel:+43123",
        "/about",
        "/a/b.svg",
        "about",
        "#faq-1",
        "?page=2",
        "/time/12:30",
    ],
)
def test_an_allowed_link_stays_unchanged(link: str) -> None:
    assert safe_link(link) == link


@pytest.mark.parametrize(
    "link",
    ["", " ", "javascript:x", "data:,x", "//host/x", "/\\host", "https:/x", "a\nb", "x" * 2049],
)
def test_a_forbidden_link_becomes_empty(link: str) -> None:
    assert safe_link(link) == ""


@pytest.mark.parametrize("value", [None, 1, True, [], {}, ["https://example.com"]])
def test_a_link_that_is_no_text_becomes_empty(value: None) -> None:
    assert safe_link(value) == ""


def test_a_picture_loads_over_http_or_from_this_server() -> None:
    assert safe_image("/a.svg") == "/a.svg"
    assert safe_image("mailto:ada@example.com") == ""
    assert safe_image("data:image/png;base64,AAAA") == ""


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize("link", ["javascript:x", "//host/x", "data:,x", "VbScript:x", "blob:x"])
def test_an_invisible_character_hides_no_scheme_and_no_host(link: str, unseen: str) -> None:
    for at in range(len(link)):
        hidden = link[:at] + unseen + link[at:]
        assert safe_link(hidden) == safe_image(hidden) == "", repr(hidden)


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_page_contains_no_link_with_a_hidden_scheme(unseen: str) -> None:
    image: Json = {"src": f"{unseen}data:image/svg+xml,x", "alt": "x"}
    go: Json = {"label": "go", "href": f"java{unseen}script:x"}
    content: Json = {"headline": "Hi", "image": image, "buttons": [go]}
    hero: Json = {"id": "h", "type": "hero", "content": content}
    made = render({"pages": {"home": {"sections": [hero]}}})
    assert made is not None
    assert re.findall(r'(?:href|src)="[^"]*"', made.html) == ['href="#weft-content"']


@given(st.lists(st.sampled_from(PIECES + UNSEEN), max_size=8))
def test_a_browser_reads_only_allowed_schemes_in_a_page(pieces: list[str]) -> None:
    for judge, schemes in ((safe_link, LINK_SCHEMES), (safe_image, IMAGE_SCHEMES)):
        judged = judge("".join(pieces))
        written = html.unescape(attrs(href=judged)[len(' href="') : -1])
        assert written == judged
        scheme, rest = as_a_browser_reads(written)
        assert scheme in schemes or (not scheme and not rest.startswith("//")), repr(written)


def test_the_text_before_the_first_colon_is_the_scheme() -> None:
    assert safe_link("java%73cript:x") == safe_link("12:30") == safe_link(":x") == ""
    assert safe_link("./12:30") == "./12:30"
    assert safe_link("?at=12:30") == "?at=12:30"


def test_letters_of_any_script_stay_in_an_address() -> None:
    assert safe_link("https://münchen.example/straße") == "https://münchen.example/straße"
    assert safe_link("/über-uns#früher") == "/über-uns#früher"


def test_a_letter_that_is_newer_than_our_unicode_table_stays_in_an_address() -> None:
    newer = "/\u1c89-\U0001ccd6-\U000323b0"  # of Unicode 16 and 17
    assert safe_link(newer) == newer


@pytest.mark.parametrize(
    "code", [0xAD, 0x61C, 0x2065, 0xFFF0, 0x1FFFE, 0xEFFFF, 0xFDD0, 0xE0FFF, 0x10FFFF]
)
def test_code_points_without_a_visible_character_make_no_address(code: int) -> None:
    assert safe_link(f"/a{chr(code)}b") == safe_image(f"/{chr(code)}") == ""


def test_spaces_in_an_address_become_percent_20() -> None:
    assert safe_link(" /a b ") == "/a%20b"


def test_only_a_link_to_a_page_of_the_site_changes() -> None:
    site = Site({"pages": {"home": {}, "about": {}}}, "/p/demo/x")
    assert site.href("/about/") == "/p/demo/x/about"
    assert site.href("/elsewhere") == "/elsewhere"
    assert site.href("/about/more") == "/about/more"
    assert site.href("/#top") == "/p/demo/x#top"
