"""XML reads as the same string each time it is opened."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, XmlElement, XmlFragment, XmlText

from collab.document.document import Document
from tests.collab.yjs.updates import item, shared, string, text, update

_MANY = {name: name.upper() for name in "hgfedcba"}
_SORTED = " ".join(f'{name}="{name.upper()}"' for name in sorted(_MANY))


def _opened(content: Any) -> Document:
    """Return a document in which a client wrote `content` under the key `x`."""
    peer = Doc[Any]()
    peer.get("content", type=Map)["x"] = content
    document = Document.create(1)
    document.integrate(peer.get_update(), version=1, user="ada", at=0)
    return document


@pytest.mark.parametrize("wrap", [lambda xml: xml, lambda xml: Array([Map({"y": xml})])])
def test_d3_attributes_are_sorted_by_name(wrap: Any) -> None:
    document = _opened(wrap(XmlFragment([XmlElement("p", _MANY, [XmlText("hi")])])))
    shown = f"<p {_SORTED}>hi</p>"
    assert document.value == {"x": shown if wrap(1) == 1 else [{"y": shown}]}
    for _ in range(8):
        assert Document.open(document.snapshot(), [], 1).value == document.value


def test_d3_formats_of_a_text_are_sorted_by_name() -> None:
    peer = Doc[Any]()
    content = peer.get("content", type=Map)
    content["x"] = XmlFragment([XmlText("hello")])
    formats = dict.fromkeys("hgfedcba", True) | {"z": {"v": 1.0, "u": "w"}}
    content["x"].children[0].format(1, 3, formats)
    for _ in range(8):
        document = Document.create(1)
        document.integrate(peer.get_update(), version=1, user="ada", at=0)
        begin, end = "<a><b><c><d><e><f><g><h>", "</h></g></f></e></d></c></b></a>"
        assert document.value == {"x": f'h{begin}<z u="w" v="1">el</z>{end}lo'}


def test_d3_a_non_string_attribute_reads_as_json() -> None:
    peer = Doc[Any]()
    content = peer.get("content", type=Map)
    content["x"] = XmlFragment([XmlElement("p")])
    content["x"].children[0].attributes["n"] = 1.5
    content["x"].children[0].attributes["b"] = True
    document = Document.create(1)
    document.integrate(peer.get_update(), version=1, user="ada", at=0)
    assert document.value == {"x": '<p b="true" n="1.5"></p>'}


def _nested(levels: int) -> Document:
    """Return a document with a text at `x`, and so many types in one another in the text."""
    types = [shared(6, root="content", key="x")]
    types += [shared(6, parent=(5, at)) for at in range(levels)]
    document = Document.create(1)
    document.integrate(
        update((5, 0, [*types, string('"', parent=(5, levels))])), version=1, user="ada", at=0
    )
    return document


@pytest.mark.parametrize("levels", [1, 2, 60])
def test_d3_a_shared_type_in_a_text_is_not_shown(levels: int) -> None:
    """As JSON, each level would double the backslashes of the level below."""
    document = _nested(levels)
    assert document.value == {"x": ""}
    assert Document.open(document.snapshot(), [], 1).value == document.value


def test_d3_a_shared_type_in_an_attribute_is_not_shown() -> None:
    element = item(7, b"\3" + text("p"), root="content", key="x")
    attribute = item(7, b"\6", parent=(5, 0), key="a")
    document = Document.create(1)
    document.integrate(
        update((5, 0, [element, attribute, string("hidden", parent=(5, 1))])),
        version=1,
        user="ada",
        at=0,
    )
    assert document.value == {"x": "<p></p>"}
    assert Document.open(document.snapshot(), [], 1).value == document.value
