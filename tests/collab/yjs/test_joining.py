"""Updates of one author as one: it does what they do, one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.types.loader import Loader
from collab.types.yjs_document import Transactions, YjsDocument
from collab.yjs.joining import all_deleted, deleted_since, deletion_of
from collab.yjs.update import inspect


@pytest.fixture
def document() -> YjsDocument:
    return YjsDocument(Loader(7))


def peer_with(*updates: bytes) -> Any:
    peer: Any = Doc()
    peer["content"] = Map()
    for update in updates:
        peer.apply_update(update)
    return peer


def test_one_update_does_what_all_parts_do(document: YjsDocument) -> None:
    writing = Transactions(document)
    content = writing.content
    content.insert(writing.txn, "a", 1)
    writing.cut()
    content.insert(writing.txn, "a", 2)
    content.insert(writing.txn, "b", 3)
    writing.cut()
    content.remove(writing.txn, "b")
    update = writing.close()
    peer = peer_with(update)
    assert peer["content"].to_py() == {"a": 2}
    assert inspect(update).deletes == {7: [(0, 1), (2, 3)]}


def test_what_is_transient_is_a_run_of_what_is_gone(document: YjsDocument) -> None:
    first = Transactions(document)
    holder = first.content.insert_map_prelim(first.txn, "held")
    holder.insert(first.txn, "key", 1)
    begun = first.close()
    second = Transactions(document)
    holder.insert(second.txn, "key", None)
    second.cut(is_transient=True)
    second.content.remove(second.txn, "held")
    update = second.close()
    assert update == bytes((1, 1, 7, 2, 0, 1, 1, 7, 1, 0, 3))
    peer = peer_with(begun, update)
    assert peer["content"].to_py() == {}
    assert peer.get_state() == document.doc.get_state(document.doc.create_transaction())


def test_a_write_that_does_nothing_has_no_update(document: YjsDocument) -> None:
    writing = Transactions(document)
    writing.cut()
    assert writing.close() == b""


def test_a_deletion_of_ids_is_an_update() -> None:
    text: Any = Text("abc")
    one: Any = Doc({"text": text}, client_id=5)
    one.apply_update(deletion_of({5: [(0, 2)]}).update)
    assert str(text) == "c"


def test_ranges_that_touch_or_overlap_are_one() -> None:
    each = [{1: [(0, 2), (5, 6)]}, {1: [(2, 3), (5, 9)], 2: [(0, 1)]}, {1: [(20, 21)]}]
    assert all_deleted(each) == {1: [(0, 3), (5, 9), (20, 21)], 2: [(0, 1)]}


def test_what_was_deleted_before_is_no_part_of_a_change() -> None:
    before = {1: [(2, 3), (5, 9), (20, 21)], 2: [(0, 1)]}
    after = {1: [(0, 4), (5, 12), (14, 30)], 2: [(0, 1)], 3: [(7, 8)]}
    since = {1: [(0, 2), (3, 4), (9, 12), (14, 20), (21, 30)], 3: [(7, 8)]}
    assert deleted_since(before, after) == since
    assert deleted_since({}, after) == after
    assert deleted_since(after, after) == {}
