"""Large deletions of users with section rights come to the same as small ones (rule X8)."""

from __future__ import annotations

import pytest

from collab.document.document import Document
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.room.requests import Create, Round, UndoRequest, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.tree import large_deletions
from collab.types.yjs_document import MOST_BLOCKS
from collab.writing import removal
from tests.collab.room.rooms import member
from tests.collab.tree.test_large_deletions import TURNS, VALUE, counted_commits, sent

pytestmark = pytest.mark.thorough

EVERY = ("/zeros", "/pages", "/lists", "/kept")
RIGHTS = {"every": EVERY, "none": (), **{name[1:]: (name,) for name in EVERY}}


def written(turn: str, sections: tuple[str, ...]) -> Room:
    """Return a room to which a user with these rights sent an update."""
    room = Room(DocKey("demo", "home"), Absent(), RoomBounds(), None)
    assert room.apply(member("root"), Create({"held": VALUE}), Round(0)).refusal is None
    room.commit()
    update = sent(room.document, lambda content: TURNS[turn](content["held"]))
    below = tuple(f"/held{each}" for each in sections)
    answer = room.apply(member("ed", lane="yjs", sections=below), Update(update), Round(9_000))
    assert answer.refusal is None
    return room


@pytest.mark.parametrize("rights", RIGHTS)
@pytest.mark.parametrize("turn", TURNS)
def test_portions_change_nothing_but_the_time(
    turn: str, rights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = written(turn, RIGHTS[rights])
    monkeypatch.setattr(large_deletions, "SMALL", 1_000)
    monkeypatch.setattr(removal, "MOST_ENTRIES", 1_000)
    costs = counted_commits(monkeypatch)
    room = written(turn, RIGHTS[rights])
    assert max(costs, default=0) < 4 * MOST_BLOCKS
    document = room.document
    assert document.read() == document.value == plain.document.value
    assert Document.open(document.snapshot(), (), 1).value == document.value
    if document.value == {"held": VALUE}:
        return
    answer = room.apply(member("ed", sections=("/held",)), UndoRequest(""), Round(99_000))
    assert answer.refusal is None
    assert document.read() == document.value == {"held": VALUE}


@pytest.mark.parametrize("rights", ["zeros", "none", "every"])
def test_another_client_gets_the_same(rights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_deletions, "SMALL", 1_000)
    room = written("all", RIGHTS[rights])
    room.pending()
    room.commit()
    peer = Document.create(1)
    for entry in room.tail.since(0) or []:
        peer.integrate(entry.update, version=entry.version, user="ann", at=0)
    assert peer.value == room.value == room.document.read()
    assert peer.encode_state_vector() == room.document.encode_state_vector()
