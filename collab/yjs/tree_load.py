"""A Yjs document on its way into memory: nobody listens to it yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pycrdt import _pycrdt as native

CONTENT: Final = "content"


class Load:
    """A Yjs document that is given what it holds, for a `Tree` to take over.

    Invariant: between calls no transaction is open, and the root `content` is a map.
    """

    def __init__(self, client_id: int) -> None:
        self.doc = native.Doc(client_id, None, None)
        txn = self.doc.create_transaction()
        self.content: Any = self.doc.get_or_insert_map(txn, CONTENT)
        txn.commit()
        txn.drop()

    def apply(self, updates: Iterable[bytes]) -> None:
        """Those that there are when it is their turn, in one transaction."""
        txn = self.doc.create_transaction()
        try:
            for update in updates:
                self.doc.apply_update(txn, update)
        finally:
            txn.commit()
            txn.drop()
