"""Loads a Yjs document into memory, before anything observes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pycrdt import _pycrdt as native

CONTENT: Final = "content"
# Bytes of updates in one transaction. At its end yrs joins what goes on from what is before it, and
# copies all of it each time: what was typed letter by letter over the day took gigabytes at once.
AT_ONCE: Final = 16 * 1024


class Loader:
    """A Yjs document that updates are applied to, until a `Tree` takes it over.

    Invariant: between calls no transaction is open, and the root `content` is a map. `size` is
    how many bytes of updates it was given. With `keeps_deleted` yrs collects no garbage.
    """

    def __init__(self, client_id: int, *, keeps_deleted: bool = False) -> None:
        self.doc = native.Doc(client_id, keeps_deleted, None)
        txn = self.doc.create_transaction()
        self.content: Any = self.doc.get_or_insert_map(txn, CONTENT)
        txn.commit()
        txn.drop()
        self.size = 0

    def apply(self, updates: Iterable[bytes]) -> None:
        """Apply updates in transactions of few; an update is asked for when it is its turn."""
        waiting = iter(updates)
        while self._apply_some(waiting):
            pass

    def _apply_some(self, updates: Iterator[bytes]) -> bool:
        """Whether there may be more."""
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
