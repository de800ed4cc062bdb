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


def test_a_link_to_a_section_leads_to_the_page_that_has_it() -> None:
    def page(*sections: Json) -> Json:
        return {"sections": list(sections)}

    hidden: Json = {"id": "later", "hidden": True}
    pages: Json = {
        "home": page({"id": "a", "anchor": "hours"}, {"id": "both"}, hidden, 7),
        "b": page({"id": "both"}, {"id": "later"}, {"id": " team\u202e "}, {"id": "weft-x"}),
        "c": {"sections": {"id": "none"}},
    }
    site = Site({"pages": pages}, "/p/demo/x")
    home, b, c = site.pages
    links = ("#hours", "#a", "#both", "#later", "#team", "#weft-x", "#none", "#")
    assert {page.key: [site.href(link, page) for link in links] for page in (home, b, c)} == {
        "home": ["#hours", "#a", "#both", "/p/demo/x/b#later", "/p/demo/x/b#team", *links[5:]],
        "b": ["/p/demo/x#hours", "/p/demo/x#a", "#both", "#later", "#team", *links[5:]],
        "c": [f"/p/demo/x{each}" for each in links[:3]]
        + ["/p/demo/x/b#later", "/p/demo/x/b#team", *links[5:]],
    }
    # A link without a page, such as a canonical address, stays as it is.
    assert site.href("#hours") == "#hours"
