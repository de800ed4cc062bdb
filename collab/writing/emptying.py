"""Empties types with very many hidden blocks, before they are deleted.

The value does not show hidden blocks (`collab/structs/subtrees.py`). No call of yrs deletes a part
of these blocks. So the server collects them in the bytes of the state (`collab/yjs/rewriting.py`),
and loads the document from these bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collab.identity.characters import id_at
from collab.structs.struct_index import StructIndex
from collab.structs.subtrees import MOST_HIDDEN, subtree_of
from collab.types.handles import get_or_none, is_array, is_map
from collab.types.loader import CONTENT
from collab.types.records import Path
from collab.types.yjs_document import Transactions, YjsDocument
from collab.yjs.joining import Part, all_deleted, deletion_of
from collab.yjs.lists import KEYED, list_id
from collab.yjs.update import Id, Range


def empty_types(
    document: YjsDocument, roots: Iterable[Id], least: int | None = None
) -> Part | None:
    """Load the document again without everything inside some types. The caller deletes them next.

    Return the deletions. They also name what was deleted before: when the document is opened from
    the log, its size shows that the bytes must be rewritten again. Return None, and change nothing,
    when the types have few hidden blocks: fewer than `least`. No transaction may be open, and no
    earlier handle may be used afterwards.
    """
    txn = document.doc.create_transaction()
    state = document.state(txn)
    txn.drop()
    inside = subtree_of(StructIndex.of(state), roots, CONTENT)
    if inside.hidden < (MOST_HIDDEN if least is None else least):
        return None
    gone = all_deleted((inside.ranges,))
    document.reload_collected(state, gone)
    return deletion_of(gone)


def empty_at(transactions: Transactions, paths: Iterable[Path]) -> bool:
    """Empty the values at some paths, which the caller deletes next.

    Return whether the document was loaded again. Then no earlier handle may be used. Each search
    takes as long as opening the document. So it doubles the limit for the rest of the write, and a
    type below the limit is deleted in a transaction of its own.
    """
    index, hidden = transactions.index, transactions.document.hidden
    if index is None or index.blocks < MOST_HIDDEN or not (large := hidden.large(index)):
        return False
    found = (_find(transactions, large, path) for path in paths)
    # The index still has the types that this write has deleted.
    types = [at for at in found if at is not None and at not in transactions.measured]
    blocks = hidden.most(index, types)
    if blocks < MOST_HIDDEN << transactions.searches:
        if blocks >= MOST_HIDDEN:
            transactions.spend(blocks)
        return False
    transactions.measured.update(types)
    transactions.searches += 1
    transactions.pause()
    emptied = empty_types(transactions.document, types)
    transactions.reopen()
    if emptied is None:
        return False
    transactions.add(emptied)
    return True


def _find(transactions: Transactions, ids: Mapping[int, Id], path: Path) -> Id | None:
    """Return the id of the type at a path; None when it, or a type around it, is not in `ids`."""
    own: Id | str | None = CONTENT
    held = transactions.content
    for step in path:
        if own is None or not (is_map(held) if isinstance(step, str) else is_array(held)):
            return None
        if isinstance(step, str):
            own = ids.get(list_id(own, step) | KEYED)
        else:
            own = id_at(transactions.txn, held, step)
        held = get_or_none(transactions.txn, held, step)
    return own if isinstance(own, tuple) else None


def deletion_of_types(roots: Iterable[Id]) -> bytes:
    """Return an update that deletes these types."""
    each: list[dict[int, list[Range]]] = [{at[0]: [(at[1], at[1] + 1)]} for at in sorted(roots)]
    return deletion_of(all_deleted(each)).update
