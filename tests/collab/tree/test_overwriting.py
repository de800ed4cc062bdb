"""A value that a Yjs update overwrites goes in portions, exactly when yrs would delete it (G27)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.room.requests import ReadState, Update
from collab.room.room import Room
from collab.tree import early_deletion, large_deletions, tree
from collab.tree.large_deletions import LargeDeletion
from collab.types.yjs_document import YjsDocument
from collab.yjs.lib0 import Reader
from collab.yjs.state_pieces import skip_structs
from tests.collab.room.rooms import commit, done, member, opened
from tests.collab.tree.large_values import make_all_large

VALUE = {
    "a": {"x": {"one": {"n": 1}, "two": [1, 2]}, "y": [{"id": "p"}, [3, 4], 5]},
    "b": [[0] * 5, {"a": [1, 2, 3]}],
    "c": "text",
}


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[LargeDeletion]:
    """Make every value a large one. Return a list that gets the early deletions."""
    make_all_large(monkeypatch)
    found: list[LargeDeletion] = []
    delete_early = early_deletion.delete_early

    def noted(document: YjsDocument, entries: list[LargeDeletion], areas: Any) -> Any:
        found.extend(entries)
        return delete_early(document, entries, areas)

    monkeypatch.setattr(tree, "delete_early", noted)
    return found


class Peer:
    """A Yjs client with its own user. It sends what its edits insert, and may hide deletions."""

    def __init__(self, room: Room, number: int) -> None:
        self.room, self.user = room, member(user=f"u{number}", lane="yjs")
        self.doc: Doc[Any] = Doc(client_id=number)
        self.content = self.doc.get("content", type=Map)
        self.pull()

    def pull(self) -> None:
        self.doc.apply_update(done(self.room, ReadState(self.doc.get_state())).state)
        self.known = self.doc.get_state()

    def edit(self, rng: Random) -> None:
        held = self.content
        while True:
            inside = [key for key in held if isinstance(held[key], Map)]
            if not inside or rng.random() < 0.4:
                break
            held = held[rng.choice(sorted(inside))]
        key = rng.choice(sorted([*held.keys(), "x", "@value"]))
        turn = rng.random()
        if turn < 0.2 and key in held:
            del held[key]
        elif turn < 0.6:
            held[key] = Map({"in": Map({"n": rng.randint(0, 9)}), "k": 1})
        else:
            held[key] = rng.randint(0, 9)

    def update(self, *, hides_deletions: bool) -> bytes:
        update = self.doc.get_update(self.known)
        if hides_deletions:
            update = without_deletions(update)
        return update


def without_deletions(update: bytes) -> bytes:
    """Return the structs of an update without its delete set."""
    reader = Reader(update, checks_values=False)
    for _ in range(reader.uint()):
        count, _client, clock = reader.uint(), reader.uint(), reader.uint()
        skip_structs(reader, count, clock)
    return update[: reader.pos] + b"\0"


def replica(state: bytes, *updates: bytes) -> Any:
    doc: Doc[Any] = Doc(client_id=3)
    content = doc.get("content", type=Map)
    for update in (state, *updates):
        doc.apply_update(update)
    return content.to_py()


@pytest.mark.thorough
@pytest.mark.parametrize("hides_deletions", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_the_result_is_that_of_yrs(
    seed: int, hides_deletions: bool, removed: list[LargeDeletion]
) -> None:
    rng, room = Random(seed), opened(VALUE)
    peers = [Peer(room, number) for number in rng.sample(range(10, 999), 3)]
    for _ in range(4):
        for peer in peers:
            if rng.random() < 0.5:
                peer.pull()
            for _ in range(rng.randint(1, 3)):
                peer.edit(rng)
        for peer in rng.sample(peers, 3):
            update, state = peer.update(hides_deletions=hides_deletions), room_state(room)
            expected = replica(state, update)
            answer = done(room, Update(update), peer.user)
            assert not answer.rest
            assert replica(room_state(room)) == expected
            if answer.entry is not None:
                assert replica(state, answer.entry.update) == expected
            commit(room)
            assert room.document.read() == room.document.value
            peer.known = peer.doc.get_state()
    for peer in peers if not hides_deletions else ():
        peer.pull()
        assert peer.content.to_py() == replica(room_state(room))


def room_state(room: Room) -> bytes:
    return room.document.update_since(b"\0")


def test_a_value_is_removed_early_when_the_update_does_not_name_its_deletion(
    removed: list[LargeDeletion],
) -> None:
    room = opened(VALUE)
    peer = Peer(room, 50)
    peer.content["b"] = 1
    done(room, Update(peer.update(hides_deletions=True)), peer.user)
    assert removed == [LargeDeletion((), ["b"])]
    assert room.document.value == VALUE | {"b": 1}


def test_of_two_values_that_were_set_at_once_only_the_lost_one_is_removed_early(
    removed: list[LargeDeletion],
) -> None:
    wins = []
    for first, second in ((10, 90), (90, 10)):
        removed.clear()
        room = opened({"a": {"in": 0}})
        peers = Peer(room, first), Peer(room, second)
        for peer in peers:
            peer.content["a"]["in"] = Map({"by": peer.doc.client_id})
        done(room, Update(peers[0].update(hides_deletions=False)), peers[0].user)
        removed.clear()
        done(room, Update(peers[1].update(hides_deletions=False)), peers[1].user)
        is_won = room.document.value == {"a": {"in": {"by": second}}}
        assert removed == ([LargeDeletion(("a",), ["in"])] if is_won else [])
        wins.append(is_won)
    assert sorted(wins) == [False, True]


def test_many_deletions_in_small_maps_are_found_together(
    removed: list[LargeDeletion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_deletions, "MOST_BLOCKS", 30)
    room = opened({f"k{n}": {"in": {"n": 1, "m": 2}} for n in range(20)})
    peer = Peer(room, 50)
    with peer.doc.transaction():
        for n in range(20):
            del peer.content[f"k{n}"]["in"]
    done(room, Update(peer.update(hides_deletions=False)), peer.user)
    assert len(removed) == 20
