"""An update gives the same ids of its new characters as the texts themselves do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.identity.characters import Characters, text_id, units
from collab.identity.identity_index import IdentityIndex
from collab.identity.new_strings import NewStrings, new_strings, runs_in
from collab.room.requests import Update
from collab.structs.guard import StructIndex, check, inspect
from collab.tree import difference, event_records
from collab.tree.event_records import Replacement
from collab.types.handles import Txn
from collab.types.merging import merged_in_order
from collab.types.records import Path, TextRecord
from collab.yjs.spans import Run
from tests.collab.room.joined_worlds import World, program
from tests.collab.room.rooms import commit, done, member, opened


class Checker:
    """Stands in for `text_record`, and compares the ids of the update with those of the text."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.compared = self.read = 0
        self._record = event_records.text_record
        monkeypatch.setattr(difference, "text_record", self._check)

    def _check(
        self,
        txn: Txn,
        text: Any,
        identity: IdentityIndex,
        path: Path,
        new: str,
        found: Sequence[Replacement] | None,
        strings: NewStrings,
    ) -> TextRecord:
        if found is not None and text.len(txn) == len(new.encode()):
            runs = runs_in(strings, text_id(txn, text))
            given = event_records._ids_in_update(found, runs)
            there = Characters.read(txn, text, identity.deletions)
            if given is None:
                self.read += 1
            else:
                for one, ids in zip(found, given, strict=True):
                    assert ids == there.between(one.at, one.at + units(one.inserted)), path
                    self.compared += len(ids)
        return self._record(txn, text, identity, path, new, found, strings)


def compare(monkeypatch: pytest.MonkeyPatch, seeds: range) -> Checker:
    checker = Checker(monkeypatch)
    for seed in seeds:
        world = World(joins=True)
        for step in program(random.Random(seed)):
            world.play(step)
        world.finish()
    return checker


def test_random_joined_updates_give_the_ids_that_the_texts_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checker = compare(monkeypatch, range(40))
    assert checker.compared > 50
    assert checker.read > 0, "some updates insert in several places of a text"


@pytest.mark.long
def test_many_random_joined_updates_give_the_ids_that_the_texts_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert compare(monkeypatch, range(1_000, 2_500)).compared > 3_000


# --- by hand --------------------------------------------------------------------------------------


def strings_of(*edits: Callable[[Any], object]) -> dict[str, list[Run]]:
    """Return the new strings of edits that are joined: the runs of each text, by its key."""
    doc: Doc[Any] = Doc(client_id=5)
    content = doc.get("content", type=Map)
    for key in ("one", "two"):
        content[key] = Text("word")
    before = doc.get_update()
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    first = int.from_bytes(doc.get_state()[2:], "little")
    for edit in edits:
        edit(content)
    joined = merged_in_order(updates)
    assert joined is not None
    index = StructIndex.of(before)
    checked = check(inspect(joined), index.clocks, leases={5: "ada"}, user="ada", index=index)
    found = new_strings(checked.fresh, index.clocks, checked.places)
    ids = {"one": (5, 0), "two": (5, 5)}
    return {
        key: [(client, clock - first, size) for client, clock, size in runs_in(found, at)]
        for key, at in ids.items()
    }


def typed(key: str, at: int, letters: str) -> Callable[[Any], object]:
    def edit(content: Any) -> None:
        for number, letter in enumerate(letters):
            content[key].insert(at + number, letter)

    return edit


def test_each_text_has_its_own_characters() -> None:
    found = strings_of(typed("one", 4, "abc"), typed("two", 0, "de"))
    assert found == {"one": [(5, 0, 3)], "two": [(5, 3, 2)]}


def test_a_writer_who_comes_back_to_a_text_continues_it() -> None:
    found = strings_of(typed("one", 4, "abc"), typed("two", 0, "de"), typed("one", 7, "f"))
    assert found == {"one": [(5, 0, 3), (5, 5, 1)], "two": [(5, 3, 2)]}


def test_new_characters_between_new_ones_are_not_given() -> None:
    found = strings_of(typed("one", 4, "abc"), typed("one", 5, "x"), typed("two", 0, "de"))
    assert found == {"one": [], "two": [(5, 4, 2)]}


def test_new_characters_in_two_places_of_a_text_are_not_given() -> None:
    found = strings_of(typed("one", 4, "abc"), typed("one", 0, "x"))
    assert found == {"one": [], "two": []}


def test_joined_letters_in_several_texts_are_not_read_from_the_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    yjs = member(lane="yjs")
    room = opened()
    doc: Doc[Any] = Doc(client_id=7)
    content = doc.get("content", type=Map)
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    with doc.transaction():
        for key in ("one", "two"):
            content[key] = Text("word")
    done(room, Update(updates.pop()), yjs)
    commit(room)
    for edit in (typed("one", 4, "abc"), typed("two", 0, "de"), typed("one", 7, "f")):
        edit(content)
    joined = merged_in_order(updates)
    assert joined is not None

    def refuse(*_: object) -> Characters:
        raise AssertionError("the text was read")

    monkeypatch.setattr(Characters, "read", refuse)
    done(room, Update(joined, is_joined=True), yjs)
    assert room.document.value == {"one": "wordabcf", "two": "deword"}
