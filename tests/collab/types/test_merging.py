"""Updates merged in Python have the effect of all of them, one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.types.merging import merged_in_order
from tests.collab.yjs.test_state_pieces import written


def transactions(seed: int, clients: int) -> tuple[Doc[Any], list[bytes]]:
    """Return a document of several clients, and the updates of its own transactions."""
    source, doc = written(seed, clients), Doc[Any](client_id=5)
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    text = doc.get("content", type=Map)["own"] = Text("one two")
    doc.apply_update(source.get_update())
    text.insert(0, "é😀 three")
    del doc.get("content", type=Map)["own"]
    return doc, updates


@pytest.mark.parametrize("clients", [1, 3])
@pytest.mark.parametrize("seed", range(10))
def test_merged_updates_give_the_same_document(seed: int, clients: int) -> None:
    doc, updates = transactions(seed, clients)
    merged = merged_in_order(updates)
    assert merged is not None
    again = Doc[Any](client_id=6)
    again.apply_update(merged)
    assert again.get_state() == doc.get_state()
    values = [one.get("content", type=Map).to_py() for one in (again, doc)]
    assert values[0] == values[1]


def test_updates_with_a_gap_are_not_merged() -> None:
    _, updates = transactions(1, 1)
    assert merged_in_order([updates[0], updates[-1], updates[0]]) is None
