"""A dry run of an undo, on overlays of the Yjs types."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map

from collab.document.document import Document
from collab.identity.identity_index import IdentityIndex
from collab.writing import overlay
from collab.writing.overlay import ArrayOverlay
from tests.line_count import lines_run


def _with_scattered_items(length: int, count: int) -> Document:
    """Return a document with a Y.Array, into which Ada has inserted items at `count` places."""
    client: Doc[Any] = Doc(client_id=9)
    content = client.get("content", type=Map)
    content["list"] = Array(list(range(length)))
    document = Document.create(1)
    document.integrate(client.get_update(), version=1, user="root", at=0)
    before = client.get_state()
    with client.transaction():
        for number in range(count):
            content["list"].insert((count - number) * 5, "new")
    document.integrate(client.get_update(before), version=2, user="ada", at=10_000)
    return document


def _lines_of_undo(length: int) -> int:
    document = _with_scattered_items(length, 20)

    def undo() -> None:
        document.undo("ada", version=3, at=20_000, check=lambda value, ops: None)

    lines = lines_run(undo, overlay)
    assert document.value == {"list": list(range(length))}
    return lines


def test_u11_a_dry_run_finds_items_in_the_same_time_in_a_longer_array() -> None:
    assert _lines_of_undo(1_600) == _lines_of_undo(200)


@pytest.mark.parametrize("seed", range(20))
def test_an_overlay_finds_the_items_of_the_real_array_that_it_still_has(seed: int) -> None:
    rng = Random(seed)
    doc: Doc[Any] = Doc(client_id=9)
    doc.get("content", type=Map)["list"] = array = Array(list(range(12)))
    with doc.transaction() as transaction:
        txn = transaction._txn
        over = ArrayOverlay(txn, array.integrated, IdentityIndex())
        expected: list[Any] = list(range(12))
        for number in range(40):
            at = rng.randint(0, len(expected))
            if rng.random() < 0.5:
                over.insert(txn, at, f"new {number}")
                expected.insert(at, f"new {number}")
            else:
                over.remove_range(txn, at, len(expected[at : at + 2]))
                del expected[at : at + 2]
            assert over.raw() == expected
            for real in range(12):
                run = (9, 1 + real, 1)
                found = [expected.index(real)] if real in expected else []
                assert over.where([run]) == found
                assert [over.first(index) for index in found] == [run[:2] for _ in found]
