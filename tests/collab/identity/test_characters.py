"""The ids of a text's characters, compared with the ids that their deletions name."""

from __future__ import annotations

import random

import pytest
from pycrdt import Doc, Map, Text

from collab.identity.characters import Characters, text_id, units
from collab.structs.guard import GuardBounds, inspect
from collab.types.loader import Loader
from collab.yjs.spans import Id
from tests.seeds import seeds

ALPHABETS = ("abc ", "aé ö", "a😀b", "日本語x")


def typed(seed: int, alphabet: str) -> list[bytes]:
    """Return the updates of three peers that take turns to type and delete in one text."""
    rng = random.Random(seed)
    peers: list[Doc[Map[Text]]] = [Doc(client_id=10 + number) for number in range(3)]
    first = peers[0].get("content", type=Map)
    first["t"] = Text("".join(rng.choice(alphabet) for _ in range(rng.randint(0, 8))))
    for peer in peers[1:]:
        peer.get("content", type=Map)
        peer.apply_update(peers[0].get_update())
    for _ in range(rng.randint(5, 60)):
        peer = rng.choice(peers)
        text = peer.get("content", type=Map)["t"]
        here = str(text)
        at = rng.randint(0, len(here))
        index = len(here[:at].encode())
        if here and rng.random() < 0.4:
            end = min(len(here), at + rng.choice((1, 1, 3)))
            del text[index : len(here[:end].encode())]
        else:
            text.insert(index, "".join(rng.choice(alphabet) for _ in range(rng.choice((1, 2, 5)))))
        if rng.random() < 0.7:
            for other in peers:
                for source in peers:
                    other.apply_update(source.get_update(other.get_state()))
    return [peer.get_update() for peer in peers]


def in_order(loader: Loader, string: str) -> list[Id]:
    """Return the ids of the units in text order: delete each first character and read its ids."""
    found: list[Id] = []
    before = deleted(loader)
    for character in string:
        txn = loader.doc.create_transaction()
        loader.content.get(txn, "t").remove_range(txn, 0, len(character.encode()))
        txn.commit()
        txn.drop()
        after = deleted(loader)
        gone = sorted(after - before)
        assert len(gone) == units(character)
        found += gone
        before = after
    return found


def deleted(loader: Loader) -> set[Id]:
    txn = loader.doc.create_transaction()
    state = loader.doc.get_update(txn, b"\x00")
    txn.drop()
    deletes = inspect(state, GuardBounds(update_bytes=0)).deletes
    return {
        (client, clock)
        for client, ranges in deletes.items()
        for start, end in ranges
        for clock in range(start, end)
    }


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("seed", seeds(3, 12))
def test_each_unit_has_the_id_that_its_deletion_names(seed: int, alphabet: str) -> None:
    loader = Loader(1)
    loader.apply(typed(seed, alphabet))
    txn = loader.doc.create_transaction()
    handle = loader.content.get(txn, "t")
    string: str = handle.get_string(txn)
    characters = Characters.read(txn, handle)
    txn.drop()
    single = [
        (client, clock + at) for client, clock, length in characters.runs for at in range(length)
    ]
    assert single == in_order(loader, string)


def test_two_blocks_that_look_like_one_are_read_as_two() -> None:
    """The text is an é of two bytes and a letter whose clock is two higher: "y" was deleted."""
    peer: Doc[Map[Text]] = Doc(client_id=9)
    content = peer.get("content", type=Map)
    content["t"] = Text("éyx")
    del content["t"][2:3]
    loader = Loader(1)
    loader.apply([peer.get_update()])
    txn = loader.doc.create_transaction()
    handle = loader.content.get(txn, "t")
    client, clock = text_id(txn, handle)
    assert Characters.read(txn, handle).runs == [(client, clock + 1, 1), (client, clock + 3, 1)]
    txn.drop()


def test_splice_and_find_work_on_runs() -> None:
    characters = Characters([(1, 0, 5), (2, 0, 3)])
    assert characters.beside(5, 5) == ((1, 4), (2, 0))
    characters.splice(1, 3, [(3, 7, 1)])
    assert characters.runs == [(1, 0, 1), (3, 7, 1), (1, 3, 2), (2, 0, 3)]
    assert list(characters.find((1, 0, 5))) == [(0, (1, 0, 1)), (2, (1, 3, 2))]
    assert characters.length == 7
    assert characters.between(3, 5) == [(1, 4, 1), (2, 0, 1)]
