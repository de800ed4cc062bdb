"""What must be equal in two open documents when one has followed the entries of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict
from pycrdt import Doc, Map

from collab.document.change import Change, Followed
from collab.document.document import Document
from collab.document.snapshot_format import Steps, decode_steps, encode_steps
from collab.entry import Entry
from collab.identity.characters import Characters, text_id
from collab.identity.labels import plain_text
from collab.types.handles import is_array, is_map, is_text, raw_at_once


def follow(document: Document, entry: Entry) -> Change:
    """Let a document follow an entry that another document has made."""
    return document.follow(Followed.of(entry, document.value, document.size))


def facts(document: Document) -> dict[str, Any]:
    """Return everything that depends on the entries only, read in the plainest way."""
    return {
        "version": document.version,
        "value": plain(document.value),
        "types": plain(document.read()),
        "nodes": document._tree.root,
        "size": document.size,
        "clocks": document.state_vector(),
        "state": plain(in_a_new_client(document)),
        "leases": document.leases,
        "replaced": dict(document.blocks.replaced),
        "steps": asdict(saved_steps(document)),
    }


def plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def in_a_new_client(document: Document) -> Any:
    """Return what a new Yjs client reads, in the form of the Yjs types."""
    client: Doc[Any] = Doc()
    client.apply_update(document.update_since(b"\x00"))
    content = client.get("content", type=Map)
    with client.transaction() as transaction:
        native: Any = transaction._txn
        return raw_at_once(native, content._integrated)


def saved_steps(document: Document) -> Steps:
    return decode_steps(encode_steps(document._undo.saved()))


def check_cached_ids(document: Document) -> int:
    """Check the cached ids of all texts. Return how many texts had any."""
    yjs, identity = document._tree._yjs, document._tree.identity
    txn = yjs.doc.create_transaction()
    checked = 0
    try:
        for held in _texts(txn, yjs.content):
            text = plain_text(txn, held)
            if text is None:
                continue
            cached = identity.cached(identity.first_id(text_id(txn, text)))
            if cached is not None:
                assert cached.runs == Characters.read(txn, text, identity.deletions).runs
                checked += 1
    finally:
        txn.drop()
    return checked


def _texts(txn: Any, held: Any) -> Iterator[Any]:
    if is_text(held):
        yield held
    elif is_map(held):
        for key in held.keys(txn):
            yield from _texts(txn, held.get(txn, key))
    elif is_array(held):
        for index in range(held.len(txn)):
            yield from _texts(txn, held.get(txn, index))
