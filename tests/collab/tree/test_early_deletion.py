"""Large deletions outside of a user's sections are undone from exact copies (rules X8 and G27)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from collab.tree import early_deletion, large_deletions, tree
from collab.tree.early_deletion import CopiedEntries, put_back
from collab.types import yjs_document
from collab.types.exact_copy import NotCopied
from collab.types.yjs_document import YjsDocument
from collab.writing import removal
from tests.collab.room.test_sections_yjs_at_random import walk

pytestmark = pytest.mark.thorough


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> list[CopiedEntries]:
    """Make every deletion a large one. Return a list that gets the entries put back."""
    monkeypatch.setattr(large_deletions, "SMALL", 0)
    monkeypatch.setattr(large_deletions, "MOST_BLOCKS", 1)
    for module in (yjs_document, removal):
        monkeypatch.setattr(module, "MOST_BLOCKS", 3)
    monkeypatch.setattr(removal, "MOST_ENTRIES", 5)
    monkeypatch.setattr(tree, "LARGE", 0)
    found: list[CopiedEntries] = []

    def noted(document: YjsDocument, outside: list[CopiedEntries]) -> bytes:
        found.extend(outside)
        return put_back(document, outside)

    monkeypatch.setattr(tree, "put_back", noted)
    return found


def test_x8_no_large_deletion_changes_anything_outside(restored: list[CopiedEntries]) -> None:
    met: Counter[str] = Counter()
    for seed in range(40):
        walk(seed, met)
    assert len(restored) > 20


def test_x8_yrs_brings_back_an_entry_that_cannot_be_copied(
    restored: list[CopiedEntries], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(txn: object, held: object) -> Iterator[None]:
        raise NotCopied

    monkeypatch.setattr(early_deletion, "exact_copy", refused)
    met: Counter[str] = Counter()
    for seed in range(10):
        walk(seed, met)
    assert not restored
