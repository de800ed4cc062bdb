"""The room renews a document with too many blocks, and refuses edits inside replaced content."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map

from collab.errors import Code
from collab.ids import Json
from collab.ports.positions import Control
from collab.ports.store import Stored
from collab.room.requests import Renew, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from tests.collab.room.rooms import PAGE, code, commit, done, member, opened, put

VALUE: dict[str, Json] = {"title": "hello", "numbers": {"a": 1, "b": 2}}
SERVER = member("weft", lane="server")


def edited(edits: int = 200) -> Room:
    room = opened(VALUE)
    for number in range(edits):
        done(room, put(f"/numbers/{'ab'[number % 2]}", number))
    commit(room)
    return room


def peer_of(room: Room) -> Doc[Any]:
    peer: Doc[Any] = Doc(client_id=7)
    peer.apply_update(room.document.update_since(b"\0"))
    return peer


def typed(peer: Doc[Any]) -> Update:
    """Return an update that types a letter into the title."""
    before, content = peer.get_state(), peer.get("content", type=Map)
    content["title"].insert(5, "!")
    return Update(peer.get_update(before))


def test_a_document_below_the_limit_makes_no_version() -> None:
    room = edited()
    assert done(room, Renew(0), SERVER).entry is None
    assert done(room, Renew(1_000), SERVER).entry is None


def test_a_renewal_is_a_version_without_ops() -> None:
    room = edited()
    value, head = room.document.value, room.head
    entry = done(room, Renew(100), SERVER).entry
    assert entry is not None
    assert (entry.version, entry.ops, entry.author.user) == (head + 1, [], "weft")
    commit(room)
    assert room.value == value
    assert done(room, Renew(100), SERVER).entry is None
    done(room, put("/numbers/a", 7))
    assert done(room, typed(peer_of(room)), member("bo", lane="yjs")).entry is not None


def test_an_edit_inside_replaced_content_is_stale_and_not_lost_silently() -> None:
    room = edited()
    away = peer_of(room)
    entries = [done(room, Renew(100), SERVER).entry]
    update, bo = typed(away), member("bo", lane="yjs")
    assert code(room, update, bo) == Code.STALE_DOCUMENT
    commit(room)
    # The same after a restart, with a snapshot from before or after the renewal.
    fresh = edited()
    before, after = fresh.document_to_save().snapshot(), room.document_to_save().snapshot()
    assert entries[0] is not None
    control = Control(room.control.revision)
    for snapshot, since in ((before, entries), (after, [])):
        stored = Stored(1, room.version, control, snapshot, list(since))  # type: ignore[arg-type]  # no entry is None
        again = Room(PAGE, stored, RoomBounds(), None)
        assert again.value == room.value
        assert code(again, update, bo) == Code.STALE_DOCUMENT


def test_an_edit_outside_of_replaced_content_of_an_away_client_is_accepted() -> None:
    room = edited()
    away = peer_of(room)
    done(room, Renew(100), SERVER)
    before = away.get_state()
    away.get("content", type=Map)["new"] = 1
    done(room, Update(away.get_update(before)), member("bo", lane="yjs"))
    assert room.document.value == {**room.value, "new": 1}  # type: ignore[dict-item]  # an object
