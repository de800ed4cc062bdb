"""A browser loads the form of a picture that fits its place: `sizes` says how wide the place is."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Page

from collab.page.html import render
from collab.ports.assets import WIDTHS
from tests.browser.chromium_contexts import Contexts
from tests.browser.drawn_pages import ASSET
from tests.browser.picture_places import PHOTO, PLACES, page_of
from tests.browser.site import Site

# The width on the page, the width that `sizes` says, and the loaded form. A browser makes the
# natural width of a picture with `srcset` from `sizes`.
SHOWN = """Promise.all([...document.images].map((each) => each.decode())).then(() =>
  [...document.images].map((each) => {
    const { width, height } = each.getBoundingClientRect()
    return { width, height, said: each.naturalWidth, file: each.currentSrc.split('/').at(-1) }
  }))"""
SEVERAL = ("cards 1", "cards 2", "cards 3", "cards 4", "cards 5", "cards 6", "grid", "masonry")
CASES = [(place, 1) for place in PLACES] + [(each, n) for each in SEVERAL for n in (2, 3, 4)]


def png(width: int, height: int) -> bytes:
    """Return a black picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A server with one photo and its forms."""
    with Site() as site:
        site.pictures[ASSET] = png(PHOTO["width"], PHOTO["height"])
        for width in WIDTHS:
            made = png(width, width * PHOTO["height"] // PHOTO["width"])
            site.pictures[f"{ASSET}?width={width}"] = made
        yield site


async def shown(page: Page, site: Site, place: str, count: int) -> list[dict[str, Any]]:
    """Return how the logo and the pictures of a place are shown."""
    made = render(page_of(place, count))
    assert made is not None
    # All pictures load at once, and each page has a scroll bar.
    html = made.html.replace('loading="lazy"', "")
    site.pages["/"] = html.replace("<html", '<html style="overflow-y:scroll"')
    await page.goto(f"{site.origin}/")
    found: list[dict[str, Any]] = await page.evaluate(SHOWN)
    assert len(found) == 1 + (1 if place in ("hero", "alone") else count)
    return found


@pytest.mark.thorough
@pytest.mark.parametrize(("place", "count"), CASES)
async def test_sizes_says_how_wide_a_picture_is(
    contexts: Contexts, site: Site, place: str, count: int
) -> None:
    phone, page = await contexts.page(390, 900), await contexts.page()
    for width in (390, 700, 870, 912, 940, 1070, 1280, 1700):
        seen = phone if width == 390 else page
        await seen.set_viewport_size({"width": width, "height": 900})
        logo, *pictures = await shown(seen, site, place, count)
        assert (logo["width"], logo["height"]) == (54, 36)
        for each in pictures:
            most = 96 if place == "quotes" else each["width"] * 1.12 + 8
            assert each["width"] - 1 <= each["said"] <= most, (width, each)


@pytest.mark.parametrize(
    ("width", "scale", "place", "count", "form"),
    [
        (390, 1, "hero", 1, 480),
        (390, 2, "hero", 1, 960),
        (390, 3, "hero", 1, 1920),
        (1280, 1, "hero", 1, 960),
        (1280, 2, "hero", 1, 1920),
        (1280, 1, "alone", 1, 1920),
        (1280, 2, "alone", 1, 0),
        (390, 1, "cards 3", 3, 480),
        (390, 2, "cards 3", 3, 960),
        (1280, 1, "cards 3", 3, 480),
        (1280, 2, "cards 3", 3, 960),
        (1280, 2, "cards 4", 4, 480),
        (1280, 1, "grid", 1, 1920),
        (1280, 1, "grid", 3, 480),
        (1280, 2, "grid", 2, 1920),
        (390, 2, "carousel", 3, 960),
        (1280, 1, "carousel", 3, 480),
        (1280, 2, "quotes", 1, 480),
    ],
)
async def test_the_loaded_form_fits_the_place_and_the_screen(
    contexts: Contexts, site: Site, width: int, scale: int, place: str, count: int, form: int
) -> None:
    page = await contexts.page(width, 900, device_scale_factor=scale)
    _, *pictures = await shown(page, site, place, count)
    wanted = f"?width={form}" if form else ""
    assert {each["file"].removeprefix(ASSET.rpartition("/")[2]) for each in pictures} == {wanted}
