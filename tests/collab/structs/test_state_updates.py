"""The updates that make a state: which are kept, and when the state has many blocks."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.structs import state_updates
from collab.structs.state_updates import (
    BYTES_OF_A_BLOCK,
    MANY_BLOCKS,
    StateUpdates,
    are_counted_as_many,
)
from collab.yjs.state_pieces import count_structs

STATE, FIRST, SECOND = b"state", b"first", b"second"


def test_updates_are_kept_in_order_and_empty_ones_are_not() -> None:
    updates = StateUpdates([STATE, b"", FIRST])
    updates.add(b"")
    updates.add(SECOND)
    assert updates.all() == [STATE, FIRST, SECOND]
    assert StateUpdates([]).all() == []


def test_a_state_replaces_the_updates_that_make_it_and_keeps_later_ones() -> None:
    updates = StateUpdates([STATE, FIRST])
    earlier = updates.all()
    updates.add(SECOND)
    updates.replace(earlier, b"both", 2)
    assert updates.all() == [b"both", SECOND]


def test_a_state_replaces_nothing_when_its_updates_are_gone() -> None:
    updates = StateUpdates([STATE, FIRST])
    earlier = updates.all()
    updates.reset(b"newer")
    updates.add(SECOND)
    updates.replace(earlier, b"both", 2)
    assert updates.all() == [b"newer", SECOND]
    updates = StateUpdates([b"newer"])
    updates.replace(earlier, b"both", 2)
    assert updates.all() == [b"newer"]


def has_many(updates: StateUpdates) -> bool:
    return updates.may_have_many_blocks


def test_blocks_are_counted_or_bounded_by_the_bytes() -> None:
    assert not has_many(StateUpdates([]))
    updates = StateUpdates([STATE], MANY_BLOCKS)
    assert not has_many(updates)
    updates.add(FIRST)
    assert has_many(updates)
    updates.replace(updates.all(), STATE, 10)
    assert not has_many(updates)
    assert not has_many(StateUpdates([bytes(MANY_BLOCKS * BYTES_OF_A_BLOCK)]))
    assert has_many(StateUpdates([bytes((MANY_BLOCKS + 1) * BYTES_OF_A_BLOCK)]))


def test_a_long_text_has_few_blocks() -> None:
    doc: Doc[Any] = Doc()
    texts = doc.get("content", type=Map)
    state = doc.get_update()
    texts["t"] = Text("x" * 10 * MANY_BLOCKS)
    updates = [doc.get_update()]
    assert has_many(StateUpdates([state, *updates]))
    assert not are_counted_as_many(state, updates)


@pytest.mark.parametrize("length", [50, 500])
def test_no_block_is_missed(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """Each second character is deleted, so each other character is a block."""
    doc: Doc[Any] = Doc()
    text = doc.get("text", type=Text)
    text += "x" * length
    state = doc.get_update()
    numbers = doc.get("numbers", type=Array)
    before = doc.get_state()
    with doc.transaction():
        for at in range(length // 2):
            del text[at]
        for number in range(length):
            numbers.insert(0, number)
    updates = [doc.get_update(before)]
    blocks = count_structs(doc.get_update())
    assert blocks > length
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", blocks - 1)
    assert are_counted_as_many(state, updates)
    assert are_counted_as_many(doc.get_update(), [])
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", 4 * blocks)
    assert not are_counted_as_many(state, updates)
