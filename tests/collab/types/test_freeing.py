"""A large document is freed in steps, whatever takes its last reference away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from collab.document.document import Document
from collab.document.opening import Opening
from collab.ids import Json
from collab.tree.sections import Limits, TrialCopy
from collab.types.freeing import FREEING, READ, TYPES, Memory, OwnedDoc, _free_here
from collab.types.loader import Loader

pytestmark = pytest.mark.thorough

MANY = 40 * TYPES


@pytest.fixture
def freed() -> Iterator[list[Memory]]:
    """The large documents that went away."""
    gc.collect()
    memories: list[Memory] = []
    FREEING.use(memories.append)
    yield memories
    FREEING.use(_free_here)


def opened(value: Json) -> Document:
    document = Document.create(1)
    ops = [{"op": "add", "path": "/held", "value": value}]
    document.patch(ops, version=1, user="ada", at=0, kind="create")
    return document


LARGE: dict[str, Json] = {
    "numbers": [0] * MANY,
    "texts": ["word"] * MANY,
    "objects": [{"id": f"e{number}"} for number in range(MANY)],
    "lists": [[0] * TYPES for _ in range(MANY // TYPES)],
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_a_large_document_pauses_while_it_is_freed(freed: list[Memory], value: Json) -> None:
    document = opened(value)
    document.close()
    del document
    [memory] = freed
    pauses: list[bool] = []
    memory.free(lambda: pauses.append(not memory._docs))  # type: ignore[attr-defined]
    assert sum(pauses) >= MANY // TYPES  # the last reference is gone, and yrs frees the blocks


@pytest.mark.parametrize("value", [0, "word"], ids=["numbers", "texts"])
def test_the_members_of_a_flat_object_are_read_with_pauses(
    freed: list[Memory], value: Json
) -> None:
    document = opened({f"k{number}": value for number in range(12 * READ)})
    document.close()
    del document
    [memory] = freed
    before: list[bool] = []
    memory.free(lambda: before.append(bool(memory._docs)))  # type: ignore[attr-defined]
    texts = 12 * READ // TYPES if value else 0
    assert sum(before) >= 12 + texts  # yrs has all blocks still


def test_a_document_that_is_never_closed_is_freed_in_steps(freed: list[Memory]) -> None:
    opened(LARGE["numbers"])
    gc.collect()  # it is part of a cycle
    assert len(freed) == 1


def test_a_small_document_is_freed_at_once(freed: list[Memory]) -> None:
    opened([0] * 10)
    assert freed == []


def test_an_opening_that_fails_is_freed_in_steps(freed: list[Memory]) -> None:
    snapshot = opened(LARGE["numbers"]).snapshot()
    freed.clear()
    opening = Opening.of(snapshot, (), 1)
    opening.apply_some(lambda: 0.0, 1.0)
    assert freed == []
    del opening
    assert len(freed) == 1


def test_a_trial_copy_is_freed_in_steps(freed: list[Memory]) -> None:
    document = opened(LARGE["numbers"])
    areas = document._tree._placed_areas(Limits((), frozenset(), has_items=False))
    TrialCopy(7, document.update_since(b"\0"), areas, ()).close()
    assert len(freed) == 1


def test_the_old_document_of_a_reload_is_freed_in_steps(freed: list[Memory]) -> None:
    document = opened([0 for _ in range(110 * TYPES)])  # so many that their removal reloads it
    remove = [{"op": "remove", "path": "/held"}]
    document.patch(remove, version=2, user="ada", at=0)
    assert len(freed) == 1
    document.close()


def test_a_document_with_an_open_transaction_is_freed(freed: list[Memory]) -> None:
    document = OwnedDoc(Loader(1).doc)
    transaction: Any = document.doc.create_transaction()
    del document
    [memory] = freed
    memory.free(lambda: None)
    transaction.drop()


def test_without_a_thread_a_large_document_is_freed_where_it_goes() -> None:
    document = opened(LARGE["numbers"])
    document.close()
    del document
