"""Deletes entries of Y.Maps in transactions that yrs commits in a few milliseconds.

At the end of a transaction yrs garbage-collects the content of each removed map, entry by entry.
It joins each collected block with the collected blocks beside it. Each join moves all later blocks
of that client: 0.5 ms for each element when there are 450,000 (measured). yrs joins only the
entries that the map still has when it is removed.

So an earlier transaction sets all entries of the map to null. These nulls are the client's last
blocks, so joining them moves no other block. The former entries are collected, but not joined.
When the map that holds a map is removed too, its entry is set to null instead, for the same reason.
150,000 elements take 1.5 s in portions of 5 ms. In a single call they would take 2.2 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

from pycrdt import _pycrdt as native

from collab.types.yjs_document import MOST_BLOCKS, Transactions

# The most entries of a map that yrs collects together with the map, in about 20 ms. Each reload
# doubles this for the rest of the write: a reload takes as long as opening the document.
MOST_ENTRIES: Final = 10_000
# A map, one of its keys, and the value at this key.
_Entry = tuple[Any, str, Any]


class Reloaded(Exception):
    """The document was loaded again. No earlier handle may be used."""


class Remover:
    """Deletes entries of maps in the transactions of a write."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def remove(self, holder: Any, keys: Iterable[str]) -> None:
        """Delete entries of a map with their content.

        This ends the open transaction.
        """
        self._in_portions(holder, keys, is_going=False)

    def _in_portions(self, holder: Any, keys: Iterable[str], *, is_going: bool) -> None:
        """Delete entries of a map. When the map itself `is_going`, set them to null instead."""
        portion: list[_Entry] = []
        blocks = 0
        for key in keys:
            held = holder.get(self._transactions.txn, key)
            left = self.clear(held)
            blocks += left
            portion.append((holder, key, None if left > MOST_BLOCKS else held))
            if blocks >= MOST_BLOCKS:
                self._remove_portion(portion, is_going=is_going)
                portion, blocks = [], 0
        self._remove_portion(portion, is_going=is_going)

    def clear(self, held: Any) -> int:
        """Delete the content of a value when it is large. Return how many blocks are left.

        Raise `Reloaded` when the value, or a value in it, is a map with too many entries
        (`MOST_ENTRIES`). This map is then deleted too. The caller calls again for the content that
        is left.
        """
        blocks = blocks_in(self._transactions.txn, held, MOST_BLOCKS)
        if blocks < MOST_BLOCKS or not isinstance(held, native.Map):
            return blocks
        keys = _keys(self._transactions.txn, held)
        if len(keys) > MOST_ENTRIES << self._transactions.reloads:
            self.remove_map(held)
        self._in_portions(held, keys, is_going=True)
        return MOST_BLOCKS + len(keys)  # its entries are null, and what they held before is left

    def remove_map(self, held: Any) -> NoReturn:
        """Remove a map that has, or had, very many entries. Raises `Reloaded`."""
        self.remove(held, _keys(self._transactions.txn, held))
        self._transactions.remove_empty(held)
        raise Reloaded

    def _remove_portion(self, portion: list[_Entry], *, is_going: bool) -> None:
        """Delete a few entries, with one transaction for each level of their content."""
        if not portion:
            return
        txn = self._transactions.txn
        levels, level = [], portion
        while level:
            levels.append(level)
            maps = (held for _, _, held in level if isinstance(held, native.Map))
            level = [(each, key, each.get(txn, key)) for each in maps for key in _keys(txn, each)]
        if len(levels) > 1 or is_going:
            self._transactions.cut()  # earlier changes of the open transaction are not transient
        for level in reversed(levels if is_going else levels[1:]):
            for holder, key, _ in level:
                holder.insert(self._transactions.txn, key, None)
            self._transactions.cut(is_transient=True)
        if not is_going:
            for holder, key, _ in portion:
                holder.remove(self._transactions.txn, key)
            self._transactions.cut()


def remove_entries(transactions: Transactions, holder: Any, keys: Sequence[str]) -> bool:
    """Delete entries of a map. Return False when the caller must find the map again and retry."""
    there = [key for key in keys if holder.has(transactions.txn, key)]
    try:
        Remover(transactions).remove(holder, there)
    except Reloaded:
        return False
    return True


def _keys(txn: Any, held: Any) -> list[str]:
    return held.keys(txn)  # type: ignore[no-any-return]  # not in its stub


def blocks_in(txn: Any, held: Any, most: int) -> int:
    """Return about how many blocks a value has. Stop counting at `most`."""
    if not isinstance(held, native.Map):
        return 2 if isinstance(held, native.Text) else 1
    if held.len(txn) >= most:
        return most
    blocks = 1
    for key in _keys(txn, held):
        if blocks >= most:
            break
        blocks += blocks_in(txn, held.get(txn, key), most - blocks)
    return blocks
