"""Makes records from the events of texts and lists.

A record describes one write, so that undo can take the write back. Records name characters and
items by their first ids (`collab/types/records.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from collab.entry import TextChanges
from collab.identity.characters import Characters, text_id, units
from collab.identity.identity_index import IdentityIndex
from collab.identity.item_chains import ItemChains
from collab.identity.items import first_ids, items_hunk
from collab.identity.labels import labels_between
from collab.identity.new_strings import NewStrings, runs_in
from collab.ids import Json
from collab.patch.text_changes import changed_text, composed
from collab.patch.utf16 import units_between
from collab.tree.summary import TextsBefore
from collab.types.events import Delta
from collab.types.handles import Txn
from collab.types.records import (
    Hunk,
    ItemsHunk,
    Label,
    ListRecord,
    Path,
    Sides,
    TextRecord,
    fingerprint,
)
from collab.yjs.spans import Run


def text_record(
    txn: Txn,
    text: Any,
    identity: IdentityIndex,
    path: Path,
    new: str,
    found: Sequence[Replacement] | None,
    strings: NewStrings,
) -> TextRecord:
    """Return the record of a text edit. `found` are its replacements, if they are known.

    The record has no hunks (`Hunk`) in two cases: the text has embedded objects, or its events are
    not enough to compute the exact edit. Then undo cannot take the edit back.
    """
    own = identity.first_id(at := text_id(txn, text))
    if found is None or text.len(txn) != len(new.encode()):
        identity.cache(own, None)
        return TextRecord(path, own, ())
    before, after = identity.cached(own), None
    inserted = _ids_in_update(found, runs_in(strings, at))
    if inserted is None or (before is None and any(map(_DELETED, found))):
        after = Characters.read(txn, text, identity.deletions)
        inserted = [after.between(one.at, one.at + units(one.inserted)) for one in found]
    hunks: list[Hunk] = []
    labels: list[tuple[Label, ...]] = [()] * len(found)
    if before is not None:
        labels = [_labels(before, identity, one) for one in found]
    if after is None and before is not None:
        _splice(before, found, inserted)
        after = before
    for one, runs, labelled in zip(found, inserted, labels, strict=True):
        first = tuple(identity.first_runs(runs))
        sides = () if after is None else (_sides(after, identity, one),)
        hunks.append(Hunk(one.deleted, labelled, first, sides))
    identity.cache(own, after)
    return TextRecord(path, own, tuple(hunks))


def follow_edit(
    txn: Txn,
    text: Any,
    identity: IdentityIndex,
    new: str,
    found: Sequence[Replacement] | None,
    strings: NewStrings,
) -> None:
    """Bring the cached ids of a text up to date. Drop them when that needs a search in the text.

    The arguments are those of `text_record`.
    """
    own = identity.first_id(at := text_id(txn, text))
    cached = identity.cached(own)
    if cached is None:
        return
    is_plain = found is not None and text.len(txn) == len(new.encode())
    inserted = None
    if found is not None and is_plain:
        inserted = _ids_in_update(found, runs_in(strings, at))
    if found is None or inserted is None:
        identity.cache(own, None)
    else:
        _splice(cached, found, inserted)


def _splice(
    characters: Characters, found: Sequence[Replacement], inserted: Sequence[Sequence[Run]]
) -> None:
    """Apply the replacements of a text to its ids."""
    for one, runs in zip(reversed(found), reversed(inserted), strict=True):
        characters.splice(one.was, one.end, runs)


def _ids_in_update(found: Sequence[Replacement], runs: Sequence[Run]) -> list[list[Run]] | None:
    """Return the ids of the inserted text, or None when `runs` does not give them.

    `runs` are the text's new characters (`NewStrings`). When the update has deleted some of them
    again, the text has fewer.
    """
    ids: list[list[Run]] = []
    left = list(runs)
    for one in found:
        size = units(one.inserted) if one.inserted else 0
        ids.append(left if size else [])
        if size:
            for run in left:
                size -= run[2]
            if size or not left:
                return None
            left = []  # all new characters are in this place
    return ids


def _labels(before: Characters, identity: IdentityIndex, one: Replacement) -> tuple[Label, ...]:
    return labels_between(before, identity, one.was, one.end)


def _sides(after: Characters, identity: IdentityIndex, one: Replacement) -> Sides:
    return identity.first_sides(after.beside(one.at, one.at + units(one.inserted)))


class Replacement(NamedTuple):
    """One replacement in a text.

    - `was` and `end` are its offsets in the old text, and `at` is its offset in the new text, in
      UTF-16 units.
    - `deleted` and `inserted` are the old and the new characters.
    """

    was: int
    end: int
    at: int
    deleted: str
    inserted: str


_DELETED = attrgetter("deleted")
_CHANGE = attrgetter("was", "end", "inserted")


class ReportedEdit(NamedTuple):
    """What the events of a text report: replacements of the old text, and the same as changes."""

    replacements: list[Replacement]
    changes: TextChanges


def reported_edit(old: str, new: str, deltas: Sequence[Delta]) -> ReportedEdit | None:
    """Return the edit that the events of a text report. Each delta is that of one transaction.

    None when they change more than characters.
    """
    found: list[Replacement] | None = []
    changes: TextChanges = ()
    text = old
    for delta in deltas:
        found = _replacements(text, delta)
        if found is None:
            return None
        now = tuple(map(_CHANGE, found))
        changes, text = composed(changes, now) if changes else now, changed_text(text, now)
    if found is None or text != new:
        return None
    return ReportedEdit(found if len(deltas) == 1 else _replaced(old, changes), changes)


def _replaced(old: str, changes: TextChanges) -> list[Replacement]:
    found: list[Replacement] = []
    shift = 0
    for start, end, text in changes:
        found.append(Replacement(start, end, start + shift, units_between(old, start, end), text))
        shift += units(text) - (end - start)
    return found


def _replacements(old: str, delta: Delta) -> list[Replacement] | None:
    """Return the replacements of one event, or None when it changes more than characters."""
    size = len if old.isascii() else units
    raw, at = old.encode(), 0
    was = now = 0
    found: list[Replacement] = []
    is_open = False
    for step in delta:
        count = int(step.get("retain") or step.get("delete") or 0)
        inserted = step.get("insert", "")
        if not isinstance(inserted, str):
            return None
        taken = raw[at : at + count].decode(errors="replace")
        at += count
        if "retain" in step:
            was, now, is_open = was + size(taken), now + size(taken), False
            continue
        if not is_open:
            found.append(Replacement(was, was, now, "", ""))
            is_open = True
        last = found[-1]
        was, now = was + size(taken), now + units(inserted)
        found[-1] = last._replace(
            end=was, deleted=last.deleted + taken, inserted=last.inserted + inserted
        )
    return found


class ListChange(NamedTuple):
    """One replacement in a Y.Array.

    - `was` is its index in the old list, and `removed` are the layouts of the removed items.
    - `at` is its index in the new list, and `values` are the new items.
    """

    was: int
    removed: tuple[Any, ...]
    at: int
    values: tuple[Json, ...]


def list_records(
    txn: Txn,
    array: Any,
    identity: IdentityIndex,
    path: Path,
    changes: Sequence[ListChange] | None,
    texts_before: TextsBefore,
    chains: ItemChains,
) -> list[ListRecord]:
    """Return the records of a Y.Array's replacements. `texts_before` has the ids of old items.

    When the replacements are not known (None), undo cannot take the edit back.
    """
    own = identity.first_id(text_id(txn, array))
    if changes is None:
        return [ListRecord(path, own, ItemsHunk(()))]
    records: list[ListRecord] = []
    for was, removed, at, new in changes:
        values = tuple(map(fingerprint, new))
        was_there = texts_before.items(path, was, was + len(removed))
        hunk = items_hunk(txn, array, identity, at, removed, was_there, values, chains)
        records.append(ListRecord(path, own, hunk))
    return records


def item_record(
    txn: Txn, array: Any, identity: IdentityIndex, path: Path, at: int, was: Any, value: Json
) -> ListRecord:
    """Return the record of one item that has changed to `value`."""
    inserted = first_ids(txn, array, identity, at, at + 1)
    own = identity.first_id(text_id(txn, array))
    return ListRecord(path, own, ItemsHunk((was,), (), inserted, (fingerprint(value),)))
