"""Large deletions outside of a user's sections are undone from exact copies (rules X8 and G27)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.ports.store import Absent, Stored
from collab.room.requests import Create, PatchRequest, Request, Round, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.tree import early_deletion, tree
from collab.tree.early_deletion import CopiedEntries, put_back
from collab.types.exact_copy import NotCopied
from collab.types.yjs_document import YjsDocument
from tests.collab.room.rooms import PAGE, member
from tests.collab.room.test_sections_yjs_at_random import walk
from tests.collab.tree.large_values import make_all_large

pytestmark = pytest.mark.thorough


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> list[CopiedEntries]:
    """Make every deletion a large one. Return a list that gets the entries put back."""
    make_all_large(monkeypatch)
    monkeypatch.setattr(tree, "LARGE", 0)
    found: list[CopiedEntries] = []

    def noted(document: YjsDocument, outside: list[CopiedEntries]) -> bytes:
        found.extend(outside)
        return put_back(document, outside)

    monkeypatch.setattr(tree, "put_back", noted)
    return found


class Crash(Exception):
    """The process ends here."""


VALUE = {"held": [[0] * 9, {"a": [1, 2, 3]}], "own": "text"}
WAYS = ("patch", "everything", "sections")


def opened(stored: Stored | Absent) -> Room:
    return Room(PAGE, stored, RoomBounds(), None)


def removal_by(way: str, room: Room) -> Request:
    """Return a request that removes `held`."""
    if way == "patch":
        return PatchRequest("", None, [{"op": "remove", "path": "/held"}])
    peer: Doc[Any] = Doc(client_id=99)
    peer.apply_update(room.document.update_since(b"\0"))
    known, content = peer.get_state(), peer.get("content", type=Map)
    with peer.transaction():
        del content["held"]
        content["own"].insert(0, "a ")
    return Update(peer.get_update(known))


@pytest.mark.parametrize("way", WAYS)
def test_g27_no_portion_is_visible_or_survives_a_crash(
    way: str, restored: list[CopiedEntries], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = opened(Absent())
    room.apply(member(), Create(VALUE), Round(0))
    room.commit()
    request = removal_by(way, room)
    lane: Any = "patch" if way == "patch" else "yjs"
    by = member("ed", lane=lane, sections=("/own",) if way == "sections" else None)
    seen: list[Any] = []
    commit, crashes_at = YjsDocument.commit, 2**53

    def watched(document: YjsDocument, txn: Any) -> Any:
        seen.append((room.value, room.version, room.pending(), room.document.value))
        if len(seen) == crashes_at:
            raise Crash
        return commit(document, txn)

    monkeypatch.setattr(YjsDocument, "commit", watched)
    made = room.apply(by, request, Round(9_000)).entry
    assert made is not None
    after = room.document.value
    assert len(seen) > 5
    assert all(one == (VALUE, 1, None, VALUE) for one in seen)
    stored = Stored(1, 1, room.control, None, room.tail.since(0) or [])
    for portion in count(1):
        seen.clear()
        crashes_at = portion
        room = opened(stored)
        try:
            room.apply(by, request, Round(9_000))
            break  # there was no such portion
        except Crash:
            pass
        again = opened(stored)
        assert again.value == again.document.read() == VALUE
        crashes_at = 2**53
        entry = again.apply(by, request, Round(9_000)).entry
        assert entry is not None
        assert entry.ops == made.ops
        assert again.document.read() == again.document.value == after
    assert portion > 5


def test_x8_no_large_deletion_changes_anything_outside(restored: list[CopiedEntries]) -> None:
    met: Counter[str] = Counter()
    for seed in range(40):
        walk(seed, met)
    assert len(restored) > 20


def test_x8_yrs_brings_back_an_entry_that_cannot_be_copied(
    restored: list[CopiedEntries], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(txn: object, held: object) -> Iterator[None]:
        raise NotCopied

    monkeypatch.setattr(early_deletion, "exact_copy", refused)
    met: Counter[str] = Counter()
    for seed in range(10):
        walk(seed, met)
    assert not restored


def test_the_entries_of_a_map_that_cannot_be_copied_are_copied_one_by_one(
    restored: list[CopiedEntries],
) -> None:
    room = opened(Absent())
    room.apply(member(), Create(VALUE), Round(0))
    room.commit()
    peer: Doc[Any] = Doc(client_id=99)
    peer.apply_update(room.document.update_since(b"\0"))
    content = peer.get("content", type=Map)
    text = content["held"]["in"] = Text("ab")
    text.insert_embed(1, Map({"deep": 1}))
    by = member("ed", lane="yjs")
    room.apply(by, Update(peer.get_update()), Round(0))
    room.commit()
    before, known = room.document.value, peer.get_state()
    held = [key for key in content["held"].keys() if key != "in"]  # noqa: SIM118 - a Map is no dict
    del content["held"]
    limited = member("ed", lane="yjs", sections=("/own",))
    room.apply(limited, Update(peer.get_update(known)), Round(9_000))
    assert [(one.path, sorted(one.copies)) for one in restored] == [(("held",), sorted(held))]
    assert room.document.read() == room.document.value == before
    back: Doc[Any] = Doc()
    back.apply_update(room.document.update_since(b"\0"))
    [_, (embedded, _), _] = back.get("content", type=Map)["held"]["in"].diff()
    assert embedded.to_py() == {"deep": 1}
