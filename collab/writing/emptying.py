"""Empties types with very many hidden blocks, before they are deleted.

The value does not show hidden blocks (`collab/structs/subtrees.py`). No call of yrs deletes a part
of these blocks. So the server collects them in the bytes of the state (`collab/yjs/rewriting.py`),
and loads the document from these bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from collab.structs.struct_index import StructIndex
from collab.structs.subtrees import MOST_HIDDEN, subtree_of
from collab.types.yjs_document import YjsDocument
from collab.yjs.joining import Part, all_deleted, deletion_of
from collab.yjs.update import Id, Range


def empty_types(document: YjsDocument, roots: Iterable[Id]) -> Part | None:
    """Load the document again without everything inside some types. The caller deletes them next.

    Return the deletions. They also name what was deleted before: when the document is opened from
    the log, its size shows that the bytes must be rewritten again. Return None, and change nothing,
    when the types have few hidden blocks. No transaction may be open, and no earlier handle may be
    used afterwards.
    """
    txn = document.doc.create_transaction()
    state = document.state(txn)
    txn.drop()
    inside = subtree_of(StructIndex.of(state), roots)
    if inside.hidden < MOST_HIDDEN:
        return None
    gone = all_deleted((inside.ranges,))
    document.reload_collected(state, gone)
    return deletion_of(gone)


def deletion_of_types(roots: Iterable[Id]) -> bytes:
    """Return an update that deletes these types."""
    each: list[dict[int, list[Range]]] = [{at[0]: [(at[1], at[1] + 1)]} for at in sorted(roots)]
    return deletion_of(all_deleted(each)).update
