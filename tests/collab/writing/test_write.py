"""Replacing a container: the parts that differ are edited in place, or all of it is replaced."""

from __future__ import annotations

import pytest

from collab.document.document import Document
from collab.ids import Json
from collab.writing.write import MAX_POINTER_CHARACTERS


class Slot:
    """A document with one container at `/s`, which is replaced again and again."""

    def __init__(self, value: Json) -> None:
        self.document = Document.create(1)
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


def test_d7_replacing_many_keys_replaces_the_whole_object() -> None:
    count = MAX_POINTER_CHARACTERS // 6
    slot = Slot(keys(count, "a"))
    state = len(slot.document.update_since(b"\0"))
    for name in "bcde":
        value = keys(count, name)
        slot.put(value)
        assert slot.brought < 3 * len(str(value)), "the change is little larger than the value"
    assert len(slot.document.update_since(b"\0")) < state * 5 // 4, (
        "the state has none of the old keys"
    )
    slot.document.undo("ada", version=9, at=9)
    assert slot.document.value == slot.document.read() == {"s": keys(count, "d")}


def test_d7_a_replaced_long_key_is_not_kept() -> None:
    slot = Slot({"a" * MAX_POINTER_CHARACTERS * 4: 0})
    for name in "bcd":
        slot.put({name * MAX_POINTER_CHARACTERS * 4: 0})
    assert len(slot.document.update_since(b"\0")) < MAX_POINTER_CHARACTERS * 5


@pytest.mark.parametrize("stays", [True, False])
def test_d7_an_object_of_which_half_stays_is_edited_in_place(stays: bool) -> None:
    count = MAX_POINTER_CHARACTERS // 6
    kept = {f"kept{number}": "x" * 20 for number in range(count * 2)} if stays else {}
    slot = Slot({**kept, **keys(count, "a")})
    slot.put({**kept, **keys(count, "b")})
    state = slot.document.update_since(b"\0")
    assert (b"a0007" in state) is stays
