"""Deletes hidden elements that no step needs, a few with each write.

A *step* is what one undo takes back. A removed element is only hidden, so that a step can show it
again. `Document.mark_unneeded` finds the hidden elements that no step needs any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from collab.types.layout import ArrayNode, ObjectNode
from collab.types.place import Place, open_path
from collab.types.records import Path, Record, hidden_elements
from collab.types.yjs_document import Transactions
from collab.writing.emptying import empty_at
from collab.writing.removal import remove_entries

# The most hidden elements that one write deletes: 1 ms when each has three blocks of yrs.
MOST_PURGED = 100
# The path of an array, and the key of an element in it.
Element: TypeAlias = tuple[Path, str]


class Purge:
    """The elements that are marked for deletion."""

    def __init__(self) -> None:
        self.marked: list[Element] = []

    def unmark(self, records: Iterable[Record]) -> None:
        """Keep the elements that a change has shown or hidden. Its step needs them."""
        if not self.marked:
            return
        named = {element for record in records for element in hidden_elements(record)}
        self.marked = [element for element in self.marked if element not in named]

    def delete_some(self, transactions: Transactions, root: ObjectNode) -> None:
        """Delete some of the marked elements."""
        keys: dict[Path, list[str]] = {}
        for path, key in self.marked[-MOST_PURGED:]:
            keys.setdefault(path, []).append(key)
        del self.marked[-MOST_PURGED:]
        empty_at(transactions, [(*path, key) for path, own in keys.items() for key in own])
        for path, own in keys.items():
            while not _delete_from(transactions, root, path, own):
                pass


def _delete_from(
    transactions: Transactions, root: ObjectNode, path: Path, keys: Sequence[str]
) -> bool:
    """Delete hidden elements of one array. Return False when the caller must retry."""
    txn = transactions.txn
    place = open_path(txn, Place(transactions.content, root, (), ()), path)
    if place is None or type(place.node) is not ArrayNode:
        return True
    hidden = [key for key in keys if key not in place.node.orders]
    return remove_entries(transactions, place.handle, hidden)
