"""A document in memory."""

from __future__ import annotations

from collab.ports.store import Snapshot
from storage.memory.document import Document


def test_only_the_last_two_undo_steps_are_kept() -> None:
    document = Document()
    for version in (1, 2, 3, 4):
        document.save(Snapshot(version, b"body", b"steps"))
    assert sorted(document.steps) == [3, 4]
    assert sorted(document.snapshots) == [1, 2, 3, 4]
