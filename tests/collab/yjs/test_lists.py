"""The guard bounds the time that yrs needs to read a Y.Array: its items times its blocks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, XmlElement, XmlFragment

from collab.errors import Code
from collab.structs.guard import ArrayTooSlow, GuardBounds, StructIndex, check, inspect

BOUNDS = GuardBounds(array_steps=100)


class Server:
    """A document with its index of structs, and a client that edits its Y.Array."""

    def __init__(self, **roots: Any) -> None:
        self.doc: Doc[Any] = Doc(client_id=9)
        self.content = self.doc.get("content", type=Map)
        self.index = StructIndex()
        self.send(lambda: self.content.update(roots or {"list": Array()}))

    @property
    def list(self) -> Any:
        return self.content["list"]

    def send(self, edit: Callable[[], object]) -> None:
        """Edit in one transaction. Raise when the guard refuses the update; the edit stays."""
        before = self.doc.get_state()
        with self.doc.transaction():
            edit()
        inspected = inspect(self.doc.get_update(before), BOUNDS)
        checked = check(
            inspected, self.index.clocks, leases={9: "ada"}, user="ada", index=self.index
        )
        self.index.add_checked(checked.fresh, checked.places, checked.deletes)

    def refuses(self, edit: Callable[[], object]) -> bool:
        with pytest.raises(ArrayTooSlow) as refused:
            self.send(edit)
        return refused.value.refusal.code is Code.TOO_LARGE

    def append_maps(self, count: int) -> None:
        self.send(lambda: self.list.extend([Map({"n": n}) for n in range(count)]))


def test_a_y_array_has_a_bounded_number_of_separate_items() -> None:
    server = Server()
    server.append_maps(5)
    server.append_maps(5)
    assert server.refuses(lambda: server.list.append(Map()))


def test_one_update_that_brings_too_many_items_is_refused_at_once() -> None:
    server = Server()
    assert server.refuses(lambda: server.list.extend([Map() for _ in range(11)]))
    nested = Server(other=1)
    assert nested.refuses(
        lambda: nested.content.update({"list": Array([Map({"a": 1}) for _ in range(11)])})
    )


def test_plain_values_that_follow_each_other_are_one_block() -> None:
    server = Server()
    for _ in range(100):
        server.send(lambda: server.list.append(7))
    assert server.refuses(lambda: server.list.insert(50, Map()))


def test_a_deletion_that_splits_a_block_counts() -> None:
    server = Server()
    server.send(lambda: server.list.extend(list(range(60))))
    assert server.refuses(lambda: server.list.pop(30))


def test_a_deletion_of_whole_items_makes_place() -> None:
    server = Server()
    server.append_maps(10)
    server.send(lambda: server.list.pop(0))
    server.send(lambda: server.list.pop(0))
    assert server.refuses(lambda: [server.list.append(Map()) for _ in range(5)])
    server = Server()
    server.append_maps(10)
    server.send(server.list.clear)
    server.append_maps(4)


def test_an_array_that_is_too_slow_already_takes_deletions_but_no_items() -> None:
    server = Server()
    doc: Doc[Any] = Doc(client_id=9)
    content = doc.get("content", type=Map)
    content["list"] = Array([Map({"n": n}) for n in range(20)])
    server.doc, server.content, server.index = doc, content, StructIndex.of(doc.get_update())
    server.send(lambda: server.list.pop(3))
    server.send(lambda: content["list"][0].update({"n": 7}))
    server.send(lambda: content.update({"other": 1}))
    assert server.refuses(lambda: server.list.append(Map()))


def test_children_of_xml_and_entries_of_a_map_are_not_bounded() -> None:
    server = Server(xml=XmlFragment(), map=Map())
    server.send(lambda: [server.content["xml"].children.append(XmlElement("p")) for _ in range(50)])
    server.send(lambda: server.content["map"].update({f"{n}": Map() for n in range(50)}))


@pytest.mark.parametrize("seed", range(20))
def test_the_estimate_counts_at_least_the_blocks_and_the_items(seed: int) -> None:
    rng, server = Random(seed), Server()
    loose = GuardBounds(array_steps=0)
    for _ in range(40):
        before, length = server.doc.get_state(), len(server.list)
        with server.doc.transaction():
            if length and rng.random() < 0.3:
                at = rng.randrange(length)
                del server.list[at : min(length, at + rng.randint(1, 4))]
            else:
                new = rng.choice([1, 2, Map({"a": 1}), Map()])
                server.list.insert(rng.choice([0, length, rng.randint(0, length)]), new)
        update = inspect(server.doc.get_update(before), loose)
        done = check(update, server.index.clocks, leases={9: "ada"}, user="ada", index=server.index)
        server.index.add_checked(done.fresh, done.places, done.deletes)
    exact = StructIndex.of(server.doc.get_update()).arrays.sizes()
    estimated = server.index.arrays.sizes()
    assert [size.items for size in exact] == [len(server.list)]
    assert all(
        one.blocks <= other.blocks and one.items <= other.items
        for one, other in zip(exact, estimated, strict=True)
    )
