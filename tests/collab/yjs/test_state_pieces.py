"""A state in pieces gives the same document, for one author and for several."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.errors import Rejected
from collab.types.loader import Loader
from collab.yjs.state_pieces import deleted_clocks, state_pieces


def written(seed: int, clients: int) -> Doc[Any]:
    """A document that several clients have written to, in turns."""
    dice = random.Random(seed)
    docs = [Doc[Any](client_id=1_000 + number) for number in range(clients)]
    for number in range(60):
        doc = dice.choice(docs)
        content = doc.get("content", type=Map)
        key = dice.choice("abc")
        if key not in content:
            content[key] = {"a": Text("é😀 one"), "b": Array([1, "x", None]), "c": Map({"k": 1})}[
                key
            ]
        elif key == "a":
            text = content[key]
            text.insert(dice.randint(0, 1) and len(text), f"w{number} ")
            if dice.random() < 0.3:
                del text[0:2]
        elif key == "b":
            content[key].insert(0, dice.choice([number, "y", [1, 2], {"z": True}, b"\0"]))
            if len(content[key]) > 4:
                del content[key][2]
        else:
            content[key][f"k{number % 7}"] = Map({"n": number})
        for other in docs:
            if dice.random() < 0.6:
                other.apply_update(doc.get_update(other.get_state()))
    whole = docs[0]
    for other in docs[1:]:
        whole.apply_update(other.get_update(whole.get_state()))
    return whole


def state_of(pieces: list[bytes]) -> bytes:
    loader = Loader(5)
    for piece in pieces:
        loader.apply([piece])
    txn = loader.doc.create_transaction()
    state = loader.doc.get_update(txn, b"\0")
    txn.drop()
    return state


@pytest.mark.parametrize("clients", [1, 3])
@pytest.mark.parametrize("most", [1, 3, 1_000])
@pytest.mark.parametrize("seed", range(6))
def test_the_pieces_of_a_state_give_the_same_document(seed: int, most: int, clients: int) -> None:
    state = written(seed, clients).get_update()
    pieces = state_pieces(state, most)
    assert len(pieces) > 5 or most > 1
    whole = Doc[Any]()
    whole.apply_update(state)
    cut = Doc[Any]()
    cut.apply_update(state_of(pieces))
    assert cut.get_state() == whole.get_state()
    assert cut.get("content", type=Map).to_py() == whole.get("content", type=Map).to_py()
    assert sorted(cut.get_update()) == sorted(whole.get_update()), "also what is deleted"


def test_many_deleted_ranges_are_applied_in_pieces() -> None:
    doc = Doc[Any](client_id=7)
    content = doc.get("content", type=Map)
    content["t"] = text = Text("ab" * 3_000)
    with doc.transaction():
        for at in range(3_000):
            del text[at]
    pieces = state_pieces(doc.get_update())
    assert len(pieces) == 4
    cut = Doc[Any]()
    cut.apply_update(state_of(pieces))
    assert str(cut.get("content", type=Map)["t"]) == str(text)


def test_a_broken_state_is_refused() -> None:
    for broken in (b"", b"\1", b"\1\5\1\0", written(1, 1).get_update()[:-3]):
        with pytest.raises(Rejected):
            state_pieces(broken)


def test_the_deleted_clocks_are_those_of_the_state() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    content: Any = doc.get("content", type=Map)
    for number in range(50):
        content[f"k{number % 2}"] = number
    content["text"] = Text("abcdef")
    del content["text"][1:4]
    assert deleted_clocks(state_pieces(doc.get_update())) == 48 + 3
    assert deleted_clocks([written(1, 1).get_update()]) == 0, "a piece with structs is left out"
