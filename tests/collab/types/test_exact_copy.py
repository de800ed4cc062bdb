"""An exact copy has all that a Yjs client can read (rule X8 of SPEC.md)."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Map, Text, XmlElement, XmlFragment, XmlText

from collab.types.exact_copy import CopyWriter, NotCopied, exact_copy
from collab.types.loader import Loader
from collab.types.yjs_document import OpenTransaction, Transactions, YjsDocument
from tests.collab.room.section_peers import dump, peer

VALUES: dict[str, Any] = {
    "map": lambda: Map({"@array": True, "a": Map({"@deleted": True, "@order": "a1"})}),
    "array": lambda: Array([1.0, Map({"k": Text("in")}), Array(["s", None])]),
    "text": lambda: Text("é😀 text"),
    "no text": lambda: Text(""),
    "xml": lambda: XmlFragment([XmlElement("p", {"c": "d"}, [XmlText("hey"), XmlElement("q")])]),
    "plain": lambda: {"bytes": [b"\1", {"deep": b"\2"}], "null": None},
    "bytes": lambda: b"\1\2",
    "number": lambda: 1e300,
}


def copied(doc: Any) -> Any:
    """Write a copy of `held` at `again`, and return both as a client reads them."""
    loader = Loader(1)
    loader.apply([doc.get_update()])
    document = YjsDocument(loader)
    transactions = Transactions(document)
    copy = exact_copy(transactions.txn, document.content.get(transactions.txn, "held"))
    CopyWriter(transactions).put(document.content, "again", copy)
    doc.apply_update(transactions.close())
    content = doc.get("content", type=Map)
    return dump(content["held"]), dump(content["again"])


@pytest.mark.parametrize("kind", VALUES)
def test_a_copy_is_equal(kind: str) -> None:
    doc = peer(9)
    doc.get("content", type=Map)["held"] = VALUES[kind]()
    held, again = copied(doc)
    assert again == held


def test_a_copy_of_a_text_has_its_formats_and_objects() -> None:
    doc = peer(9)
    content = doc.get("content", type=Map)
    text = content["held"] = Text("bold plain tail")
    text.format(0, 4, {"bold": True})
    text.format(2, 7, {"link": {"to": 1.0}})
    text.insert_embed(5, {"image": "a.png"})
    held, again = copied(doc)
    assert again == held
    assert len(held["text"]) > 4


def test_a_copy_of_xml_has_its_formats() -> None:
    doc = peer(9)
    content = doc.get("content", type=Map)
    content["held"] = XmlFragment([XmlText("hey you")])
    node = content["held"].children[0]
    node.format(0, 3, {"b": {}})
    held, again = copied(doc)
    assert again == held == {"xml": "<b>hey</b> you"}


def test_a_shared_type_in_a_text_is_not_copied() -> None:
    doc = peer(9)
    text = doc.get("content", type=Map)["held"] = Text("a")
    text.insert_embed(1, Text("inside"))
    loader = Loader(1)
    loader.apply([doc.get_update()])
    txn = loader.doc.create_transaction()
    with pytest.raises(NotCopied):
        exact_copy(txn, loader.content.get(txn, "held"))
    CopyWriter(OpenTransaction(txn, loader.content)).put(loader.content, "held", "plain")
    txn.drop()
