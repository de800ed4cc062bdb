"""The blocks of a Yjs state have a limit on both lanes (G31). Long deletions still work."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from collab.patch.bounds import Bounds
from collab.room.requests import PatchRequest, Replace, Request, Round, UndoRequest, Update
from collab.room.room import Room
from collab.room.state_limits import RESERVE, most_blocks, most_bytes
from collab.room.working import RoomBounds
from collab.structs.block_estimate import BlockEstimate
from collab.yjs.state_pieces import count_structs
from tests.collab.room.rooms import code, done, member, opened, put
from tests.collab.room.test_yjs_rules import YJS, Peer

MOST = 400
RESERVED = MOST // RESERVE
LETTERS = 4 * MOST


def room_with_a_text() -> tuple[Room, Peer]:
    """Return a room whose text has more letters than the room may have blocks."""
    room = opened({"t": "x" * LETTERS, "n": 0}, bounds=RoomBounds(max_blocks=MOST))
    return room, Peer(room)


def value(room: Room) -> dict[str, Any]:
    assert isinstance(room.document.value, dict)
    return room.document.value


def blocks(room: Room) -> int:
    """Count the blocks without the room's own count."""
    return count_structs(room.document.update_since(b"\0"))


def without(peer: Peer, *places: int) -> Request:
    """Delete the letters at these places of the text, the last one first."""
    before = peer.doc.get_state()
    text: Any = peer.content["t"]
    with peer.doc.transaction():
        for at in sorted(places, reverse=True):
            del text[at]
    return Update(peer.doc.get_update(before))


def most_deletions(room: Room, peer: Peer) -> int:
    """Delete every second letter, each in an update of its own. Return how many are accepted."""
    for number in range(LETTERS // 2):
        answer = room.apply(YJS, without(peer, number), Round(0))
        if answer.refusal is not None:
            assert answer.refusal.code.value == "too_large"
            return number
    raise AssertionError("no deletion was refused")


def test_g31_deletions_that_cut_a_text_into_too_many_blocks_are_refused() -> None:
    room, peer = room_with_a_text()
    accepted = most_deletions(room, peer)
    assert MOST * 3 // 4 < blocks(room) <= MOST + RESERVED
    assert value(room)["t"] == "x" * (LETTERS - accepted)
    assert code(room, without(Peer(room), accepted + 4), YJS) == "too_large"


def test_g31_one_update_cannot_delete_too_many_letters() -> None:
    room, peer = room_with_a_text()
    assert code(room, without(peer, *range(0, LETTERS, 2)), YJS) == "too_large"
    assert value(room)["t"] == "x" * LETTERS


def test_g31_deletions_that_are_known_already_do_not_count() -> None:
    room, peer = room_with_a_text()
    done(room, without(peer, *range(0, MOST - 20, 2)), YJS)  # the next one names all of them again
    done(room, without(peer, LETTERS // 2), YJS)


def test_g31_a_full_document_takes_long_deletions_and_then_edits() -> None:
    room, peer = room_with_a_text()
    most_deletions(room, peer)
    many = {f"k{number}": number for number in range(MOST // 4)}
    assert code(room, Peer(room).update(**many), YJS) == "too_large"
    done(room, without(Peer(room), *range(LETTERS // 2)), YJS)
    done(room, Peer(room).update(**many), YJS)
    assert value(room)["k7"] == 7


def test_g31_insertions_leave_the_reserve_to_deletions_and_patches() -> None:
    room, peer = room_with_a_text()
    done(room, without(peer, *range(0, MOST - 4, 2)), YJS)
    peer = Peer(room)
    assert code(room, peer.update(**{f"k{n}": n for n in range(4)}), YJS) == "too_large"
    done(room, without(Peer(room), LETTERS // 2), YJS)
    done(room, put("/n", 1))


def test_g31_patches_are_refused_in_a_full_document_until_one_removes() -> None:
    room, peer = room_with_a_text()
    most_deletions(room, peer)
    assert code(room, put("/n", 2)) == "too_large"
    assert value(room)["n"] == 0
    done(room, PatchRequest("", None, [{"op": "remove", "path": "/t"}]))
    assert blocks(room) < MOST
    done(room, put("/n", 2))


def test_g31_patches_alone_fill_a_document_too() -> None:
    room = opened({"a": "", "b": ""}, bounds=RoomBounds(max_blocks=MOST))
    for number in range(100 * MOST):
        answer = room.apply(member(), put(f"/{'ab'[number % 2]}", f"{number}"), Round(0))
        if answer.refusal is not None:
            break
    assert answer.refusal is not None
    assert answer.refusal.code.value == "too_large"
    assert MOST * 3 // 4 < blocks(room) <= MOST + RESERVED


def test_g31_an_undo_is_refused_in_a_full_document() -> None:
    room, peer = room_with_a_text()
    done(room, put("/n", 1))
    most_deletions(room, peer)
    assert code(room, UndoRequest("")) == "too_large"
    done(room, PatchRequest("", None, [{"op": "remove", "path": "/t"}]))
    done(room, UndoRequest(""))
    assert "t" in value(room)


def test_the_blocks_are_counted_again_only_after_many_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[int] = []
    count = BlockEstimate.count

    def noted(self: BlockEstimate, state: bytes, values: int) -> None:
        count(self, state, values)
        counted.append(self.counted)

    monkeypatch.setattr(BlockEstimate, "count", noted)
    room, peer = room_with_a_text()
    most_deletions(room, peer)
    for _ in range(50):
        assert code(room, put("/n", 2)) == "too_large"
    assert len(set(counted)) == len(counted)


def test_without_a_limit_everything_is_accepted() -> None:
    room = opened({"t": "x" * LETTERS}, bounds=RoomBounds(max_blocks=0, max_state=0))
    done(room, without(Peer(room), *range(0, LETTERS, 2)), YJS)
    assert room.bounds.ample_state == inf
    assert (most_bytes(0, 5), most_bytes(5, 0), most_blocks(0)) == (0, 0, 0)


def test_a_document_at_the_limits_of_its_value_has_room() -> None:
    bounds = Bounds()
    values = 3_000
    room = opened({}, bounds=RoomBounds(max_blocks=most_blocks(values)))
    done(room, Replace({"a": ["word"] * 1_000, "b": [0] * 1_998}, None))
    assert blocks(room) < most_blocks(values)
    assert most_bytes(bounds.max_bytes, 1) >= 2 * bounds.max_bytes
    done(room, put("/c", 1))
