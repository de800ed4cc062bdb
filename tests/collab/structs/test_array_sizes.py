"""The guard bounds the values in and below a long Y.Array."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment

from collab.errors import Code, Rejected
from collab.structs import array_sizes
from collab.structs.array_sizes import PLAIN, VALUE
from collab.structs.guard import GuardBounds, StructIndex, check, inspect
from collab.yjs.causality import in_causal_order
from collab.yjs.slices import encode
from tests.seeds import seeds

BOUNDS = GuardBounds(array_values=10)


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
        with pytest.raises(Rejected) as refused:
            self.send(edit)
        return refused.value.refusal.code is Code.TOO_LARGE

    def append_maps(self, count: int, **entries: Any) -> None:
        self.send(lambda: self.list.extend([Map(entries) for _ in range(count)]))


@pytest.fixture(autouse=True)
def _four_items_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_sizes, "LONG_ARRAY", 4)


def test_g28_a_long_y_array_has_a_bounded_number_of_values() -> None:
    server = Server()
    server.append_maps(4)
    server.append_maps(6)
    assert server.refuses(lambda: server.list.append(Map()))


def test_g28_a_short_y_array_may_contain_any_number_of_values() -> None:
    server = Server()
    server.append_maps(4, **{f"{n}": n for n in range(20)})
    assert server.refuses(lambda: server.list.append(Map()))


def test_g28_entries_below_the_items_count_at_any_depth() -> None:
    server = Server()
    server.append_maps(5)
    server.send(lambda: server.list[3].update({"inner": Map({"deep": Array([Map()])})}))
    assert server.refuses(lambda: server.list[3]["inner"]["deep"].append(Map({"one": 1, "two": 2})))
    whole = Server(other=1)
    assert whole.refuses(
        lambda: whole.content.update({"list": Array([Map({"a": 1}) for _ in range(6)])})
    )


def test_g28_a_plain_item_counts_a_fifth_and_a_text_counts_once() -> None:
    server = Server()
    server.send(lambda: server.list.extend([7] * 45))
    server.send(lambda: server.list.append(Text("a long text")))
    for _ in range(3):
        server.send(lambda: server.list[45].insert(3, "letters"))
    assert server.refuses(lambda: server.list.append(7))


def test_g28_a_deletion_makes_place() -> None:
    server = Server()
    server.append_maps(10)
    for _ in range(30):
        server.send(lambda: server.list.pop(0))
        server.append_maps(1)
    server.send(server.list.clear)
    server.append_maps(10)


def test_g28_an_array_with_too_many_values_takes_deletions_but_no_values() -> None:
    server = Server()
    doc: Doc[Any] = Doc(client_id=9)
    content = doc.get("content", type=Map)
    content["list"] = Array([Map({"n": n}) for n in range(20)])
    server.doc, server.content, server.index = doc, content, StructIndex.of(doc.get_update())
    server.send(lambda: server.list.pop(3))
    server.send(lambda: content["list"][0].update({"n": 7}))
    server.send(lambda: content.update({"other": 1}))
    assert server.refuses(lambda: server.list[0].update({"m": 7}))


def test_g28_a_deletion_of_new_structs_adds_nothing() -> None:
    """A client edited the array last. Then it typed a text, and deleted a part of the text."""
    server = Server()
    server.append_maps(6)

    def edit() -> None:
        server.content["text"] = Text("a text of many letters")
        del server.content["text"][12:17]

    server.send(edit)
    server.append_maps(4)
    assert server.refuses(lambda: server.list.append(Map()))


def test_g28_a_new_value_of_an_entry_replaces_the_former_one() -> None:
    """The first pieces of a long update do not name the deletions: these come last."""
    server = Server()
    server.append_maps(5, n=1)
    before = server.doc.get_state()
    with server.doc.transaction():
        for row in server.list:
            row["n"] = 2
            row["n"] = 3
    update, known = server.doc.get_update(before), server.index.clocks
    structs = in_causal_order(inspect(update).sections, known)
    piece = inspect(encode(update, structs, []), BOUNDS)
    assert check(piece, known, leases={9: "ada"}, user="ada", index=server.index).has_effect


def test_children_of_xml_and_entries_of_a_map_are_not_bounded() -> None:
    server = Server(xml=XmlFragment(), map=Map())
    server.send(lambda: [server.content["xml"].children.append(XmlElement("p")) for _ in range(50)])
    server.send(lambda: server.content["map"].update({f"{n}": Map() for n in range(50)}))
    assert not server.index.arrays.there


def _cost(value: Any) -> int:
    """Count a value that is an item or a member, with all below it."""
    if isinstance(value, dict):
        return VALUE + sum(max(VALUE, _cost(inner)) for inner in value.values())
    if isinstance(value, list):
        return VALUE + sum(map(_cost, value))
    return PLAIN


def _random_value(rng: Random, depth: int = 3) -> Any:
    roll = rng.random() if depth else 0.0
    if roll < 0.4:
        return rng.randint(0, 9)
    if roll < 0.7:
        return Map({key: _random_value(rng, depth - 1) for key in "ab"[: rng.randint(0, 2)]})
    return Array([_random_value(rng, depth - 1) for _ in range(rng.randint(0, 3))])


def _containers(held: Any) -> list[Any]:
    inner = held.values() if isinstance(held, Map) else held
    return [
        held,
        *(each for one in inner if isinstance(one, Map | Array) for each in _containers(one)),
    ]


@pytest.mark.parametrize("seed", seeds(4, 30))
def test_the_sizes_are_exact_after_any_edits_and_after_a_reload(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_sizes, "LONG_ARRAY", 10_000)
    rng, server = Random(seed), Server()
    updates: list[bytes] = []
    subscription = server.doc.observe(lambda event: updates.append(event.update))
    for _ in range(40):
        held = rng.choice(_containers(server.list))

        def edit(held: Any = held) -> None:
            if isinstance(held, Map):
                key = rng.choice("ab")
                if key in held and rng.random() < 0.5:
                    del held[key]
                else:
                    held[key] = _random_value(rng)
            elif len(held) and rng.random() < 0.4:
                at = rng.randrange(len(held))
                del held[at : min(len(held), at + rng.randint(1, 3))]
            else:
                held.insert(rng.randint(0, len(held)), _random_value(rng))

        with server.doc.transaction():
            edit()
        for update in updates:
            server.index.add(inspect(update, BOUNDS))
        updates.clear()
        value = server.list.to_py()
        for index in (server.index, StructIndex.of(server.doc.get_update())):
            size = index.arrays.sizes()[0]
            assert (size.items, size.cost) == (len(value), sum(map(_cost, value)))
    server.doc.unobserve(subscription)
