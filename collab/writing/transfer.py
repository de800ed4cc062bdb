"""Takes back a move from one container to another."""

from __future__ import annotations

from collab.identity.incarnations import Mark
from collab.patch.pointer import Tokens
from collab.patch.values import same
from collab.types.depth import fits_depth
from collab.types.handles import get_or_none, is_map
from collab.types.layout import DELETED, ArrayNode, ObjectNode, unescape
from collab.types.place import Place, open_path, value_at
from collab.types.records import Absent, SetRecord, ShownRecord, TransferRecord
from collab.writing.write import Writer


def move_back(writer: Writer, record: TransferRecord, out: Mark, into: Mark) -> bool:
    """Move an element or a member back, with its present content. Return whether it moved.

    The content includes the changes that other users made in the new place.

    Return False, and write nothing, in one of three cases:
    - The value is gone from its new place.
    - Its old place is taken.
    - The value would be nested too deep in its old place.
    """
    source, target = record.source, record.target
    here = open_path(writer.txn, writer.root, target.path)
    there = open_path(writer.txn, writer.root, source.path)
    if here is None or there is None:
        return False
    if not (_is_there(writer, here, target) and _can_return(writer, there, source)):
        return False
    value = value_at(writer.txn, writer.root, _tokens(here, target.key))
    if not fits_depth(writer.txn, writer.root, source.path, value):
        return False
    noted = len(writer.journal.records)
    if isinstance(target, ShownRecord):
        writer.elements.remove(here, target.key, None if target.born else into.was)
    else:
        writer.members.unset(here, target.key, token=into.was)
    gone = writer.journal.records[noted]
    there = open_path(writer.txn, writer.root, source.path)  # the removal may change its pointer
    assert there is not None
    if isinstance(source, ShownRecord):
        writer.elements.show(there, source.key, out.was)
    else:
        put_before(writer, there, source, out)
    back = writer.journal.records[noted + 1]
    tokens = _tokens(there, source.key)
    if not same(value_at(writer.txn, writer.root, tokens), value):
        writer.texts.by_others = True
        writer.replace(tokens, value)
        writer.texts.by_others = False
    # One record describes the whole move, with the edits that restored the present value.
    writer.journal.records[noted:] = [TransferRecord(gone, back)]  # type: ignore[arg-type]  # as written
    return True


def put_before(writer: Writer, place: Place, record: SetRecord, mark: Mark) -> None:
    """Give a member the value that it had before a record."""
    before = record.before
    if isinstance(before, Absent):
        writer.members.unset(place, record.key, token=mark.was)
    else:
        writer.members.set(place, record.key, before.raw, texts=record.texts, token=mark.was)


def _is_there(writer: Writer, place: Place, target: SetRecord | ShownRecord) -> bool:
    if isinstance(target, ShownRecord):
        return type(place.node) is ArrayNode and target.key in place.node.orders
    return type(place.node) is ObjectNode and place.handle.has(writer.txn, target.key)


def _can_return(writer: Writer, place: Place, source: SetRecord | ShownRecord) -> bool:
    held = get_or_none(writer.txn, place.handle, source.key) if is_map(place.handle) else None
    if isinstance(source, ShownRecord):
        hidden = type(place.node) is ArrayNode and source.key not in place.node.orders
        return hidden and is_map(held) and held.has(writer.txn, DELETED)
    return type(place.node) is ObjectNode and held is None


def _tokens(place: Place, key: str) -> Tokens:
    if type(place.node) is ArrayNode:
        return (*place.tokens, str(place.node.index(key)))
    return (*place.tokens, unescape(key))
