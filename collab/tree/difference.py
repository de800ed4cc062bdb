"""Collects the changes of a Yjs update: the exact ops, and the records that undo them.

Exact ops state what was applied (rule P3 of `collab/SPEC.md`). A record describes one change so
that undo can take it back (`collab/types/records.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from collab.entry import Op, TextChanges
from collab.identity.characters import text_id
from collab.identity.identity_index import IdentityIndex
from collab.ids import Json
from collab.patch.diff import diff
from collab.patch.pointer import Tokens
from collab.patch.text_changes import NO_TEXTS, bounded
from collab.patch.values import same
from collab.tree.event_records import (
    ListChange,
    item_record,
    list_records,
    reported_edit,
    text_record,
)
from collab.tree.summary import TextsBefore, UpdateSummary
from collab.types.events import DirtyPlace
from collab.types.handles import Txn
from collab.types.merging import merge_updates
from collab.types.records import Path, Record, Reinsertion, RemovedText


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

    @contextmanager
    def without_ops(self) -> Iterator[None]:
        """Keep only the records of changes, not their ops: no value shows these changes."""
        count = len(self.ops)
        yield
        for number in range(count, len(self.ops)):
            self.texts.pop(number, None)
        del self.ops[count:]

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

    def change_items(self, old: list[Json], new: list[Json], pointer: str, at: int) -> bool:
        """Add the ops that replace the items `old` of an array, from index `at` on, by `new`.

        Return False when the items have too many moves. Then only the whole array can be replaced.
        """
        ops = [] if same(old, new) else diff(old, new)
        if any(not op["path"] for op in ops):
            return False
        for op in ops:
            placed = {**op, "path": pointer + _shifted(op["path"], at)}
            if "from" in op:
                placed["from"] = pointer + _shifted(op["from"], at)
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
        edit = reported_edit(old, new, inside.deltas)
        inside.deltas.clear()
        found = None if edit is None else edit.replacements
        record = text_record(txn, text, identity, path, new, found, strings)
        if record.hunks or old != new:
            self.records.append(record)
        if edit is not None and old != new:
            self.texts[len(self.ops) - 1] = bounded(old, edit.changes)

    def forget_text(self, text: Any) -> None:
        """Drop the cached ids of an edited text that is not read, because no value shows it."""
        self._identity.cache(self._identity.first_id(text_id(self.txn, text)), None)

    def forget_texts(self) -> None:
        """Drop the cached ids of all texts, because it is unknown which texts were edited."""
        self._identity.forget_texts()

    def note_item(self, path: Path, array: Any, at: int, was: Any, value: Json) -> None:
        """Record that an item of a Y.Array has changed to `value`."""
        self.records.append(item_record(self.txn, array, self._identity, path, at, was, value))

    def note_items(self, path: Path, array: Any, changes: Sequence[ListChange] | None) -> None:
        """Record which items of a Y.Array were replaced."""
        txn, identity, before, chains = self.txn, self._identity, self._before, self._summary.chains
        self.records += list_records(txn, array, identity, path, changes, before, chains)


class RolledBack(NamedTuple):
    """The facts that remain of an update after its rollback.

    `kept` holds the value that the update gave to each area, by the area's location before the
    update. `reinserted` are the characters that the update deleted and the rollback inserted again.
    """

    kept: Mapping[Tokens, Json]
    reinserted: list[Reinsertion]


class Integrated(NamedTuple):
    """The result of a client's update: the update of all transactions, its ops and its records.

    `texts` has the exact changes of a text, by the number of its op. `rolled_back` is set when the
    update changed something outside its limits.
    """

    update: bytes
    ops: list[Op]
    records: list[Record]
    rolled_back: RolledBack | None = None
    texts: Mapping[int, TextChanges] = NO_TEXTS

    @property
    def reinserted(self) -> list[Reinsertion]:
        """The characters that a rollback has inserted again."""
        return [] if self.rolled_back is None else self.rolled_back.reinserted

    def after(self, earlier: Integrated) -> Integrated:
        """Return both changes as one."""
        update = merge_updates([earlier.update, self.update])
        ops, records = [*earlier.ops, *self.ops], [*earlier.records, *self.records]
        first = len(earlier.ops)
        moved = {first + number: changes for number, changes in self.texts.items()}
        return Integrated(update, ops, records, self.rolled_back, {**earlier.texts, **moved})


def _shifted(path: str, by: int) -> str:
    """Return a pointer below an array, whose first token is an index, with a larger index."""
    index, slash, rest = path[1:].partition("/")
    return f"/{int(index) + by}{slash}{rest}"
