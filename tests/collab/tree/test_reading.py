"""How a document is read from its Yjs types: a large one type by type, a small one at once."""

from __future__ import annotations

from typing import Any

import pytest

from collab.document.document import Document
from collab.tree import tree
from collab.types import handles

ONE = [{"op": "add", "path": "/texts", "value": [f"text {number}" for number in range(50)]}]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the types that were read in one native call, from now on."""
    read: list[Any] = []
    reads = handles.raw_at_once

    def noted(txn: Any, handle: Any) -> Any:
        read.append(handle)
        return reads(txn, handle)

    monkeypatch.setattr(tree, "raw_at_once", noted)
    return read


def test_a_small_document_is_opened_at_once(at_once: list[Any]) -> None:
    document = Document.create(1)
    document.patch(ONE, version=1, user="ada", at=0)
    Document.open(document.snapshot(), [], 1)
    assert len(at_once) == 2


def test_a_document_that_has_become_large_while_it_was_open_is_not_read_at_once(
    at_once: list[Any],
) -> None:
    document = Document.create(1)
    document.patch(ONE, version=1, user="ada", at=0)
    document.patch([{"op": "remove", "path": "/texts/7"}], version=2, user="ada", at=0)
    at_once.clear()
    assert document.mark_unneeded() == 0  # the user's step needs it
    assert len(at_once) == 1
    more = [{"op": "add", "path": "/more", "value": ["words " * 40] * 1_000}]
    document.patch(more, version=3, user="ada", at=0)
    assert document.mark_unneeded() == 0
    assert document.read() == document.value
    assert len(at_once) == 1
