"""Makes the large deletions of a Yjs update in portions, before the update is applied.

A user with section rights may not delete what is outside of the sections. Such an entry is copied
first. When the server rolls back the update, it writes the copy. yrs could bring the entry back
too, but only in one call, which blocks the interpreter for a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from collab.tree.large_deletions import LargeDeletion, TypesPath, map_at
from collab.tree.sections import PlacedAreas
from collab.types.exact_copy import CopyWriter, NotCopied, exact_copy
from collab.types.handles import Txn, is_map
from collab.types.yjs_document import Transactions, YjsDocument
from collab.writing.emptying import deletion_of_types, empty_types
from collab.writing.removal import remove_entries
from collab.yjs.joining import joined
from collab.yjs.spans import Id

NO_TYPES: Final[Mapping[str, Id]] = {}


class CopiedEntries(NamedTuple):
    """Deleted entries of one map, and an exact copy of each value.

    `types` are the shared types among them, as in `LargeDeletion`.
    """

    path: TypesPath
    copies: dict[str, Any]
    types: Mapping[str, Id] = {}


class EarlyDeletion(NamedTuple):
    """Deletions that the server has made. `update` is their update.

    `outside` are the entries among them that may have to come back. The observer does not know of
    their deletion yet.
    """

    update: bytes = b""
    outside: Sequence[CopiedEntries] = ()

    def entries_outside(self) -> Iterator[tuple[TypesPath, Iterable[str]]]:
        """Yield the map and the keys of the entries in `outside`."""
        return ((one.path, one.copies) for one in self.outside)

    def note(self, document: YjsDocument) -> None:
        """Tell the observer that the entries in `outside` have changed."""
        for path, keys in self.entries_outside():
            document.observer.add(path, keys)


def delete_early(
    document: YjsDocument, found: Sequence[LargeDeletion], areas: PlacedAreas | None
) -> EarlyDeletion:
    """Delete entries in portions. Entries outside the areas are copied, if that is possible."""
    inside = [one for one in found if areas is None or areas.hold(one.path, one.keys)]
    return delete_entries(document, inside, [one for one in found if one not in inside])


def delete_entries(
    document: YjsDocument,
    inside: Sequence[LargeDeletion],
    copied: Sequence[LargeDeletion],
    least: int | None = None,
) -> EarlyDeletion:
    """Delete entries in portions. Those in `copied` are copied first, or stay.

    Types with very many hidden blocks, or with `least`, are emptied in the bytes of the state.
    """
    txn = document.doc.create_transaction()
    outside = list(_copied(txn, document.content, copied))
    txn.drop()
    if not (inside or outside):
        return EarlyDeletion()
    types = [at for each in (inside, outside) for one in each for at in one.types.values()]
    emptied = empty_types(document, types, least) if types else None
    document.observer.listening = False
    transactions = Transactions(document)
    if emptied is not None:
        transactions.add(emptied)
    for path, keys in _entries(inside, outside):
        while (held := map_at(transactions.txn, transactions.content, path)) is not None:
            if remove_entries(transactions, held, keys):
                break
    update = transactions.close()
    document.observer.listening = True
    for one in inside:
        document.observer.add(one.path, one.keys)
    return EarlyDeletion(update, outside)


def _entries(
    inside: Iterable[LargeDeletion], outside: Iterable[CopiedEntries]
) -> Iterator[tuple[TypesPath, Sequence[str]]]:
    for one in inside:
        yield one.path, one.keys
    for copied in outside:
        yield copied.path, list(copied.copies)


def empty_early(
    document: YjsDocument, types: Sequence[Id], *, deletes: bool
) -> EarlyDeletion | None:
    """Empty types with very many hidden blocks. Return None when they have few.

    The update deletes the empty types when it is applied. With `deletes`, they are deleted here: an
    update in slices may be cut before its deletions. Then an undo cannot take back what the update
    changes in the same Y.Array.
    """
    emptied = empty_types(document, types)
    if emptied is None:
        return None
    document.unmute()
    if not deletes:
        return EarlyDeletion(emptied.update)
    txn = document.doc.create_transaction()
    document.doc.apply_update(txn, deletion_of_types(types))
    return EarlyDeletion(joined([emptied, document.commit(txn)]))


def put_back(document: YjsDocument, outside: Iterable[CopiedEntries]) -> bytes:
    """Write copied entries again, in portions. Return the update."""
    document.observer.listening = False
    transactions = Transactions(document)
    writer = CopyWriter(transactions)
    for path, copies, _ in outside:
        held = map_at(transactions.txn, transactions.content, path)
        assert held is not None, "the rollback has brought back the map of a copied entry"
        for key, copy in copies.items():
            writer.put(held, key, copy)
        document.observer.add(path, copies)
    update = transactions.close()
    document.observer.listening = True
    return update


def _copied(txn: Txn, content: Any, found: Iterable[LargeDeletion]) -> Iterator[CopiedEntries]:
    for path, keys, types in found:
        held = map_at(txn, content, path)
        yield from _copied_from(txn, held, path, keys, types)


def _copied_from(
    txn: Txn, held: Any, path: TypesPath, keys: Iterable[str], types: Mapping[str, Id] = NO_TYPES
) -> Iterator[CopiedEntries]:
    """Copy entries of a map. Of a map that cannot be copied, copy the entries that can be.

    The rest of such a map is small or no map. yrs deletes the rest, and brings it back.
    """
    copies: dict[str, Any] = {}
    rest: list[tuple[str, Any]] = []
    for key in keys:
        inner = held.get(txn, key)
        try:
            copies[key] = exact_copy(txn, inner)
        except NotCopied:
            if is_map(inner):
                rest.append((key, inner))
    if copies:
        # A type without a copy is not emptied: only yrs can bring its content back.
        yield CopiedEntries(path, copies, {key: types[key] for key in copies if key in types})
    for key, inner in rest:
        yield from _copied_from(txn, inner, (*path, key), inner.keys(txn))
