"""Replacing a container: the parts that differ are edited in place, or all of it is replaced."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.ids import Json
from collab.types.layout import MOST_GONE
from collab.writing import journal
from tests.collab.writing.reloads import count_reloads


class Slot:
    """A document with one container at `/s`, which is replaced again and again."""

    def __init__(self, value: Json) -> None:
        self.document: Any = Document.create(1)
        self.brought = 0  # bytes of the last update and of its inverse
        self._version = 0
        self.put(value)

    def put(self, value: Json) -> None:
        self._version += 1
        ops = [{"op": "add", "path": "/s", "value": value}]
        change = self.document.patch(ops, version=self._version, user="ada", at=self._version)
        assert change is not None
        self.brought = len(change.update) + len(change.inverse)
        assert self.document.read() == self.document.value == {"s": value}


def keys(count: int, name: str) -> dict[str, Json]:
    return {f"{name}{number:04}": {} for number in range(count)}


def test_d7_replacing_few_keys_edits_the_object_in_place() -> None:
    slot = Slot(keys(10, "a"))
    state = len(slot.document.update_since(b"\0"))
    slot.put(keys(10, "b"))
    assert len(slot.document.update_since(b"\0")) > state, "the state still has the old keys"


@pytest.mark.thorough
def test_d7_an_object_that_had_very_many_keys_is_replaced_as_a_whole() -> None:
    """So neither its state nor the removal of its Y.Map grows for ever."""
    slot = Slot(keys(1_000, "a"))
    sizes = []
    for number in range(25):
        slot.put(keys(1_000, f"{number}-"))
        sizes.append(len(slot.document.update_since(b"\0")))
    assert sizes[1] > sizes[0], "the first of them is edited in place"
    assert max(sizes) < MOST_GONE, "the old keys are gone again"
    slot.document.undo("ada", version=99, at=9)
    assert slot.document.value == slot.document.read() == {"s": keys(1_000, "23-")}


def test_d7_replaced_long_keys_are_not_kept_for_ever() -> None:
    slot = Slot({"a" * MOST_GONE: 0})
    for name in "bcd":
        slot.put({name * MOST_GONE: 0})
    assert len(slot.document.update_since(b"\0")) < MOST_GONE * 2


def test_d7_another_clients_edit_survives_where_little_stays() -> None:
    slot = Slot({**keys(3_000, "a"), "text": "here"})
    peer: Any = Doc()
    content: Any = Map()
    peer["content"] = content
    peer.apply_update(slot.document.update_since(b"\0"))
    known = peer.get_state()
    content["s"]["text"].insert(0, "still ")
    slot.put({**keys(2_000, "b"), "text": "here"})
    slot.document.integrate(peer.get_update(known), version=9, user="ben", at=9)
    assert slot.document.value["s"]["text"] == "still here"


@pytest.mark.parametrize("inside", [False, True])
def test_d6_an_object_that_had_very_many_keys_is_not_collected_at_once(
    inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = count_reloads(monkeypatch)
    monkeypatch.setattr(journal, "MOST_GONE", 600)
    slot = Slot({"in": keys(300, "a")} if inside else keys(300, "a"))
    at = "/s/in" if inside else "/s"
    ops = [{"op": "remove", "path": f"{at}/{key}"} for key in keys(58, "a")]
    slot.document.patch(ops, version=2, user="ada", at=2)
    assert loaded == []
    slot.document.patch([{"op": "remove", "path": "/s"}], version=3, user="ada", at=3)
    assert len(loaded) == 1
    assert slot.document.read() == slot.document.value == {}
    slot.document.undo("ada", version=4, at=4)
    assert slot.document.read() == slot.document.value


def test_d6_keys_that_a_yjs_client_has_removed_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = count_reloads(monkeypatch)
    monkeypatch.setattr(journal, "MOST_GONE", 600)
    slot = Slot(keys(300, "a"))
    peer: Any = Doc()
    content: Any = Map()
    peer["content"] = content
    peer.apply_update(slot.document.update_since(b"\0"))
    known = peer.get_state()
    with peer.transaction():
        for key in keys(58, "a"):
            del content["s"][key]
    slot.document.integrate(peer.get_update(known), version=2, user="ben", at=2)
    slot.document.patch([{"op": "remove", "path": "/s"}], version=3, user="ada", at=3)
    assert len(loaded) == 1
    assert slot.document.read() == slot.document.value == {}


def test_d6_many_objects_that_had_very_many_keys_cause_few_reloads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = count_reloads(monkeypatch)
    monkeypatch.setattr(journal, "MOST_GONE", 600)
    names = [f"in{number}" for number in range(20)]
    slot = Slot({name: keys(60, "a") for name in names})
    ops = [{"op": "remove", "path": f"/s/{name}/{key}"} for name in names for key in keys(58, "a")]
    slot.document.patch(ops, version=2, user="ada", at=2)
    slot.document.patch([{"op": "remove", "path": "/s"}], version=3, user="ada", at=3)
    assert 1 <= len(loaded) <= 2  # each reload doubles the limit
    assert slot.document.read() == slot.document.value == {}
    slot.document.undo("ada", version=4, at=4)
    assert slot.document.read() == slot.document.value
