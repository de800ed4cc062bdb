"""The catch-up of a slow patch client: one merged change."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw

from collab.entry import Author
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from server.documents.changes import LastChange
from server.lanes.patch_frames import CatchUpTarget

MADE = LastChange(5, 1_000, Author("bo", "Bo"), "undo")


def merged(
    target: CatchUpTarget, before: Any, acks: Any = (), *, splice: bool = False, changes: Any = ()
) -> dict[str, Any]:
    frame = target.change_from(2, before, changes, list(acks), splice=splice)
    decoded: dict[str, Any] = json.loads(frame)
    return decoded


def test_a_merged_change_has_the_author_and_kind_of_the_last_version() -> None:
    change = merged(CatchUpTarget(5, {"n": 5}, MADE), {"n": 2})
    assert (change["type"], change["from"], change["version"]) == ("change", 3, 5)
    assert (change["by"]["user"], change["kind"]) == ("bo", "undo")
    assert change["at"] == "1970-01-01T00:00:01.000Z"
    assert change["ops"] == [{"op": "replace", "path": "/n", "value": 5}]


def test_a_merged_change_has_the_acks_of_the_clients_own_versions() -> None:
    ack = {"type": "ack", "id": "p-1", "version": 4}
    assert merged(CatchUpTarget(5, {"n": 5}, MADE), {"n": 2}, acks=[ack])["acks"] == [ack]


def test_a_client_that_accepts_splices_gets_the_changed_characters() -> None:
    before: Any = {"t": "a long text of words"}
    after: Any = {"t": "a long text of some words"}
    for splice, op in ((False, "replace"), (True, "splice")):
        [found] = merged(CatchUpTarget(5, after, MADE), before, splice=splice)["ops"]
        assert found["op"] == op


def test_ops_that_a_thread_has_made_are_sent_as_they_are() -> None:
    ops = [{"op": "add", "path": "/made", "value": 1}]
    target = CatchUpTarget(5, {"n": 5}, MADE, Raw(json.dumps(ops).encode()))
    assert merged(target, {"n": 2})["ops"] == ops


def test_a_merged_change_says_which_of_equal_letters_changed() -> None:
    before: Any = {"t": "aaa", "l": [{"id": "x", "t": "bb"}]}
    changes: list[AppliedChange] = []
    value = before
    for op in (
        splice("/t", 1, 0, "a"),
        splice("/l/0/t", 1, 0, "b"),
        {"op": "add", "path": "/l/0", "value": {"id": "y"}},
        splice("/l/1/t", 3, 0, "b"),
        splice("/t", 3, 1, "aa"),
    ):
        done = apply(value, [op], splices=True)
        changes.append(AppliedChange(3, Author("bo"), done.ops, value, done.texts))
        value = done.value
    found = merged(CatchUpTarget(7, value, MADE), before, splice=True, changes=changes)["ops"]
    places = [(op["path"], op["offset"], op["delete"]) for op in found if op["op"] == "splice"]
    assert sorted(places) == [("/l/1/t", 1, 0), ("/l/1/t", 3, 0), ("/t", 1, 0), ("/t", 3, 1)]


def splice(path: str, offset: int, delete: int, insert: str) -> dict[str, Any]:
    return {"op": "splice", "path": path, "offset": offset, "delete": delete, "insert": insert}
