"""An update of a Y.Array is read by its event, with the same result as reading the whole array."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.document.document import Document
from collab.errors import Rejected
from collab.identity import items
from collab.patch.apply import replay
from collab.tree import read_list
from collab.tree.read_list import ListReader
from collab.types import depth, handles
from tests.collab.tree.arrays import array_of_maps, arrays_of_maps
from tests.collab.yjs.updates import shared
from tests.collab.yjs.updates import update as update_of
from tests.seeds import seeds

USERS = ("ada", "bo")


class Desk:
    """A document with two Yjs clients."""

    def __init__(self) -> None:
        self.document = Document.create(1)
        self.version = 0
        self.peers: list[Doc[Any]] = [Doc(client_id=10 + number) for number in range(len(USERS))]
        for peer in self.peers:
            peer.get("content", type=Map)

    def write(self, who: int, edit: Callable[[Any], object]) -> Any:
        """Edit the copy of a client in one transaction. Return the change of the document."""
        peer = self.peers[who]
        before = peer.get_state()
        with peer.transaction():
            edit(peer.get("content", type=Map))
        return self.send(who, peer.get_update(before))

    def send(self, who: int, update: bytes) -> Any:
        self.version += 1
        old = self.document.value
        change = self.document.integrate(
            update, version=self.version, user=USERS[who], at=self.version * 10_000
        )
        if change is not None:
            assert replay(old, change.ops) == self.document.value
        return change

    def sync(self, who: int) -> None:
        peer = self.peers[who]
        peer.apply_update(self.document.update_since(peer.get_state()))

    def undo(self, who: int, kind: str = "undo") -> None:
        self.version += 1
        call = self.document.undo if kind == "undo" else self.document.redo
        call(
            USERS[who],
            version=self.version,
            at=self.version * 10_000,
            check=lambda value, ops: None,
        )

    def require_same_as_whole(self) -> None:
        """Compare the value and the nodes with those of the document after a reload."""
        again = Document.open(self.document.snapshot(), [], 1)
        assert again.value == self.document.value == self.document.read()
        assert again._tree.root == self.document._tree.root
        again.close()


def _value(rng: Random, depth: int = 2) -> Any:
    roll = rng.random() if depth else 0.0
    if roll < 0.35:
        return rng.choice([1, 2, "a", None, {"id": "x", "n": rng.randint(0, 3)}])
    if roll < 0.5:
        return Text(rng.choice(["", "lorem ipsum", "é😀"]))
    if roll < 0.75:
        return Map({key: _value(rng, depth - 1) for key in ("id", "a")[: rng.randint(0, 2)]})
    if roll < 0.85:
        return XmlFragment([XmlElement("p", {"b": "1", "a": "2"}), XmlText("x")])
    return Array([_value(rng, depth - 1) for _ in range(rng.randint(0, 3))])


def _edit(rng: Random, content: Any, most: int) -> None:
    for _ in range(rng.randint(1, most)):
        held = content["list"]
        inside = [each for each in held if isinstance(each, Map | Array | Text)]
        if inside and rng.random() < 0.4:
            held = rng.choice(inside)
        if isinstance(held, Map):
            held[rng.choice(("a", "b"))] = _value(rng, 1)
        elif isinstance(held, Text):
            held.insert(0, "more ")
        elif len(held) and rng.random() < 0.4:
            at = rng.randrange(len(held))
            del held[at : min(len(held), at + rng.randint(1, 3))]
        else:
            at = rng.choice((0, len(held), rng.randint(0, len(held))))
            for offset in range(rng.randint(1, 3)):
                held.insert(at + offset, _value(rng))


@pytest.mark.parametrize("seed", seeds(4, 40))
def test_any_updates_give_the_same_as_reading_the_whole_array(seed: int) -> None:
    rng, desk = Random(seed), Desk()
    desk.write(0, lambda content: content.update({"list": Array([1, Map({"a": 1})])}))
    for _ in range(15):
        who = rng.randrange(2)
        if rng.random() < 0.7:
            desk.sync(who)
        if "list" in desk.peers[who].get("content", type=Map):
            desk.write(who, lambda content: _edit(rng, content, 4))
            desk.require_same_as_whole()
        if rng.random() < 0.3:
            try:
                desk.undo(rng.randrange(2), rng.choice(("undo", "undo", "redo")))
            except Rejected:
                desk.version -= 1
            desk.require_same_as_whole()


@pytest.mark.parametrize("seed", seeds(4, 40))
def test_undo_takes_back_and_redo_puts_back_any_update(seed: int) -> None:
    rng, desk = Random(seed), Desk()
    desk.write(1, lambda content: content.update({"list": Array([_value(rng) for _ in range(6)])}))
    for _ in range(8):
        desk.sync(0)
        before = desk.document.value
        change = desk.write(0, lambda content: _edit(rng, content, 1))
        after = desk.document.value
        if not change.ops:
            continue
        desk.undo(0)
        assert desk.document.value == before
        desk.require_same_as_whole()
        desk.undo(0, "redo")
        assert desk.document.value == after
        desk.require_same_as_whole()


@pytest.mark.parametrize("seed", range(10))
def test_the_ops_and_the_value_are_those_of_whole_readings(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second document reads the whole array each time."""
    rng, by_event, whole = Random(seed), Desk(), Desk()
    desk_update: list[bytes] = []
    peer = by_event.peers[0]
    subscription = peer.observe(lambda event: desk_update.append(event.update))
    by_event.write(0, lambda content: content.update({"list": Array([1, Map({"a": 1})])}))
    for _ in range(15):
        by_event.write(0, lambda content: _edit(rng, content, 3))
    peer.unobserve(subscription)
    with monkeypatch.context() as patched:
        patched.setattr(ListReader, "_hunks", lambda self: None)
        for update in desk_update:
            whole.send(0, update)
    assert whole.document.value == by_event.document.value
    assert whole.document._tree.root == by_event.document._tree.root


