"""Renews a document: deletes the containers in `content` and writes them again, as one change.

yrs keeps a block for each former value, each deleted key and each deleted part of a text, as long
as the container exists. When the container is deleted, yrs joins these blocks to a few runs. So the
server replaces each container by an exact copy.

The value stays the same. The characters of the texts get new ids, and *reinsertions* map the former
ids to the new ones. So undo still finds the characters.
"""

from __future__ import annotations

from collab.structs.struct_index import StructIndex
from collab.tree.early_deletion import delete_entries, put_back
from collab.tree.large_deletions import LargeDeletion
from collab.types.loader import CONTENT
from collab.types.merging import merge_updates
from collab.types.yjs_document import YjsDocument
from collab.yjs.lists import KEYED, list_id


def rewrite_content(document: YjsDocument) -> bytes:
    """Write the maps and texts in `content` again, in portions. Return the update.

    These stay as they are: a text with shared types in it, and a Y.Array that is no item of a map
    or has more than 2,000 items.
    """
    early = delete_entries(document, (), [_entries(document)], least=0)
    if not early.outside:
        return early.update
    return merge_updates([early.update, put_back(document, early.outside)])


def _entries(document: YjsDocument) -> LargeDeletion:
    """Return the shared types in `content`, with their ids."""
    txn = document.doc.create_transaction()
    ids = dict(StructIndex.of(document.state(txn)).present_types())
    content = document.content
    keys = [key for key in content.keys(txn) if list_id(CONTENT, key) | KEYED in ids]
    txn.drop()
    places = {key: list_id(CONTENT, key) | KEYED for key in keys}
    return LargeDeletion((), keys, {key: ids[at] for key, at in places.items() if at in ids})
