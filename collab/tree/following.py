"""Reads an update that another instance has made.

The entry of the update has its ops and records already. So the reader only updates the nodes, and
the cached ids of the texts that the update edits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.ids import Json
from collab.patch.values import same
from collab.tree.difference import Difference
from collab.tree.event_records import ListChange, follow_edit, reported_edit
from collab.types.events import DirtyPlace
from collab.types.records import Path, RemovedText


class FollowedDifference(Difference):
    """Looks up no ids and compares no containers, because `ops` and `records` are not used."""

    def change(self, old: Json, new: Json, at: str) -> bool:
        """Return whether the values differ."""
        return not same(old, new)

    def change_items(self, old: list[Json], new: list[Json], pointer: str, at: int) -> bool:
        """Return that the items need no other op."""
        return True

    def removed(self, path: Path) -> tuple[RemovedText, ...]:
        """Return nothing: the records of the entry name the deleted texts."""
        return ()

    def note_text(self, path: Path, text: Any, old: Json, new: Json, inside: DirtyPlace) -> None:
        """Bring the cached ids of an edited text up to date."""
        assert isinstance(old, str)
        assert isinstance(new, str)
        edit = reported_edit(old, new, inside.deltas)
        inside.deltas.clear()
        found = None if edit is None else edit.replacements
        follow_edit(self.txn, text, self._identity, new, found, self._summary.strings)

    def note_item(self, path: Path, array: Any, at: int, was: Any, value: Json) -> None:
        """Do nothing: the records of the entry name the item."""

    def note_items(self, path: Path, array: Any, changes: Sequence[ListChange] | None) -> None:
        """Do nothing: the records of the entry name the items."""
