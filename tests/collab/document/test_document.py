"""The document: patches in, exact ops and updates out, and the same again after opening it anew."""

from __future__ import annotations

from typing import Any

import pytest

from collab.document.document import Document
from collab.errors import Code, Rejected

PAGE: dict[str, Any] = {
    "sections": [
        {"id": "hero", "type": "hero", "title": "Hello world", "tags": ["a", "b"]},
        {"title": "two"},
        {"title": "three", "n": 1},
    ]
}


def page() -> Document:
    document = Document.create(1)
    document.patch([{"op": "add", "path": "/page", "value": PAGE}], version=1, user="ada", at=0)
    return document


def test_a_patch_gives_exact_ops_the_new_value_and_an_update() -> None:
    document = page()
    change = document.patch(
        [{"op": "add", "path": "/page/sections/-", "value": {"title": "four"}}],
        version=2,
        user="ada",
        at=1,
    )
    assert change is not None
    assert change.ops == [{"op": "add", "path": "/page/sections/3", "value": {"title": "four"}}]
    assert document.value == document.read()
    assert document.version == 2
    peer = Document.open(None, [], 9)
    peer.integrate(document.diff(b"\0"), version=1, user="bo", at=0)
    assert peer.value == document.value


def test_a_refused_patch_leaves_everything_as_it_was() -> None:
    document = page()
    before, state = document.value, document.snapshot()
    with pytest.raises(Rejected) as refused:
        document.patch(
            [
                {"op": "replace", "path": "/page/sections/0/title", "value": "gone"},
                {"op": "remove", "path": "/page/sections/9"},
            ],
            version=2,
            user="ada",
            at=1,
        )
    assert refused.value.refusal.code is Code.PATH_NOT_FOUND
    assert document.value is before
    assert document.snapshot() == state


def test_a_patch_that_changes_nothing_is_no_change() -> None:
    document = page()
    ops = [{"op": "replace", "path": "/page/sections/0/title", "value": "Hello world"}]
    assert document.patch(ops, version=2, user="ada", at=1) is None
    assert document.version == 1
