"""A small landing page with each kind of value."""

from __future__ import annotations

from typing import Any

PAGE: dict[str, Any] = {
    "title": "Landing",
    "width": 960,
    "wide": True,
    "none": None,
    "@order": "an odd key",
    "sections": [
        {"id": "hero", "type": "hero", "headline": "Hello world", "color": "teal"},
        {"id": "cards", "type": "cards", "cards": [{"title": "One"}, {"title": "Two"}]},
        {"id": "foot", "type": "footer", "tags": ["a", 1, None, [2, {"x": "y"}], {}]},
    ],
}
