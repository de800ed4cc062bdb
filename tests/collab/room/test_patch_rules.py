"""Rules of patches: strict bases, locks, the schema, sizes, and what a conflict lists."""

from __future__ import annotations

from typing import Any

import pytest

from collab.document.document import Document
from collab.document.snapshot_format import decode_steps
from collab.patch.bounds import Bounds
from collab.rebase import pipeline
from collab.rights.user_rights import Role
from collab.room import patch_rules
from collab.room.patch_rules import whole_value_bounds
from collab.room.requests import Create, PatchRequest, Replace, RestoreVersion, UndoRequest
from collab.room.working import RoomBounds
from tests.collab.room.rooms import code, commit, done, lock, member, opened, put, refusal

NUMBER = b'{"properties": {"n": {"type": "number"}}}'


# --- the base ---------------------------------------------------------------------------------


def test_a_put_is_strict_about_its_base() -> None:
    room = opened({"n": 0})
    done(room, put("/n", 1))
    refused = refusal(room, Replace({"n": 2}, base=1))
    assert refused.code.value == "conflict"
    assert (refused.extra["base"], refused.extra["version"]) == (1, 2)
    assert [change.version for change in refused.extra["changes"]] == [2]
    assert refused.extra["conflicts"] == []
    done(room, Replace({"n": 2}, base=2))
    done(room, Replace({"n": 3}, base=None))
    assert room.document.value == {"n": 3}


def test_a_strict_patch_is_refused_on_an_older_base_and_another_patch_is_rebased() -> None:
    room = opened({"n": 0})
    done(room, put("/m", 1))
    assert code(room, put("/k", 1, base=1, strict=True)) == "conflict"
    done(room, put("/k", 1, base=2, strict=True))
    done(room, put("/l", 1, base=1))
    assert room.document.value == {"n": 0, "m": 1, "k": 1, "l": 1}


@pytest.mark.parametrize("base", [-1, 3])
def test_a_base_that_never_was_is_unknown(base: int) -> None:
    room = opened({"n": 0})
    done(room, put("/m", 1))
    for request in (put("/k", 1, base=base), Replace({}, base=base)):
        refused = refusal(room, request)
        assert refused.code.value == "unknown_version"
        assert refused.extra == {"version": 2}


def test_a_base_that_the_tail_does_not_hold_is_unknown() -> None:
    room = opened({"n": 0}, bounds=RoomBounds(tail_entries=2))
    for number in range(3):
        done(room, put("/n", number + 1))
        commit(room)
    assert code(room, put("/k", 1, base=1)) == "unknown_version"
    done(room, put("/k", 1, base=2))


def test_a_base_of_another_epoch_is_refused() -> None:
    room = opened({"n": 0})
    assert code(room, put("/n", 1, epoch=2)) == "unknown_version"
    assert code(room, put("/n", 1, epoch=2, strict=True)) == "conflict"
    assert code(room, Replace({"n": 1}, None, epoch=2)) == "conflict"
    done(room, put("/n", 1, epoch=1))
    done(room, Replace({"n": 2}, None, epoch=1))


def test_a_missing_document_takes_no_change_but_its_creation() -> None:
    room = opened()
    requests = (put("/n", 1), Replace({}, None), UndoRequest("u"), RestoreVersion(1, {}))
    assert [code(room, request) for request in requests] == ["not_found"] * 4


# --- pipelines --------------------------------------------------------------------------------


def test_a_patch_behind_a_rejected_one_is_rejected_with_its_id() -> None:
    room, ada = opened({"n": 0}), member(pipelines=True)
    assert code(room, put("/missing/x", 1, "p-1"), ada) == "path_not_found"
    refused = refusal(room, put("/n", 1, "p-2"), ada)
    assert (refused.code.value, refused.extra["after"]) == ("conflict", "p-1")
    assert refused.extra["conflicts"] == []
    done(room, put("/n", 1, "p-3", after="other"), ada)
    assert refusal(room, put("/n", 2, "p-4", after="p-1"), ada).extra["after"] == "p-1"


def test_a_retry_that_succeeds_bars_no_later_patch() -> None:
    room, ada = opened({"n": 0}), member(pipelines=True)
    assert code(room, put("/box/x", 1, "p-1"), ada) == "path_not_found"
    done(room, put("/box", {}))
    ada.pass_barrier(1)
    done(room, put("/box/x", 1, "p-1"), ada)
    done(room, put("/box/y", 1, "p-2", after="p-1"), ada)


