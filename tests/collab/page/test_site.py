"""The pages of a site in order, and the title of a document for lists."""

from __future__ import annotations

import pytest

from collab.ids import Json
from collab.page.site import MAX_TITLE, Site, title_of


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ({"title": " Hello "}, "Hello"),
        ({"title": "Hello", "site": {"name": "Larkfield"}}, "Hello"),
        ({"title": " ", "site": {"name": "Larkfield"}}, "Larkfield"),
        ({"title": 7, "pages": {"home": {"title": "Home"}}}, "Home"),
        ({"pages": {"about": {"title": "About"}}}, ""),
        ({"site": "Larkfield", "pages": [1]}, ""),
        ([1], ""),
        (None, ""),
    ],
)
def test_the_title_is_the_first_text_of_three_places(value: Json, title: str) -> None:
    assert title_of(value) == title


def test_a_long_title_is_cut() -> None:
    assert title_of({"title": "é" * 1000}) == "é" * MAX_TITLE


@pytest.mark.parametrize(
    ("home", "keys"),
    [
        (None, ["home", "c", "a", "b"]),
        ("b", ["b", "home", "c", "a"]),
        (" b ", ["b", "home", "c", "a"]),
        ("gone", ["home", "c", "a", "b"]),
        (7, ["home", "c", "a", "b"]),
    ],
)
def test_the_site_names_its_first_page(home: Json, keys: list[str]) -> None:
    pages: Json = {"a": {}, "b": {"slug": "bees"}, "c": {"slug": "home"}, "home": {}, "d": 7}
    site = Site({"site": {"home": home}, "pages": pages}, "/p/demo/x")
    assert [page.key for page in site.pages] == keys
    assert site.href("/") == "/p/demo/x"
    assert site.href("/bees") == ("/p/demo/x" if keys[0] == "b" else "/p/demo/x/bees")
