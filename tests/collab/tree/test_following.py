"""A tree follows the updates of another tree: its nodes are right, and it looks up nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.identity.characters import Characters
from collab.ids import Json
from collab.patch.values import named_atomic
from collab.tree import difference
from collab.tree.summary import NO_SUMMARY
from collab.tree.tree import Tree
from collab.types.layout import DEEPEST


def start(content: Map[Any]) -> None:
    content["title"] = Text("Hello")
    content["object"] = Map({"a": 1, "inner": Map({"t": Text("deep")})})
    content["array"] = Array([1, Map({"t": Text("item")}), "two"])
    content["list"] = Map({"@array": True})
    for order, key in enumerate("abc"):
        content["list"][key] = Map({"@order": f"a{order}", "t": Text(key)})


def type_in_all(content: Map[Any]) -> None:
    for text in (content["title"], content["object"]["inner"]["t"], content["array"][1]["t"]):
        text.insert(2, "xyz")
        del text[0:1]


def move_elements(content: Map[Any]) -> None:
    content["list"]["a"]["@order"] = "a5"
    content["list"]["b"]["@deleted"] = True
    content["list"]["d"] = Map({"@order": "a3", "t": Text("new")})


def change_items(content: Map[Any]) -> None:
    content["array"].insert(1, Map({"n": 1}))
    del content["array"][0]
    content["array"].append("end")


def replace_containers(content: Map[Any]) -> None:
    content["object"] = Map({"b": Array([1, 2])})
    content["title"] = 7
    content["list"]["c"]["t"] = Map({"was": "a text"})
    del content["array"]


CHANGES: list[Callable[[Map[Any]], None]] = [
    type_in_all,
    move_elements,
    change_items,
    replace_containers,
]


def followed(*changes: Callable[[Map[Any]], None]) -> tuple[Tree, Tree]:
    """Return a tree that has followed a client, and a new tree of the same document."""
    client: Doc[Any] = Doc(client_id=7)
    content = client.get("content", type=Map)
    with client.transaction():
        start(content)
    tree = Tree(1, [client.get_update()], named_atomic)
    value: Json = tree.initial
    for change in changes:
        known = client.get_state()
        with client.transaction():
            change(content)
        tree.follow(client.get_update(known), value, NO_SUMMARY, ())
        value = tree.read()
    return tree, Tree(1, [client.get_update()], named_atomic)


@pytest.mark.parametrize("change", CHANGES)
def test_d20_the_nodes_are_those_of_a_new_tree(change: Callable[[Map[Any]], None]) -> None:
    tree, fresh = followed(change)
    assert tree.root == fresh.root
    assert tree.read() == fresh.initial


def test_d20_the_nodes_stay_right_over_several_updates() -> None:
    tree, fresh = followed(*CHANGES[:3], *CHANGES)
    assert tree.root == fresh.root
    assert tree.read() == fresh.initial


def test_no_containers_are_compared_and_no_ids_are_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> Any:
        raise AssertionError("the entry has this already")

    monkeypatch.setattr(difference, "diff", never)
    monkeypatch.setattr(Characters, "read", never)
    for name in ("text_record", "item_record", "list_records"):
        monkeypatch.setattr(difference, name, never)
    tree, fresh = followed(*CHANGES)
    assert tree.root == fresh.root


def test_an_update_of_other_root_types_changes_no_value() -> None:
    def elsewhere(content: Map[Any]) -> None:
        content.doc.get("other", type=Map)["a"] = 1

    tree, fresh = followed(elsewhere)
    assert tree.root == fresh.root
    assert tree.state_vector() == fresh.state_vector()


def test_a_place_that_is_too_deep_is_not_kept_for_a_later_update() -> None:
    client: Doc[Any] = Doc(client_id=7)
    deepest = client.get("content", type=Map)
    for _ in range(DEEPEST + 2):
        deepest["in"] = Map()
        deepest = deepest["in"]
    tree = Tree(1, [client.get_update()], named_atomic)
    known = client.get_state()
    deepest["n"] = 1
    tree.follow(client.get_update(known), tree.initial, NO_SUMMARY, ())
    assert tree._observer.take_too_deep() == []