def test_texts_of_unanswered_patches_are_rebased_up_to_a_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "MAX_REBASED_TEXT", 100)
    room, ada = opened({"t": "", "u": ""}), member(pipelines=True)
    done(room, put("/t", "x" * 60, "p-1", base=1), ada)
    done(room, put("/other", 1), member("bo"))
    done(room, put("/t", "x" * 61, "p-2", base=1), ada)
    done(room, put("/other", 2), member("bo"))
    assert code(room, put("/u", "short", "p-3", base=1), ada) == "conflict"


# --- locks ------------------------------------------------------------------------------------


def test_a_put_may_not_change_what_another_client_has_locked() -> None:
    room = opened({"a": {"x": 1}, "b": 1})
    lock(room, "/a")
    refused = refusal(room, Replace({"a": {"x": 2}, "b": 1}, None))
    assert refused.code.value == "locked"
    done(room, Replace({"a": {"x": 1}, "b": 2}, None))
    done(room, Replace({"a": {"x": 3}, "b": 2}, None), member("bo"))


def test_a_restored_version_may_not_change_what_another_client_has_locked() -> None:
    room = opened({"a": {"x": 1}, "b": 1})
    done(room, put("/a/x", 2))
    commit(room)
    lock(room, "/a")
    assert code(room, RestoreVersion(1, {"a": {"x": 1}, "b": 1})) == "locked"
    assert code(room, UndoRequest("u")) == "locked"
    assert code(room, put("/a/x", 3)) == "locked"


def test_a_put_with_the_fence_of_an_ended_lock_is_stale() -> None:
    room = opened({"a": {"x": 1}, "b": 1})
    lock(room, "/a")
    stale = Replace({"a": {"x": 2}, "b": 1}, None, fence=0)
    assert code(room, stale, member("bo")) == "stale_lock"
    assert code(room, put("/a/x", 2, fence=0), member("bo")) == "stale_lock"


# --- the schema -------------------------------------------------------------------------------


def test_each_kind_of_change_must_satisfy_the_schema() -> None:
    room = opened({"n": 0}, NUMBER)
    for request in (put("/n", "x"), Replace({"n": "x"}, None), RestoreVersion(1, {"n": "x"})):
        assert code(room, request) == "invalid_document"
    assert code(opened(None, NUMBER), Create({"n": "x"})) == "invalid_document"


def test_an_undo_may_not_bring_back_what_the_schema_forbids() -> None:
    room = opened({"n": "text"})
    done(room, put("/n", 1))
    commit(room)
    strict = opened({"n": 0}, NUMBER).schema
    room.working.schema = strict
    assert code(room, UndoRequest("u")) == "invalid_document"
    assert room.document.value == {"n": 1}
    room.working.schema = None
    done(room, UndoRequest("u"))
    assert room.document.value == {"n": "text"}


# --- sizes ------------------------------------------------------------------------------------


def bounded(**bounds: int) -> RoomBounds:
    return RoomBounds(patch=Bounds(**bounds))


def test_a_document_may_not_grow_beyond_its_bytes_by_any_request() -> None:
    room = opened({"t": "x" * 50}, bounds=bounded(max_bytes=200))
    large = "y" * 300
    for request in (put("/u", large), Replace({"t": large}, None), RestoreVersion(1, {"t": large})):
        assert code(room, request) == "too_large"
    assert code(opened(bounds=bounded(max_bytes=200)), Create({"t": large})) == "too_large"
    done(room, put("/u", "y" * 50))


def test_a_document_may_not_grow_beyond_its_values_by_any_request() -> None:
    room = opened({"l": []}, bounds=bounded(max_values=20))
    many: list[Any] = list(range(30))
    for request in (put("/l", many), Replace({"l": many}, None), RestoreVersion(1, {"l": many})):
        assert code(room, request) == "too_large"
    done(room, put("/l", many[:10]))


def test_a_patch_has_at_most_so_many_operations_and_a_put_more() -> None:
    room = opened({}, bounds=bounded(max_ops=3))
    ops = [{"op": "add", "path": f"/k{n}", "value": n} for n in range(4)]
    assert code(room, PatchRequest("p", None, ops)) == "too_large"
    done(room, Replace({f"k{n}": n for n in range(4)}, None))
    assert whole_value_bounds(Bounds(max_ops=3)).max_ops == patch_rules.MOST_OPS
    assert whole_value_bounds(Bounds(max_ops=99_999)).max_ops == 99_999
    assert whole_value_bounds(Bounds(max_ops=0)).max_ops == 0


