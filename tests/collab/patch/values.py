"""Strategies for random JSON values and patches, and a page of the size that is measured."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from collab.entry import Op
from collab.patch.pointer import render

KEYS = ["a", "b", "0", "1", "ä/~"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 1.0, -2.5]),
    st.sampled_from(["", "x", "Buy now", "é😀z"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
ROOTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)


def locations(value: Any) -> list[tuple[str, ...]]:
    """Every location in a value, the root first."""
    found: list[tuple[str, ...]] = [()]
    if isinstance(value, dict):
        for key, child in value.items():
            found += [(key, *rest) for rest in locations(child)]
    elif isinstance(value, list):
        for index, child in enumerate(value):
            found += [(str(index), *rest) for rest in locations(child)]
    return found


@st.composite
def ops(draw: st.DrawFn, value: Any) -> Op:
    """An op that names an existing location of `value` in most cases."""
    places = locations(value)
    place = draw(st.sampled_from(places))
    kind = draw(st.sampled_from(["add", "add", "remove", "replace", "move", "copy", "test"]))
    if kind in ("add", "move", "copy"):
        place = (*place, draw(st.sampled_from([*KEYS, "-", "2"]))) if draw(st.booleans()) else place
    op: Op = {"op": kind, "path": render(place)}
    if kind in ("move", "copy"):
        op["from"] = render(draw(st.sampled_from(places)))
    if kind in ("add", "replace", "test"):
        op["value"] = draw(VALUES)
    return op


def page(*, sections: int = 40, fields: int = 12) -> dict[str, Any]:
    """A landing page of about 50 KB: 40 sections, 480 texts."""
    chance = random.Random(7)
    words = ["fast", "pages", "for", "everybody", "who", "sells", "things", "online", "today"]
    return {
        "site": {"name": "Acme"},
        "theme": {"color": "#ff8800"},
        "pages": {
            "home": {
                "title": "Home",
                "sections": [
                    {
                        "id": f"s{number}",
                        "type": "hero",
                        "content": {
                            f"field{field}": " ".join(chance.choices(words, k=16))
                            for field in range(fields)
                        },
                    }
                    for number in range(sections)
                ],
            }
        },
    }
