"""Updates merged in Python have the effect of all of them, one after the other."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.identity.characters import Characters
from collab.structs.guard import inspect
from collab.types import merging
from collab.types.loader import Loader
from collab.types.merging import merged_in_groups, merged_in_order
from collab.yjs.spans import Run
from tests.collab.yjs.test_state_pieces import written


def transactions(seed: int, clients: int) -> tuple[Doc[Any], list[bytes]]:
    """Return a document of several clients, and the updates of its own transactions."""
    source, doc = written(seed, clients), Doc[Any](client_id=5)
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    text = doc.get("content", type=Map)["own"] = Text("one two")
    doc.apply_update(source.get_update())
    text.insert(0, "é😀 three")
    del doc.get("content", type=Map)["own"]
    return doc, updates


@pytest.mark.parametrize("clients", [1, 3])
@pytest.mark.parametrize("seed", range(10))
def test_merged_updates_give_the_same_document(seed: int, clients: int) -> None:
    doc, updates = transactions(seed, clients)
    merged = merged_in_order(updates)
    assert merged is not None
    again = Doc[Any](client_id=6)
    again.apply_update(merged)
    assert again.get_state() == doc.get_state()
    values = [one.get("content", type=Map).to_py() for one in (again, doc)]
    assert values[0] == values[1]


@pytest.mark.parametrize("most", [0, 200, 10**6])
@pytest.mark.parametrize("seed", range(5))
def test_groups_of_updates_give_the_same_document(
    seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_GROUP", most)
    doc, updates = transactions(seed, 2)
    groups = merged_in_groups(updates)
    assert (len(groups) == len(updates)) == (most == 0)
    assert (len(groups) == 1) == (most == 10**6)
    again = Doc[Any](client_id=6)
    for group in groups:
        again.apply_update(group)
    assert again.get_update() == doc.get_update()
    assert merged_in_groups([]) == []


def test_updates_with_a_gap_are_not_merged() -> None:
    _, updates = transactions(1, 1)
    assert merged_in_order([updates[0], updates[-1], updates[0]]) is None


def typing(seed: int, letters: str) -> list[bytes]:
    """Return the updates of a client that types and deletes letters, mostly where it typed last."""
    choose, doc = random.Random(seed), Doc[Any](client_id=7)
    content, updates = doc.get("content", type=Map), list[bytes]()
    doc.observe(lambda event: updates.append(event.update))
    for key in "ab":
        content[key] = Text("é😀 one")
    text, at = content["a"], 3
    for _ in range(60):
        if choose.random() < 0.15:
            text = content[choose.choice("ab")]
            at = choose.randint(0, len(str(text)))
        here = str(text)
        start = len(here[:at].encode())
        if here[at:] and choose.random() < 0.1:
            del text[start : start + len(here[at].encode())]
            continue
        letter = choose.choice(letters)
        text.insert(start, letter)
        at += choose.random() < 0.9
    return updates


def ids_of(update: bytes) -> dict[str, list[Run]]:
    """Return the texts of a document, each with the ids of its characters."""
    loader = Loader(6)
    loader.apply([update])
    txn = loader.doc.create_transaction()
    texts = [loader.content.get(txn, key) for key in "ab"]
    found = {one.get_string(txn): Characters.read(txn, one).runs for one in texts}
    txn.drop()
    return found


@pytest.mark.parametrize("letters", ["abc", "aé😀"])
@pytest.mark.parametrize("seed", range(20))
def test_merged_letters_have_the_same_ids_and_deletions(seed: int, letters: str) -> None:
    updates = typing(seed, letters)
    merged = merged_in_order(updates)
    assert merged is not None
    doc, again = Doc[Any](client_id=6), Doc[Any](client_id=6)
    for update in updates:
        doc.apply_update(update)
    again.apply_update(merged)
    assert ids_of(again.get_update()) == ids_of(doc.get_update())
    assert again.get_state() == doc.get_state()
    assert inspect(merged).deletes == inspect(doc.get_update()).deletes
    assert again.get_update() == doc.get_update(), "yrs merges the same structs"


def structs_of(update: bytes | None) -> int:
    assert update is not None
    return sum(map(len, inspect(update).sections.values()))


def test_letters_that_follow_each_other_are_one_struct() -> None:
    doc, updates = Doc[Any](client_id=7), list[bytes]()
    text = doc.get("content", type=Map)["t"] = Text("é<>")
    doc.observe(lambda event: updates.append(event.update))
    for at, letter in enumerate(["a", "é", "😀", "b"]):
        text.insert(len(("é<" + "aé😀b"[:at]).encode()), letter)
    assert structs_of(merged_in_order(updates)) == 1
    text.insert(len("é<aé".encode()), "x")
    text.insert(len("é<aéx".encode()), "y")
    assert structs_of(merged_in_order(updates)) == 2, "between two letters begins another one"
    text.insert(0, "z")
    assert structs_of(merged_in_order(updates)) == 3
    text.insert(len(str(text).encode()), "!")
    assert structs_of(merged_in_order(updates)) == 4, "it has another right neighbour"
