"""A copy of the XML texts has their pieces and marks in order, and nothing else."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.structs.format_copy import FormatCopy
from collab.structs.struct_index import StructIndex
from collab.yjs.causality import in_causal_order
from collab.yjs.update import inspect


def _copy(state: bytes) -> tuple[FormatCopy, bytes]:
    index, copy = StructIndex.of(state), FormatCopy()
    for text in index.formats.bounds:
        copy.root_of(text)
    inspected = inspect(state)
    order = in_causal_order(inspected.sections, {})
    places = [index.place((client, struct.clock)) for client, struct in order]
    return copy, copy.of(state, order, places, inspected.deletes)


def test_g33_a_mark_is_an_object_with_its_number() -> None:
    doc = Doc[Any]()
    content = doc.get("content", type=Map)
    content["before"] = "b" * 10_000
    content["x"] = XmlFragment([XmlElement("p", {"a": "1"}, [XmlText("hello"), XmlText("plain")])])
    text = content["x"].children[0].children[0]
    text.format(1, 4, {"i": True})
    text.format(2, 3, {"b": "bold"})
    text.insert_embed(5, {"image": 1})
    del text[3:4]
    copy, update = _copy(doc.get_update())
    copied = Doc[Any]()
    copied.apply_update(update)
    found = [piece for piece, formats in copied.get("0", type=Text).diff() if not formats]
    shown = [one if isinstance(one, str) else copy.numbers.marks[int(one)][0] for one in found]
    assert shown == ["h", "i", "e", "b", "l", "b", "i", "o", ""]
    assert len(update) < 200  # everything else is one run of deleted clocks


def test_g33_a_copy_has_no_format_that_reaches_over_the_pieces() -> None:
    doc = Doc[Any]()
    content = doc.get("content", type=Map)
    content["x"] = XmlFragment([XmlText("ab" * 50)])
    text = content["x"].children[0]
    text.format(0, 100, {"n" * 1000: "v" * 1000})
    for at in range(0, 100, 2):
        text.format(at, at + 1, {"b": True})
    _, update = _copy(doc.get_update())
    assert b"nn" not in update
    assert b"vv" not in update
    copied = Doc[Any]()
    copied.apply_update(update)
    pieces = copied.get("0", type=Text).diff()
    assert sum(isinstance(piece, str) for piece, _ in pieces) == 100
    assert not any(formats for _, formats in pieces)
