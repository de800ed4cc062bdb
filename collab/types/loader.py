"""Loads a Yjs document into memory, before anything observes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pycrdt import _pycrdt as native

from collab.types.freeing import OwnedDoc

CONTENT: Final = "content"
# A transaction ends after this many bytes of updates. At its end yrs joins structs that continue
# each other, and copies all of the joined text each time. So a day's typing, letter by letter,
# took gigabytes of memory in one transaction.
AT_ONCE: Final = 16 * 1024


class Loader:
    """A Yjs document to which updates are applied until a `Tree` takes it over.

    Invariant: between calls no transaction is open, and the root `content` is a map. `size` is
    the total bytes of the updates applied. With `keeps_deleted` yrs collects no garbage.
    """

    def __init__(self, client_id: int, *, keeps_deleted: bool = False) -> None:
        self.owned = OwnedDoc(native.Doc(client_id, keeps_deleted, None))
        self.doc = self.owned.doc
        txn = self.doc.create_transaction()
        self.content: Any = self.doc.get_or_insert_map(txn, CONTENT)
        txn.commit()
        txn.drop()
        self.size = 0

    def apply(self, updates: Iterable[bytes]) -> None:
        """Apply updates in small transactions. Each update is read only when it is needed."""
        waiting = iter(updates)
        while self._apply_some(waiting):
            pass

    def _apply_some(self, updates: Iterator[bytes]) -> bool:
        """Apply the updates of one transaction. Return whether there may be more."""
        size = 0
        txn = self.doc.create_transaction()
        try:
            for update in updates:
                self.doc.apply_update(txn, update)
                size += len(update)
                if size > AT_ONCE:
                    return True
            return False
        finally:
            self.size += size
            txn.commit()
            txn.drop()
