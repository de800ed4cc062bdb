"""The title of a document for lists."""

from __future__ import annotations

import pytest

from collab.ids import Json
from collab.page.site import MAX_TITLE, title_of


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
