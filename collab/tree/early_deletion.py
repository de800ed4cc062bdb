"""Makes the large deletions of a Yjs update in portions, before the update is applied.

A user with section rights may not delete what is outside of the sections. Such an entry is copied
first. When the server rolls back the update, it writes the copy. yrs could bring the entry back
too, but only in one call, which blocks the interpreter for a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from collab.tree.large_deletions import LargeDeletion, TypesPath, map_at
from collab.tree.sections import PlacedAreas
from collab.types.exact_copy import CopyWriter, NotCopied, exact_copy
from collab.types.handles import Txn
from collab.types.yjs_document import Transactions, YjsDocument
from collab.writing.removal import remove_entries


class CopiedEntries(NamedTuple):
    """Deleted entries of one map, and an exact copy of each value."""

    path: TypesPath
    copies: dict[str, Any]


class EarlyDeletion(NamedTuple):
    """Deletions that the server has made. `update` is their update.

    `outside` are the entries among them that may have to come back. The observer does not know of
    their deletion yet.
    """

    update: bytes = b""
    outside: Sequence[CopiedEntries] = ()

    def note(self, document: YjsDocument) -> None:
        """Tell the observer that the entries in `outside` have changed."""
        for path, copies in self.outside:
            document.observer.add(path, copies)


def delete_early(
    document: YjsDocument, found: Sequence[LargeDeletion], areas: PlacedAreas | None
) -> EarlyDeletion:
    """Delete entries in portions. Entries outside the areas are copied, if that is possible."""
    inside = [one for one in found if areas is None or areas.hold(one.path, one.keys)]
    txn = document.doc.create_transaction()
    outside = list(_copied(txn, document.content, [one for one in found if one not in inside]))
    txn.drop()
    if not (inside or outside):
        return EarlyDeletion()
    document.observer.listening = False
    transactions = Transactions(document)
    for path, keys in (*inside, *((path, list(copies)) for path, copies in outside)):
        while (held := map_at(transactions.txn, transactions.content, path)) is not None:
            if remove_entries(transactions, held, keys):
                break
    update = transactions.close()
    document.observer.listening = True
    for path, keys in inside:
        document.observer.add(path, keys)
    return EarlyDeletion(update, outside)


def put_back(document: YjsDocument, outside: Iterable[CopiedEntries]) -> bytes:
    """Write copied entries again, in portions. Return the update."""
    document.observer.listening = False
    transactions = Transactions(document)
    writer = CopyWriter(transactions)
    for path, copies in outside:
        held = map_at(transactions.txn, transactions.content, path)
        assert held is not None, "the rollback has brought back the map of a copied entry"
        for key, copy in copies.items():
            writer.put(held, key, copy)
        document.observer.add(path, copies)
    update = transactions.close()
    document.observer.listening = True
    return update


def _copied(txn: Txn, content: Any, found: Iterable[LargeDeletion]) -> Iterable[CopiedEntries]:
    for path, keys in found:
        held = map_at(txn, content, path)
        try:
            yield CopiedEntries(path, {key: exact_copy(txn, held.get(txn, key)) for key in keys})
        except NotCopied:
            continue  # yrs deletes these entries, and brings them back
