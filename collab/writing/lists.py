"""Writes items of Y.Arrays, records them by their ids, and finds them again by these ids.

The server itself creates only keyed arrays. Y.Arrays come from Yjs clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from collab.identity.characters import id_at, text_id
from collab.identity.items import MOST_STEPS, first_ids, items_hunk, spots
from collab.types.build import Builder
from collab.types.handles import ArrayStandIn, Txn, get_or_none, raw_of
from collab.types.layout import ListNode, read
from collab.types.place import Place
from collab.types.records import (
    UNNAMED,
    ItemsHunk,
    ListRecord,
    fingerprint,
)
from collab.writing.journal import Journal
from collab.yjs.spans import Id, Run


class ListWriter:
    """Adds items to Y.Arrays and removes them."""

    def __init__(self, journal: Journal, build: Builder) -> None:
        self._journal = journal
        self._build = build
        self._identity = journal.identity
        self._removed_in: Txn | None = None  # the last transaction that removed items

    @property
    def _txn(self) -> Txn:
        return self._journal.open.txn

    def splice(
        self, place: Place, at: int, count: int, raws: Sequence[Any], again: Sequence[Run] = ()
    ) -> Place:
        """Replace `count` items by new items, whose layouts are `raws`.

        When undo puts items back, `again` has the first ids of these items. Return the place,
        which may have a new handle. The earlier handle is not used again.
        """
        node, handle, txn = place.node, place.handle, self._txn
        assert type(node) is ListNode
        removed = tuple(self._items(handle, range(at, at + count)))
        is_overlay = isinstance(handle, ArrayStandIn)
        is_slow = count * (at + count) > MOST_STEPS
        gone: tuple[Run, ...] = ()
        if not is_overlay and not is_slow:
            gone = first_ids(txn, handle, self._identity, at, at + count)
        if count:
            handle = self._journal.clear_items(place, at, count)
            handle.remove_range(self._txn, at, count)
            self._removed_in = self._txn
        pairs = [read(raw) for raw in raws]
        node.children[at : at + count] = [inner for _, inner in pairs]
        for _ in range(count):
            self._journal.emit("remove", (*place.tokens, str(at)))
        for offset, (raw, (value, _)) in enumerate(zip(raws, pairs, strict=True)):
            tokens = (*place.tokens, str(at + offset))
            self._journal.emit("add", tokens, value)
            self._build.put_at(handle, at + offset, raw, tokens)
        if isinstance(handle, ArrayStandIn):
            handle.set_identity(at, [(one[0], one[1] + n) for one in again for n in range(one[2])])
            return place
        txn = self._txn  # the builder may have ended one transaction and begun another
        self._note_reinserted(handle, at, again)
        values = tuple(fingerprint(value) for value, _ in pairs)
        hunk = items_hunk(txn, handle, self._identity, at, removed, gone, values)
        own = self._identity.first_id(text_id(txn, handle))
        self._journal.note(ListRecord(place.path, own, hunk))
        return place._replace(handle=handle)

    def _note_reinserted(self, handle: Any, at: int, again: Sequence[Run]) -> None:
        for client, clock, length in again:
            if client == UNNAMED:
                at += length
                continue
            for offset in range(length):
                now = id_at(self._txn, handle, at)
                self._journal.add_reinsertion((client, clock + offset, 1, *now))
                at += 1

    def take_back(self, place: Place, record: ListRecord) -> bool:
        """Take back a record of a list. Return whether any of its change was still there."""
        hunk, handle = record.hunk, place.handle
        if self._own(handle) != record.array:
            return False
        spots = self._spots(handle, hunk.inserted)
        if len(spots) == len(hunk.values):
            spots = [
                at
                for at, item, value in zip(
                    spots, self._items(handle, spots), hunk.values, strict=True
                )
                if value == fingerprint(read(item)[0])
            ]
        if hunk.inserted and not spots:
            return False
        spots.sort()  # undo may have put the items back in another order
        at = spots[0] if spots else self._gap(handle, hunk)
        if at is None:
            return False
        for start, count in reversed(list(_stretches(spots))):
            place = self.splice(place, start, count, [])
        if hunk.removed:
            self.splice(place, at, 0, hunk.removed, hunk.gone)
        return True

    def _items(self, handle: Any, spots: Sequence[int]) -> list[Any]:
        """Return the JSON forms of the items at these indexes."""
        if len(spots) * handle.len(self._txn) > MOST_STEPS:
            every = raw_of(self._txn, handle)
            return [every[at] for at in spots]
        return [raw_of(self._txn, get_or_none(self._txn, handle, at)) for at in spots]

    def _own(self, handle: Any) -> Id | None:
        """Return the first id of a Y.Array itself, or None when a dry run only plans the array."""
        real = handle.handle if isinstance(handle, ArrayStandIn) else handle
        return None if real is None else self._identity.first_id(text_id(self._txn, real))

    def _spots(self, handle: Any, runs: Sequence[Run]) -> list[int]:
        """Return the indexes of the items whose first ids are in the runs."""
        if isinstance(handle, ArrayStandIn):
            return handle.where(runs)
        txn, identity = self._txn, self._identity
        is_same = self._removed_in is not txn
        each = (spots(txn, handle, identity, run, is_unchanged=is_same) for run in runs)
        return [at for found in each for at in found]

    def _gap(self, handle: Any, hunk: ItemsHunk) -> int | None:
        """Return the index where a hunk removed items; None when both neighbours are gone."""
        if hunk.left is None and hunk.right is None:
            return 0
        for beside, step in ((hunk.left, 1), (hunk.right, 0)):
            if beside is not None and (spots := self._spots(handle, [(*beside, 1)])):
                return spots[0] + step
        return None


def _stretches(spots: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first index and the length of each stretch of indexes that follow each other."""
    start = 0
    for at in range(1, len(spots) + 1):
        if at == len(spots) or spots[at] != spots[at - 1] + 1:
            yield spots[start], at - start
            start = at
