"""A document that a repair opens first elsewhere: what the answer says about it."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map

from collab.document.document import Document
from collab.document.opening import Opening
from collab.entry import Author, Entry
from collab.ports.store import SavedSteps, Snapshot
from server.loading.open_in_child import Asked, Failed, Opened, open_here


def saved() -> Snapshot:
    """Return a document with the value 2, and an edit that its user can undo."""
    document = Document.create(1)
    for version, value in ((1, {"n": 1}), (2, {"n": 2})):
        op = {"op": "replace", "path": "", "value": value}
        document.patch([op], version=version, user="ada", at=version * 10_000)
    return document.snapshot()


def test_a_sound_document_is_returned_with_its_undo_steps() -> None:
    snapshot = saved()
    found = open_here(Asked(snapshot.body, [], 1, SavedSteps(2, snapshot.steps)))
    assert isinstance(found, Opened)
    assert (found.value, found.refusal) == ({"n": 2}, "")
    again = Document(Opening.of(Snapshot(2, found.snapshot, found.steps), [], 1))
    again.undo("ada", version=3, at=30_000)
    assert again.value == {"n": 1}
    assert again.update_since(b"\x00") != found.state


def test_a_damaged_body_is_the_reason_of_a_failure() -> None:
    found = open_here(Asked(b"\xc1", [], 1))
    assert isinstance(found, Failed)
    assert found.reason != ""


def test_a_state_that_the_guard_refuses_is_returned_with_the_reason() -> None:
    doc: Doc[Any] = Doc()
    doc["content"] = Map({"__proto__": 1})
    update = doc.get_update()
    entry = Entry(1, Author("ada"), 0, "create", [], update)
    found = open_here(Asked(None, [entry], 1))
    assert isinstance(found, Opened)
    assert found.refusal != ""
