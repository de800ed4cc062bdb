"""Makes every value of a document a large one, so that the server deletes each in portions."""

from __future__ import annotations

import pytest

from collab.tree import large_deletions
from collab.types import yjs_document
from collab.writing import removal


def make_all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_deletions, "SMALL", 0)
    monkeypatch.setattr(large_deletions, "MOST_BLOCKS", 1)
    monkeypatch.setattr(large_deletions, "LEAST", 1)
    for module in (yjs_document, removal):
        monkeypatch.setattr(module, "MOST_BLOCKS", 3)
    monkeypatch.setattr(removal, "MOST_ENTRIES", 5)
