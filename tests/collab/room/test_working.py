"""The working document: entries of the batch and the tail, ids, and what a commit takes."""

from __future__ import annotations

import pytest

from collab.document.document import Document
from collab.errors import Rejected
from collab.room.requests import Create, PatchRequest, Replace, Round
from collab.room.working import RoomBounds
from collab.structs import state_updates
from collab.structs.struct_index import StructIndex
from tests.collab.room.rooms import code, commit, done, lock, member, opened, put


def test_entries_and_changes_span_the_tail_and_the_batch() -> None:
    room = opened({"n": 0})
    done(room, put("/n", 1))
    commit(room)
    done(room, put("/n", 2))
    done(room, put("/n", 3))
    for base in range(5):
        entries = room.working.entries_since(base)
        assert entries is not None
        expected = list(range(base + 1, 5))
        assert [one.version for one in entries] == expected
        assert [one.version for one in room.working.changes_since(base)] == expected


def test_entries_before_the_tail_are_not_there() -> None:
    room = opened({"n": 0}, bounds=RoomBounds(tail_entries=1))
    for number in range(2):
        done(room, put("/n", number + 1))
        commit(room)
    assert room.working.entries_since(1) is None
    with pytest.raises(Rejected):
        room.working.changes_since(1)
    assert room.working.entries_since(2) is not None


def test_an_entry_tells_its_author_its_time_its_commit_and_its_request() -> None:
    room = opened({"n": 0})
    bo = member("bo")
    entry = room.apply(bo, put("/n", 1, "p-1"), Round(77, commit_id="c-7")).entry
    assert entry is not None
    assert (entry.version, entry.author, entry.at, entry.kind) == (2, bo.author, 77, "edit")
    assert (entry.id, entry.commit, entry.lane) == ("p-1", "c-7", "patch")
    assert len(entry.digest) == 16
    anonymous = done(room, put("/n", 2), bo).entry
    assert anonymous is not None
    assert anonymous.digest == b""


def test_a_running_batch_keeps_its_commit_id() -> None:
    room = opened({"n": 0})
    rounds = [Round(number, commit_id=f"c-{number}") for number in range(3)]
    entries = [room.apply(member(), put("/n", 1 + now.now), now).entry for now in rounds[:2]]
    assert [entry and entry.commit for entry in entries] == ["c-0", "c-0"]
    assert room.commit_id == "c-0"
    room.commit()
    room.apply(member(), put("/n", 9), rounds[2])
    assert room.commit_id == "c-2"


def test_an_id_of_the_batch_is_known_to_its_user_only() -> None:
    room = opened({"n": 0})
    done(room, put("/m", 1, "p-1"))
    done(room, PatchRequest("p-2", None, [{"op": "test", "path": "/n", "value": 0}]))
    assert room.working.find_accepted("ada", "p-1") is not None
    assert room.working.find_accepted("ada", "p-2") is not None
    for user, id in (("bo", "p-1"), ("bo", "p-2"), ("ada", "p-3"), ("ada", "")):
        assert room.working.find_accepted(user, id) is None
    done(room, put("/m", 2, "p-1"), member("bo"))
    assert done(room, put("/m", 1, "p-1")).version == 2


def test_an_id_with_another_request_is_refused_before_and_after_the_commit() -> None:
    room = opened({"n": 0})
    done(room, put("/n", 1, "p-1"))
    assert code(room, put("/n", 2, "p-1")) == "id_reused"
    commit(room)
    assert code(room, put("/n", 2, "p-1")) == "id_reused"
    assert code(room, Replace({"n": 1}, None, "p-1")) == "id_reused"
    assert done(room, put("/n", 1, "p-1")).ack["duplicate"] is True


def test_the_rows_of_a_batch_state_what_it_was_checked_by() -> None:
    room = opened(None, bounds=RoomBounds(max_documents=5))
    assert room.pending() is None
    done(room, Create({"a": {"x": 1}}, "make"))
    first = room.pending()
    assert first is not None
    assert (first.create, first.after, first.revision, first.quota) == (True, 0, 0, 5)
    room.commit()
    lock(room, "/a", "ada")
    done(room, PatchRequest("p", None, [{"op": "remove", "path": "/a"}]))
    second = room.pending()
    assert second is not None
    assert (second.create, second.after, second.revision) == (False, 1, 1)
    assert second.drop == ["l-1"]
    room.commit()
    assert [(event.scope, event.holder) for event in room.lock_events] == [("/a", None)]
    assert room.control.revision == 2


def test_an_id_without_a_version_is_a_row_of_its_own() -> None:
    room = opened({"n": 0})
    done(room, PatchRequest("t", None, [{"op": "test", "path": "/n", "value": 0}]), now=3)
    append = room.pending()
    assert append is not None
    assert (append.entries, [one.id for one in append.accepted]) == ([], ["t"])
    assert room.commit() == ([], [])
    assert room.pending() is None
    assert room.ids.find("ada", "t") is not None


def test_the_committed_value_moves_only_with_the_commit() -> None:
    room = opened({"n": 0})
    done(room, put("/n", 1))
    assert (room.version, room.value, room.head) == (1, {"n": 0}, 2)
    with pytest.raises(AssertionError):
        room.document_to_save().snapshot()
    commit(room)
    assert (room.version, room.value) == (2, {"n": 1})
    assert room.document_to_save().snapshot().version == 2


def test_a_publication_moves_the_revision_that_it_was_written_at() -> None:
    room = opened({"n": 0})
    room.note_published(1, 3)
    assert (room.control.revision, room.control.published) == (0, 0)
    room.note_published(1, 0)
    assert (room.control.revision, room.control.published) == (1, 1)


def test_the_index_of_structs_tells_what_it_has_not_read() -> None:
    room = opened({"n": 0})
    structs, document = room.working.structs, room.document
    assert structs.behind(document) >= len(document.update_since(b"\0"))
    structs.of(document)
    assert structs.behind(document) == 0
    entry = done(room, put("/n", "a long text")).entry
    assert entry is not None
    assert structs.behind(document) == len(entry.update)
    structs.of(document)
    assert structs.behind(document) == 0


@pytest.mark.parametrize("many", [0, 10**6])
def test_the_index_of_a_large_document_is_built_without_encoding_its_state(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = opened({"list": [1, 2, 3], "t": "text"})
    for number in range(20):
        done(room, put(f"/k{number % 4}", {"in": number}))
    encoded: list[bytes] = []
    encode = Document.update_since

    def update_since(document: Document, state_vector: bytes) -> bytes:
        encoded.append(state_vector)
        return encode(document, state_vector)

    monkeypatch.setattr(state_updates, "MANY_BLOCKS", many)
    with monkeypatch.context() as patch:
        patch.setattr(Document, "update_since", update_since)
        index = room.working.structs.of(room.document)
    assert encoded == ([] if many == 0 else [b"\0"])
    assert index.clocks == room.document.state_vector()
    whole = StructIndex.of(room.document.update_since(b"\0"))
    assert dict(index.present_types()) == dict(whole.present_types())
    assert index.is_deleted((1, 0)) == whole.is_deleted((1, 0))
