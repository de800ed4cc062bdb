"""Collects the changes of a Yjs update: the exact ops, and the records that undo them.

Exact ops state what was applied (rule P3 of `collab/SPEC.md`). A record describes one change so
that undo can take it back (`collab/types/records.py`).
"""

from __future__ import annotations

from typing import Any

from collab.entry import Op, TextChanges
from collab.identity.identity_index import IdentityIndex
from collab.ids import Json
from collab.patch.diff import diff
from collab.patch.text_changes import bounded
from collab.patch.values import same
from collab.tree.event_records import (
    changes_of,
    item_record,
    list_records,
    replacements_of,
    text_record,
)
from collab.tree.summary import TextsBefore, UpdateSummary
from collab.types.events import DirtyPlace
from collab.types.handles import Txn
from collab.types.records import Path, Record, RemovedText


class Difference:
    """Collects the ops and records of an update.

    `summary` describes the update. `before` holds the ids that texts and lists had before the
    update.

    Invariant: `ops` turn the old value into the new one. `texts` has the exact changes of a text,
    by the number of its op. `records`, taken back in reverse order, undo them.
    """

    def __init__(
        self, txn: Txn, identity: IdentityIndex, summary: UpdateSummary, before: TextsBefore
    ) -> None:
        self.txn = txn
        self.ops: list[Op] = []
        self.texts: dict[int, TextChanges] = {}
        self.records: list[Record] = []
        self._identity = identity
        self._summary = summary
        self._before = before

    def change(self, old: Json, new: Json, at: str) -> bool:
        """Add the ops that change a place from `old` to `new`. Return whether there are any."""
        if same(old, new):
            return False
        if not (isinstance(old, dict | list) and type(old) is type(new)):
            self.ops.append({"op": "replace", "path": at, "value": new})
            return True
        for op in diff(old, new):
            placed = {**op, "path": at + op["path"]}
            if "from" in op:
                placed["from"] = at + op["from"]
            self.ops.append(placed)
        return True

    def removed(self, path: Path) -> tuple[RemovedText, ...]:
        """Return the deleted texts at and below a path, with the ids that undo steps refer to."""
        return self._before.under(self._identity, path)

    def note_text(self, path: Path, text: Any, old: Json, new: Json, inside: DirtyPlace) -> None:
        """Record an edit of a text.

        Both strings can be equal: an edit can replace characters by equal ones, with new ids.
        """
        assert isinstance(old, str)
        assert isinstance(new, str)
        txn, identity, strings = self.txn, self._identity, self._summary.strings
        found = replacements_of(old, new, inside.deltas)
        inside.deltas.clear()
        record = text_record(txn, text, identity, path, new, found, strings)
        if record.hunks or old != new:
            self.records.append(record)
        if found is not None and old != new:
            self.texts[len(self.ops) - 1] = bounded(old, changes_of(found))

    def note_item(self, path: Path, array: Any, at: int, was: Any, value: Json) -> None:
        """Record that an item of a Y.Array has changed to `value`."""
        self.records.append(item_record(self.txn, array, self._identity, path, at, was, value))

    def note_items(
        self, path: Path, array: Any, was: list[Any], value: list[Json], inside: DirtyPlace
    ) -> None:
        """Record which items of a Y.Array were replaced."""
        txn, identity, before = self.txn, self._identity, self._before
        self.records += list_records(txn, array, identity, path, was, value, inside.deltas, before)
