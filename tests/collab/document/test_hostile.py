"""Hostile Yjs updates: the document still has a JSON value and accepts further changes."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment

from collab.document.change import Change
from collab.document.document import Document
from collab.errors import Rejected
from collab.patch.bounds import nesting
from collab.types.layout import DEEPEST


class Peer:
    """A Yjs client that sends each of its transactions."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.doc: Doc[Any] = Doc(client_id=77)
        self.content: Any = self.doc.get("content", type=Map)
        self.pull()

    def pull(self) -> None:
        self.doc.apply_update(self.document.update_since(self.doc.get_state()))

    def push(self) -> Change | None:
        update = self.doc.get_update(self.document.encode_state_vector())
        change = self.document.integrate(update, version=self.document.version + 1, user="bo", at=0)
        assert self.document.read() == self.document.value
        return change


def test_d3_maps_nested_over_many_updates_are_cut_at_the_limit() -> None:
    document = Document.create(1)
    peer = Peer(document)
    held = peer.content
    for _ in range(40):
        with peer.doc.transaction():
            for _ in range(10):
                held["deeper"] = Map()
                held = held["deeper"]
        peer.push()
    assert 0 < nesting(document.value)[0] <= DEEPEST + 1
    peer.pull()
    assert peer.content.to_py() == document.value


@pytest.mark.thorough
@pytest.mark.parametrize("step", [1, 3, 100])
def test_d3_nested_y_arrays_are_cut_at_the_limit(step: int) -> None:
    document = Document.create(1)
    peer = Peer(document)
    peer.content["list"] = Array([1])
    held = peer.content["list"]
    for _ in range(300 // step):
        with peer.doc.transaction():
            for _ in range(step):
                held.insert(0, Array([Map({"x": 1})]))
                held = held[0]
        peer.push()
    assert nesting(document.value)[0] <= DEEPEST + 1


def test_d3_xml_that_is_nested_too_deep_is_removed_as_a_whole() -> None:
    document = Document.create(1)
    peer = Peer(document)
    peer.content["rich"] = XmlFragment([XmlElement("p")])
    held = peer.content["rich"].children[0]
    for _ in range(300):
        held.children.append(XmlElement("p"))
        held = held.children[0]
        peer.push()
    assert document.value == {}


@pytest.mark.parametrize("kind", [Array, Text, XmlFragment])
def test_d3_a_content_root_of_another_type_has_no_value(kind: type[Any]) -> None:
    document = Document.create(1)
    document.patch([{"op": "add", "path": "/a", "value": "x"}], version=1, user="ada", at=0)
    other: Doc[Any] = Doc(client_id=78)
    root = other.get("content", type=kind)
    if kind is Array:
        root.append(Map({"x": 1}))
    elif kind is Text:
        root.insert(0, "abc")
    else:
        root.children.append(XmlElement("p"))
    change = document.integrate(other.get_update(), version=2, user="bo", at=0)
    assert change is not None
    assert change.ops == []
    assert document.value == document.read() == {"a": "x"}


def test_d8_other_roots_are_kept_and_relayed_without_ops() -> None:
    document = Document.create(1)
    peer = Peer(document)
    peer.doc.get("default", type=XmlFragment).children.append(XmlElement("p"))
    change = peer.push()
    assert change is not None
    assert change.ops == []
    other = Peer(Document.open(document.snapshot(), [], 1))
    assert str(other.doc.get("default", type=XmlFragment)) == "<p></p>"


def test_d2_keys_that_reach_a_prototype_are_not_in_the_json() -> None:
    document = Document.create(1)
    peer = Peer(document)
    with peer.doc.transaction():
        peer.content["__proto__"] = Map({"x": 1})
        peer.content["ok"] = Map({"constructor": 1, "y": 2})
    peer.push()
    assert document.value == {"ok": {"y": 2}}


def test_d8_thousands_of_moves_at_once_replace_the_array() -> None:
    document = Document.create(1)
    ops = [{"op": "add", "path": "/list", "value": list(range(1_500))}]
    document.patch(ops, version=1, user="ada", at=0, kind="create")
    before: Any = document.value
    peer = Peer(document)
    held = peer.content["list"]
    with peer.doc.transaction():
        for number, key in enumerate(sorted(held)):
            if key == "@array":
                continue
            held[key]["@order"] = f"b0{number % 9 + 1}"
            if number % 100 == 0:
                held[key]["@value"] = "new"
    change = peer.push()
    assert change is not None
    assert [op["op"] for op in change.ops] == ["replace"]
    document.undo("bo", version=document.version + 1, at=1)
    assert document.read() == document.value
    now: Any = document.value
    assert all(new in ("new", old) for new, old in zip(now["list"], before["list"], strict=True))


@pytest.mark.parametrize("grown", [76, 77])
def test_d15_a_move_is_taken_back_only_within_the_depth_limit(grown: int) -> None:
    """Otherwise the next edit would cut off what another user wrote in the moved part."""
    document = Document.create(1)
    home: Any = {}
    for _ in range(49):
        home = {"d": home}
    inner = "/home" + "/d" * 49 + "/m"
    for version, op in enumerate(
        (
            {"op": "add", "path": "/home", "value": home},
            {"op": "add", "path": inner, "value": {}},
            {"op": "move", "from": inner, "path": "/m"},
        )
    ):
        user = "ada" if op["op"] == "move" else "root"
        document.patch([op], version=version + 1, user=user, at=0)
    peer = Peer(document)
    held = peer.content["m"]
    with peer.doc.transaction():
        for _ in range(grown):
            held["d"] = Map()
            held = held["d"]
    peer.push()
    before = document.value
    if grown > 76:
        with pytest.raises(Rejected):
            document.undo("ada", version=document.version + 1, at=0)
        assert document.value == before
        return
    document.undo("ada", version=document.version + 1, at=0)
    assert nesting(document.value)[0] == DEEPEST
    peer.pull()
    held = peer.content["home"]
    while "d" in held or "m" in held:
        held = held["m" if "m" in held else "d"]
    held["text"] = Text("Bo")
    peer.push()
    assert nesting(document.value)[0] == DEEPEST
