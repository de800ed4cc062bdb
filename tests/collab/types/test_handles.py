"""Reading Yjs types one by one gives the same as reading them in one native call."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment

from collab.document.document import Document
from collab.types import handles
from collab.types.handles import raw_at_once, raw_of


def test_reading_type_by_type_and_at_once_gives_the_same() -> None:
    doc: Doc[Any] = Doc()
    root = doc.get("content", type=Map)
    root["plain"] = {"a": [1, 2.5, 1e300, True, None, "x"], "b": {}}
    root["text"] = Text("prose")
    root["array"] = Array([Map({"id": "e", "n": -1.0}), Text("in it"), Array([])])
    root["xml"] = XmlFragment([XmlElement("p", {"a": "b"})])
    with doc.transaction() as txn:
        native = txn._txn
        assert native is not None
        by_type, at_once = (read(native, root._integrated) for read in (raw_of, raw_at_once))
        assert json.dumps(by_type, sort_keys=True) == json.dumps(at_once, sort_keys=True)


def test_a_patch_reads_removed_values_type_by_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = Document.create(1)
    value = {"l": [{"id": str(number)} for number in range(50)], "o": {"k": [1]}}
    document.patch(
        [{"op": "replace", "path": "", "value": value}], version=1, user="ada", at=1, kind="create"
    )

    def loads(text: str) -> object:
        raise AssertionError("it was read at once")

    monkeypatch.setattr(handles, "json", SimpleNamespace(loads=loads, dumps=json.dumps))
    for version, op in enumerate(
        (
            {"op": "replace", "path": "/l/3", "value": {"id": "x"}},
            {"op": "copy", "from": "/l", "path": "/c"},
            {"op": "move", "from": "/l", "path": "/m"},
            {"op": "replace", "path": "/o", "value": 1},
            {"op": "remove", "path": "/m"},
        ),
        2,
    ):
        document.patch([op], version=version, user="ada", at=version)
    assert isinstance(document.value, dict)
    assert list(document.value) == ["o", "c"]
