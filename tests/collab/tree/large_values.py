"""Makes every value of a document a large one, so that the server deletes each in portions."""

from __future__ import annotations

import pytest

from collab.room import working
from collab.structs import subtrees
from collab.tree import large_deletions
from collab.types import yjs_document
from collab.writing import emptying, removal


def make_all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_deletions, "SMALL", 0)
    monkeypatch.setattr(large_deletions, "MOST_BLOCKS", 1)
    monkeypatch.setattr(large_deletions, "LEAST", 1)
    for module in (yjs_document, removal):
        monkeypatch.setattr(module, "MOST_BLOCKS", 3)
    monkeypatch.setattr(removal, "MOST_ENTRIES", 5)


def make_all_hidden(monkeypatch: pytest.MonkeyPatch, limit: int = 1) -> None:
    """Make `limit` hidden blocks very many, so that types are emptied before their deletion."""
    monkeypatch.setattr(large_deletions, "SMALL", 0)
    monkeypatch.setattr(working, "MAY_HIDE", 0)
    for name, value in (("LEAST", 0), ("MOST_GAINED", 0), ("GAINED_SHARE", 1 << 40)):
        monkeypatch.setattr(subtrees, name, value)  # measure exactly, before each deletion
    for module in (large_deletions, emptying, subtrees, working):
        monkeypatch.setattr(module, "MOST_HIDDEN", limit)
