"""Parts of several sections: the pictures that the server keeps."""

from __future__ import annotations

from typing import Any

import pytest

from collab.page.html import Public, render
from tests.collab.page.test_html import Reader

SERVER = "https://weft.example"
ASSET = "/v1/assets/demo/" + "0123456789abcdef" * 4


def images(value: Any, public_url: str = "") -> list[dict[str, str]]:
    """Return the attributes of each picture of a page."""
    made = render(value, public=Public(public_url))
    assert made is not None
    return [attrs for tag, attrs in Reader(made.html).tags if tag == "img"]


def image(given: Any, public_url: str = SERVER) -> dict[str, str]:
    """Return the attributes of a picture in a hero."""
    hero: Any = {"type": "hero", "content": {"headline": "Bread", "image": given}}
    [found] = images({"pages": {"home": {"sections": [hero]}}}, public_url)
    return found


def forms(found: dict[str, str]) -> list[str]:
    """Return each form of a picture in `srcset`, without the address of the picture."""
    each = found.get("srcset", "").split(",")
    return [form.removeprefix(found["src"]).strip() for form in each if form]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (479, []),
        (480, []),
        (481, ["?width=480 480w", "481w"]),
        (960, ["?width=480 480w", "960w"]),
        (961, ["?width=480 480w", "?width=960 960w", "961w"]),
        (1920, ["?width=480 480w", "?width=960 960w", "1920w"]),
        (1921, ["?width=480 480w", "?width=960 960w", "?width=1920 1920w", "1921w"]),
        (65_535, ["?width=480 480w", "?width=960 960w", "?width=1920 1920w", "65535w"]),
        (960.9, ["?width=480 480w", "960w"]),
        *((each, []) for each in (0, -1921, 65_536, 0.5, 1e300, float("nan"), "1921", True, None)),
    ],
)
def test_srcset_has_the_smaller_forms_of_an_asset_and_the_asset_itself(
    width: Any, expected: list[str]
) -> None:
    found = image({"src": ASSET, "width": width, "height": 100})
    assert forms(found) == expected
    assert ("sizes" in found) is bool(expected)
    assert found["height"] == "100"


@pytest.mark.parametrize("src", [ASSET, SERVER + ASSET, f" {ASSET} "])
def test_an_asset_is_known_by_its_path_or_at_the_public_origin(src: str) -> None:
    found = image({"src": src, "alt": "A loaf", "width": 1000, "height": 500})
    assert forms(found) == ["?width=480 480w", "?width=960 960w", "1000w"]
    shown = {"alt": "A loaf", "width": "1000", "height": "500", "loading": "eager"}
    assert shown.items() <= found.items()


@pytest.mark.parametrize(
    "src",
    [
        f"https://other.example{ASSET}",
        f"{SERVER}.evil.example{ASSET}",
        f"http://weft.example{ASSET}",
        f"{ASSET}?width=480",
        f"{ASSET}#a",
        f"{ASSET}0",
        ASSET.upper(),
        ASSET.replace("demo", "De,mo 480w"),
        ASSET.replace("demo", "d/emo"),
        "/demo/a.svg",
    ],
)
def test_a_picture_at_another_address_has_no_smaller_forms(src: str) -> None:
    assert "srcset" not in image({"src": src, "width": 2000, "height": 500})


def test_without_a_public_origin_only_a_path_is_an_asset() -> None:
    assert forms(image({"src": ASSET, "width": 481}, public_url=""))
    assert not forms(image({"src": SERVER + ASSET, "width": 481}, public_url=""))


@pytest.mark.parametrize(
    ("logo", "sizes"),
    [
        ({"width": 2000, "height": 500}, "144px"),
        ({"width": 1000, "height": 333}, "109px"),
        ({"width": 500, "height": 30}, "500px"),
        ({"width": 500}, None),
        ({"width": 480, "height": 480}, None),
    ],
)
def test_the_size_of_a_logo_is_exact(logo: dict[str, int], sizes: str | None) -> None:
    value: Any = {"site": {"logo": {"src": ASSET, **logo}}, "pages": {"home": {"title": "Home"}}}
    [found] = images(value)
    assert found.get("sizes") == sizes