def test_an_edit_beside_an_insertion_in_one_transaction_is_taken_back_too() -> None:
    desk = Desk()
    desk.write(1, lambda content: content.update({"list": Array([Map({"a": 1}), Text("b")])}))
    desk.sync(0)

    def edit(content: Any) -> None:
        content["list"][0]["a"] = 2
        content["list"][1].insert(1, "c")
        content["list"].insert(0, 7)

    desk.write(0, edit)
    assert desk.document.value == {"list": [7, {"a": 2}, "bc"]}
    desk.undo(0)
    assert desk.document.value == {"list": [{"a": 1}, "b"]}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The values that are read from Yjs types, one after the other."""
    seen: list[Any] = []
    read_one = handles.raw_of

    def raw_of(txn: Any, handle: Any) -> Any:
        seen.append(handle)
        return read_one(txn, handle)

    for module in (handles, read_list, depth):
        monkeypatch.setattr(module, "raw_of", raw_of)
    return seen


def test_an_edit_in_a_large_array_reads_only_what_it_changes(reads: list[Any]) -> None:
    desk = Desk()
    desk.send(1, array_of_maps(1_500, client=20))
    desk.sync(0)
    reads.clear()
    for number in range(10):
        desk.write(0, lambda content: content["list"].insert(700, Map({"n": 1})))
        at = 20 * number
        desk.write(0, lambda content, at=at: content["list"][at].update({"n": 2}))  # type: ignore[misc]  # a default
        desk.write(0, lambda content: content["list"].pop(3))
    assert len(reads) < 10 * 12
    desk.undo(0)
    assert len(reads) < 10 * 12 + 20


def test_a_value_that_is_too_deep_is_removed_from_a_large_array_with_few_reads(
    reads: list[Any],
) -> None:
    desk = Desk()
    desk.send(1, array_of_maps(2_500, client=20))
    before = desk.document.value
    reads.clear()
    deep = [shared(1, origin=(20, 2 * 700 + 1))]
    deep += [shared(1, parent=(30, number), key="k") for number in range(140)]
    desk.send(0, update_of((30, 0, deep)))
    assert len(reads) < 1_000
    assert desk.document.value == before
    desk.require_same_as_whole()


def test_twenty_clients_that_edit_one_array_read_only_what_they_change(reads: list[Any]) -> None:
    desk = Desk()
    desk.send(1, array_of_maps(2_500, client=20))
    updates = []
    for number in range(20):
        client: Doc[Any] = Doc(client_id=100 + number)
        client.apply_update(desk.document.update_since(b"\0"))
        before = client.get_state()
        client.get("content", type=Map)["list"].insert(100 * number, Map({"n": number}))
        updates.append(client.get_update(before))
    reads.clear()
    for number, update in enumerate(updates):
        desk.send(number % 2, update)
    assert len(reads) < 20 * 12
    desk.require_same_as_whole()


@pytest.mark.thorough
def test_opening_a_document_with_many_long_arrays_reads_each_in_one_call(reads: list[Any]) -> None:
    """Each item by itself would take a step for each item before it."""
    desk = Desk()
    for client in range(20, 32):
        desk.send(1, array_of_maps(2_500, client=client, key=f"list{client}"))
    reads.clear()
    again = Document.open(desk.document.snapshot(), [], 1)
    assert again.value == desk.document.value
    assert len(reads) < 12 * 3
    again.close()


@pytest.mark.thorough
def test_an_update_in_pieces_finds_the_ids_of_its_items_with_few_look_ups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For each look-up yrs walks over all items before it."""
    seen: list[int] = []
    look_up = items.id_at  # type: ignore[attr-defined]  # imported there

    def id_at(txn: Any, text: Any, index: int, side: int = 0) -> Any:
        seen.append(index)
        return look_up(txn, text, index, side)

    monkeypatch.setattr(items, "id_at", id_at)
    desk = Desk()
    for update in arrays_of_maps(6_000, client=20, pieces=6):
        desk.send(1, update)
    assert desk.document.value == {"list": [{"n": None}] * 6_000}
    assert len(seen) < 6 * 10
    desk.undo(1)
    assert desk.document.value == {"list": [{"n": None}] * 5_000}