# --- acks -------------------------------------------------------------------------------------


def test_an_ack_has_the_ops_only_when_they_differ_from_those_sent() -> None:
    room = opened({"list": ["a"], "n": 0})
    as_sent = PatchRequest("p-1", None, [{"op": "replace", "path": "/n", "value": 1}])
    assert done(room, as_sent).ack == {}
    done(room, PatchRequest("x", None, [{"op": "add", "path": "/list/0", "value": "b"}]))
    moved = PatchRequest("p-2", 2, [{"op": "replace", "path": "/list/0", "value": "A"}])
    assert done(room, moved).ack == {"ops": [{"op": "replace", "path": "/list/1", "value": "A"}]}


def test_a_patch_that_changes_nothing_makes_no_version_and_its_id_is_accepted() -> None:
    room = opened({"n": 0})
    test: list[dict[str, Any]] = [{"op": "test", "path": "/n", "value": 0}]
    answer = done(room, PatchRequest("t", None, test))
    assert (answer.version, answer.entry, answer.ack) == (1, None, {})
    again = done(room, PatchRequest("t", None, test))
    assert again.ack == {"duplicate": True}
    assert [one.id for one in room.working.accepted] == ["t"]


def test_a_put_of_the_same_value_makes_no_version() -> None:
    room = opened({"n": 0})
    assert done(room, Replace({"n": 0}, None, "p")).entry is None
    assert done(room, RestoreVersion(1, {"n": 0}, id="r")).ack == {"ops": []}


def test_the_first_version_of_an_empty_value_is_a_version_too() -> None:
    room = opened()
    answer = done(room, Create({}, "c"))
    assert answer.entry is not None
    assert (answer.version, answer.entry.kind, answer.entry.ops) == (1, "create", [])


def test_only_a_writer_may_change_a_document_and_only_until_the_token_expires() -> None:
    requests = (put("/n", 1), Replace({}, None), UndoRequest("u"), Create({}))
    room = opened({"n": 0})
    viewer, expired = member(role=Role.VIEWER), member(expires_at=5)
    assert [code(room, one, viewer) for one in requests] == ["forbidden"] * 4
    assert [code(room, one, expired, now=5) for one in requests] == ["unauthenticated"] * 4
    assert isinstance(room.document, Document)
    assert room.document.value == {"n": 0}


def test_a_token_with_sections_creates_no_document_and_restores_only_inside_them() -> None:
    writer = member(sections=("/a",))
    assert code(opened(), Create({}), writer) == "forbidden"
    room = opened({"a": {"x": 1}, "n": 0})
    old: Any = {"a": {"x": 0}, "n": 5}
    assert code(room, RestoreVersion(1, old), writer) == "forbidden"
    assert code(room, RestoreVersion(1, old, "/n"), writer) == "forbidden"
    assert code(room, Replace(old, None), writer) == "forbidden"
    done(room, RestoreVersion(1, old, "/a"), writer)
    assert room.document.value == {"a": {"x": 0}, "n": 0}


def test_the_ack_of_an_undo_tells_its_ops_its_versions_and_what_was_left_out() -> None:
    room = opened({"n": 0})
    done(room, put("/n", 1), now=60_000)
    ack = done(room, UndoRequest("u"), now=90_000).ack
    assert ack == {
        "ops": [{"op": "replace", "path": "/n", "value": 0}],
        "undone": [{"version": 2, "at": "1970-01-01T00:01:00.000Z", "pointers": ["/n"]}],
        "skipped": [],
        "can_undo": False,
        "can_redo": True,
    }
    entry = room.working.entries[-1]
    assert (entry.kind, entry.reverts) == ("undo", [2])


def test_an_undo_is_saved_with_its_time() -> None:
    room = opened({"n": 0})
    done(room, put("/n", 1), now=1_000)
    done(room, UndoRequest("u"), now=5_000)
    [step] = decode_steps(room.document.snapshot().steps).stacks["ada"].redo
    assert [part.at for part in step.parts] == [5_000]


def test_a_refused_pointer_of_an_undo_or_a_restore_is_named() -> None:
    room = opened({"n": 0})
    for request, name in (
        (UndoRequest("u", "no/slash"), "scope"),
        (RestoreVersion(1, {"n": 0}, "no/slash"), "pointer"),
    ):
        refused = refusal(room, request)
        assert refused.code.value == "malformed"
        assert refused.message.startswith(f"`{name}` is not a valid JSON Pointer")
