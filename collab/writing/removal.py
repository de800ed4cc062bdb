"""Removing entries of Y.Maps for good, in transactions that yrs commits in a few milliseconds.

At the end of a transaction yrs collects what lies in a removed map, entry by entry, and joins what
was collected with what it finds beside it. Each time it moves all later blocks of that client:
0.5 ms for each element where there are 450,000 (measured). It does so for entries that were there
when their map was removed. So all entries are set to null before, in a transaction of their own:
then these nulls are joined, which are the client's last blocks, and the entries before them are
only collected. 150,000 elements take 1.5 s in portions of 5 ms, in place of 2.2 s at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pycrdt import _pycrdt as native

from collab.types.yjs_document import MOST_BLOCKS, Transactions

# Entries of a map that yrs collects with it, some 20 ms.
MOST_ENTRIES: Final = 10_000
# An entry of a map, and what it holds.
_Entry = tuple[Any, str, Any]


class Reloaded(Exception):
    """The document was loaded again: the handles of before may not be used any more."""


class Remover:
    """Removes entries of maps through the transactions of a write."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def remove(self, holder: Any, keys: Iterable[str]) -> int:
        """Remove entries of a map for good, with all that lies in them; how many blocks that was.

        The transaction that was open is ended.
        """
        portion: list[_Entry] = []
        blocks = before = 0
        for key in keys:
            held = holder.get(self._transactions.txn, key)
            blocks += self.clear(held)
            portion.append((holder, key, held))
            if blocks - before >= MOST_BLOCKS:
                self._remove_portion(portion)
                portion, before = [], blocks
        self._remove_portion(portion)
        return blocks

    def clear(self, held: Any) -> int:
        """Remove what lies in a value when that is much; how many blocks are left of it.

        Raises `Reloaded` when a map of very many entries was removed: then there may be others.
        """
        blocks = blocks_in(self._transactions.txn, held, MOST_BLOCKS)
        if blocks < MOST_BLOCKS or not isinstance(held, native.Map):
            return blocks
        keys = _keys(self._transactions.txn, held)
        self.remove(held, keys)
        if len(keys) > MOST_ENTRIES:
            self._transactions.remove_empty(held)
            raise Reloaded
        return 1

    def _remove_portion(self, portion: list[_Entry]) -> None:
        """Remove few entries, in one transaction for each level of what lies in them."""
        if not portion:
            return
        txn = self._transactions.txn
        levels, level = [], portion
        while level:
            levels.append(level)
            maps = (held for _, _, held in level if isinstance(held, native.Map))
            level = [(each, key, each.get(txn, key)) for each in maps for key in _keys(txn, each)]
        if len(levels) > 1:
            self._transactions.cut()  # what is written before is no part of what goes
        for level in reversed(levels[1:]):
            for holder, key, _ in level:
                holder.insert(self._transactions.txn, key, None)
            self._transactions.cut(is_transient=True)
        for holder, key, _ in portion:
            holder.remove(self._transactions.txn, key)
        self._transactions.cut()


def _keys(txn: Any, held: Any) -> list[str]:
    return held.keys(txn)  # type: ignore[no-any-return]  # not in its stub


def blocks_in(txn: Any, held: Any, most: int) -> int:
    """About how many blocks a value is; counted until there are as many as this."""
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
