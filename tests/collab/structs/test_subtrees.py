"""The hidden blocks inside types: counted at least as yrs has them, and found with their clocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.structs import subtrees
from collab.structs.struct_index import StructIndex
from collab.structs.subtrees import HiddenBlocks, subtree_of
from collab.yjs.update import STORED_BOUNDS, Id, inspect
from tests.collab.yjs.updates import item, shared, uint
from tests.collab.yjs.updates import update as update_of

Edit = Callable[[Any], None]


def sets_and_deletes(content: Any) -> None:
    for number in range(40):
        content["map"][f"k{number}"] = number
    for number in range(40):
        del content["map"][f"k{number}"]


def sets_two_keys_by_turns(content: Any) -> None:
    for number in range(40):
        content["map"][f"k{number % 2}"] = number


def types_in_front(content: Any) -> None:
    content["map"]["text"] = Text()
    for _ in range(40):
        content["map"]["text"].insert(0, "a")


def deletes_each_second(content: Any) -> None:
    content["map"]["text"] = Text("ab" * 40)
    for number in range(40):
        del content["map"]["text"][number]


def fills_an_array(content: Any) -> None:
    content["map"]["array"] = Array([Map({"a": 1, "b": 2}) for _ in range(20)])


EDITS = (
    sets_and_deletes,
    sets_two_keys_by_turns,
    types_in_front,
    deletes_each_second,
    fills_an_array,
)


def made(edit: Edit) -> tuple[StructIndex, StructIndex]:
    """Return the index of a document after edits: kept up to date, and made from the state."""
    doc: Doc[Any] = Doc(client_id=7)
    content: Any = doc.get("content", type=Map)
    kept, updates = StructIndex(), list[bytes]()
    doc.observe(lambda event: updates.append(event.update))
    content["map"] = Map()
    edit(content)
    for update in updates:
        kept.add(inspect(update, STORED_BOUNDS))
    return kept, StructIndex.of(doc.get_update())


def root_of(index: StructIndex) -> Id:
    """Return the first type that the client made."""
    return next(at for at, _ in index.all_alive_types())


@pytest.mark.parametrize("edit", EDITS)
def test_an_index_that_is_kept_counts_at_least_the_blocks_of_the_state(edit: Edit) -> None:
    kept, fresh = made(edit)
    counts = [subtree_of(index, [root_of(index)], "content").hidden for index in (kept, fresh)]
    assert 2 * 40 >= counts[0] >= counts[1] >= 30


@pytest.mark.parametrize("edit", EDITS)
def test_the_ranges_have_everything_but_the_type_itself(edit: Edit) -> None:
    _, index = made(edit)
    root = root_of(index)
    ranges = subtree_of(index, [root], "content").ranges
    assert sum(end - start for start, end in ranges[7]) == index.clocks[7] - 1
    assert root == (7, 0)


@pytest.mark.parametrize("edit", EDITS)
def test_the_estimate_is_at_least_the_count(edit: Edit) -> None:
    for index in made(edit):
        root = root_of(index)
        assert (
            HiddenBlocks("content").most(index, [root])
            >= subtree_of(index, [root], "content").hidden
        )


def test_entries_that_the_value_shows_are_not_hidden() -> None:
    def fills(content: Any) -> None:
        content["map"]["in"] = Map({f"k{number}": Map({"n": 1}) for number in range(40)})

    _, index = made(fills)
    root = root_of(index)
    assert subtree_of(index, [root], "content").hidden <= 0
    assert HiddenBlocks("content").most(index, [root]) == 0
    # The value does not show other root types.
    assert subtree_of(index, [root], "other").hidden == 81
    assert HiddenBlocks("other").most(index, [root]) == 81


def test_types_are_measured_again_after_a_document_has_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subtrees, "MOST_GAINED", 10)
    doc: Doc[Any] = Doc(client_id=7)
    content: Any = doc.get("content", type=Map)
    content["map"] = Map()
    index, sizes = StructIndex.of(doc.get_update()), HiddenBlocks("content")
    assert sizes.most(index, [root_of(index)]) == 0
    known = doc.get_state()
    sets_and_deletes(content)
    index.add(inspect(doc.get_update(known), STORED_BOUNDS))
    assert sizes.most(index, [root_of(index)]) >= 38


@pytest.mark.thorough
def test_measuring_takes_at_most_a_few_times_the_work_of_the_edits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The runs that are measured, for each block that a large document gains."""
    doc: Doc[Any] = Doc(client_id=7)
    content: Any = doc.get("content", type=Map)
    content["map"] = Map({f"k{number}": Map({"n": 1}) for number in range(4_000)})
    index, sizes, measured = StructIndex.of(doc.get_update()), HiddenBlocks("content"), 0

    def counted(self: HiddenBlocks, of: StructIndex) -> None:
        nonlocal measured
        measured += sum(1 for _ in of.all_runs())
        measure(self, of)

    measure = HiddenBlocks._measure
    monkeypatch.setattr(HiddenBlocks, "_measure", counted)
    monkeypatch.setattr(subtrees, "MOST_GAINED", 10)
    sizes.most(index, [root_of(index)])
    first, before = measured, index.blocks
    for number in range(200):
        known = doc.get_state()
        content["map"][f"new{number}"] = Map({f"n{each}": each for each in range(20)})
        index.add(inspect(doc.get_update(known), STORED_BOUNDS))
        sizes.most(index, [root_of(index)])
    assert measured > first, "the document has grown by half"
    assert measured - first < 2 * subtrees.GAINED_SHARE * (index.blocks - before)


def test_a_run_of_millions_of_deleted_clocks_takes_no_time() -> None:
    """The text is at the same place as the deleted clocks before it, so they are one run."""
    length = 2**31 - 9
    deleted = item(1, uint(length), parent=(3, 0))
    structs = [shared(0, root="content", key="list"), deleted, shared(2, origin=(3, length))]
    raw = update_of((3, 0, structs), deletes={3: [(1, length)]})
    index = StructIndex.of(raw)
    assert [at for at, _ in index.all_alive_types()] == [(3, 0), (3, length + 1)]
