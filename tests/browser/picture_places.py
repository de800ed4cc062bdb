"""Pages with pictures in each place of the page format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.browser.drawn_pages import ASSET

Section = dict[str, Any]
PHOTO: dict[str, Any] = {"src": ASSET, "alt": "A loaf", "width": 2400, "height": 1600}


def _hero(items: list[Any]) -> Section:
    return {"type": "hero", "content": {"headline": "Bread", "image": items[0]["image"]}}


def _alone(items: list[Any]) -> Section:
    return {"type": "hero", "content": {"image": items[0]["image"]}}


def _cards(columns: int) -> Callable[[list[Any]], Section]:
    return lambda items: {"type": "features", "content": {"columns": columns, "items": items}}


def _gallery(layout: str) -> Callable[[list[Any]], Section]:
    return lambda items: {"type": "gallery", "content": {"layout": layout, "items": items}}


def _quotes(items: list[Any]) -> Section:
    said = [{"quote": "The best bread", "name": "Ada", **each} for each in items]
    return {"type": "testimonials", "content": {"items": said}}


def _plain(items: list[Any]) -> Section:
    return {"type": "timetable", "content": {"text": "nine to five", "items": items}}


PLACES: dict[str, Callable[[list[Any]], Section]] = {
    "hero": _hero,
    "alone": _alone,
    **{f"cards {columns}": _cards(columns) for columns in range(1, 7)},
    **{layout: _gallery(layout) for layout in ("grid", "masonry", "carousel")},
    "quotes": _quotes,
    "plain": _plain,
}


def page_of(place: str, count: int, photo: Any = PHOTO) -> Any:
    """Return a document with pictures in a place, and a logo."""
    items = [{"id": f"i{n}", "title": f"Item {n}", "image": photo} for n in range(count)]
    page = {"title": "Home", "sections": [{"id": "s", **PLACES[place](items)}]}
    return {"site": {"name": "Larkfield", "logo": photo}, "pages": {"home": page}}
