"""Only addresses of known schemes are led to or loaded."""

from __future__ import annotations

import pytest

from collab.page.links import safe_image, safe_link
from collab.page.site import Site


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
def test_what_is_allowed_stays_as_it_is(link: str) -> None:
    assert safe_link(link) == link


@pytest.mark.parametrize(
    "link",
    ["", " ", "javascript:x", "data:,x", "//host/x", "/\\host", "https:/x", "a\nb", "x" * 2049],
)
def test_what_is_not_allowed_is_nothing(link: str) -> None:
    assert safe_link(link) == ""


@pytest.mark.parametrize("value", [None, 1, True, [], {}, ["https://example.com"]])
def test_what_is_no_text_is_nothing(value: None) -> None:
    assert safe_link(value) == ""


def test_a_picture_comes_over_http_or_from_here() -> None:
    assert safe_image("/a.svg") == "/a.svg"
    assert safe_image("mailto:ada@example.com") == ""
    assert safe_image("data:image/png;base64,AAAA") == ""


def test_spaces_are_written_as_addresses_write_them() -> None:
    assert safe_link(" /a b ") == "/a%20b"


def test_a_link_to_no_page_of_the_site_stays() -> None:
    site = Site({"pages": {"home": {}, "about": {}}}, "/p/demo/x")
    assert site.href("/about/") == "/p/demo/x/about"
    assert site.href("/elsewhere") == "/elsewhere"
    assert site.href("/about/more") == "/about/more"
    assert site.href("/#top") == "/p/demo/x#top"
