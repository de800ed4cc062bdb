"""Rules of Yjs updates: who may send one, its size, and what the server takes back."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.patch.bounds import Bounds
from collab.ports.store import Absent
from collab.rights.user_rights import Role
from collab.room import working
from collab.room.requests import Create, ReadState, ReadStateVector, UndoRequest, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.structs import array_sizes, state_updates
from collab.structs.guard import GuardBounds, StructIndex
from collab.types import merging
from tests.collab.room.rooms import PAGE, code, commit, done, lock, member, opened, put, refusal

NUMBER = b'{"properties": {"n": {"type": "number"}}}'
YJS = member(lane="yjs")


class Peer:
    """A Yjs client: its copy of the document, and what it has not sent yet."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.doc: Doc[Any] = Doc()
        self.pull()
        self.content = self.doc.get("content", type=Map)

    def pull(self) -> None:
        """Take everything that the document has."""
        self.doc.apply_update(done(self.room, ReadState(self.doc.get_state())).state)

    def update(self, **values: Any) -> Update:
        """Change values of the root, and return the update."""
        before = self.doc.get_state()
        with self.doc.transaction():
            for name, value in values.items():
                self.content[name] = value
        return Update(self.doc.get_update(before))


def test_an_update_is_the_next_version_of_its_author() -> None:
    room = opened({"n": 0})
    answer = done(room, Peer(room).update(n=1), YJS)
    assert answer.entry is not None
    assert (answer.version, answer.entry.author.user, answer.entry.kind) == (2, "ada", "edit")
    assert answer.entry.lane == "yjs"
    assert room.document.value == {"n": 1}


def test_an_update_that_adds_nothing_needs_no_right_and_makes_no_version() -> None:
    room = opened({"n": 0})
    update = Peer(room).update(n=1)
    done(room, update, YJS)
    viewer = member(role=Role.VIEWER, lane="yjs", expires_at=5)
    assert done(room, update, viewer, now=9).entry is None
    assert room.head == 2


def test_only_a_writer_may_send_an_update_and_only_until_the_token_expires() -> None:
    room = opened({"n": 0})
    update = Peer(room).update(n=1)
    assert code(room, update, member(role=Role.VIEWER, lane="yjs")) == "forbidden"
    assert code(room, update, member(lane="yjs", expires_at=5), now=5) == "unauthenticated"
    assert room.document.value == {"n": 0}
    done(room, update, member(lane="yjs", expires_at=5), now=4)


def test_an_update_has_at_most_so_many_bytes() -> None:
    room = opened({"n": 0})
    update = Peer(room).update(n="x" * 500)
    size = len(update.update)
    tight = opened({"n": 0}, bounds=RoomBounds(max_update=size - 1))
    assert code(tight, Update(update.update), YJS) == "too_large"
    wide = opened({"n": 0}, bounds=RoomBounds(max_update=size))
    done(wide, Update(update.update), YJS)  # another peer's id may take more bytes


class Typist(Peer):
    """A Yjs client that edits a text and a list; its updates are those of the edits themselves."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.updates: list[bytes] = []
        self.doc.observe(lambda event: self.updates.append(event.update))

    def sends(self, edit: Callable[[Any], None]) -> None:
        self.updates.clear()
        edit(self.content)
        for update in self.updates:
            done(self.room, Update(update), YJS)


def facts(index: StructIndex) -> list[tuple[int, Any]]:
    """Return what the index knows of each clock that is not deleted."""
    found: list[tuple[int, Any]] = []
    for client, end in index.clocks.items():
        for clock in range(end):
            at = client, clock
            if not index.is_deleted(at):
                found.append((clock, (index.place(at), index.cuts(*at))))
    return found


def test_an_update_that_the_guard_has_read_is_not_parsed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = opened({"t": "some words", "l": [1]})
    typist = Typist(room)
    typist.sends(lambda content: content["t"].insert(0, "x"))

    def fail(*_: object) -> None:
        raise AssertionError("the update is parsed again")

    monkeypatch.setattr(working, "inspect", fail)
    for _ in range(3):
        typist.sends(lambda content: content["t"].insert(1, "y"))
    room.working.structs.of(room.document)


@pytest.mark.parametrize("seed", range(5))
def test_the_index_of_checked_updates_is_the_index_of_the_whole_document(seed: int) -> None:
    room, rng = opened({"t": "some words", "m": {"a": 1}, "l": [1]}), Random(seed)
    typist = Typist(room)
    edits: list[Callable[[Any], None]] = [
        lambda content: content["t"].insert(rng.randrange(3), rng.choice(("x", "yz"))),
        lambda content: content["t"].__delitem__(slice(0, 1)),
        lambda content: content["m"].__setitem__("a", rng.randrange(9)),
        lambda content: content.__setitem__("m", Map({"a": Map({"b": 1})})),
        lambda content: content.__setitem__("t", Text("other words")),
    ]
    for number in range(60):
        if rng.random() < 0.3:
            done(room, put("/n", number))
            typist.pull()
        typist.sends(rng.choice(edits))
        commit(room)
    whole = StructIndex.of(room.document.update_since(b"\0"))
    index = room.working.structs.of(room.document)
    assert index.clocks == whole.clocks == room.document.state_vector()
    assert sorted(facts(index)) == sorted(facts(whole))


def test_a_document_may_be_created_by_an_update() -> None:
    room = opened()
    answer = done(room, Peer(room).update(n=1), YJS)
    assert answer.entry is not None
    assert (answer.entry.kind, answer.version) == ("create", 1)
    assert room.working.exists


def test_an_update_against_the_schema_is_taken_back_in_the_same_version() -> None:
    room = opened({"n": 0, "m": 0}, NUMBER)
    peer = Peer(room)
    answer = done(room, peer.update(n="text"), YJS)
    assert answer.version == 2
    assert room.document.value == {"n": 0, "m": 0}
    peer.pull()
    assert room.head == 2
    done(room, peer.update(m=5), YJS)
    assert room.document.value == {"n": 0, "m": 5}


def test_an_update_of_what_another_client_has_locked_is_taken_back_there_only() -> None:
    room = opened({"a": {"x": 1}, "b": 0})
    lock(room, "/a")
    done(room, Peer(room).update(a=2, b=2), YJS)
    assert room.document.value == {"a": {"x": 1}, "b": 2}


@pytest.mark.parametrize("bounds", [Bounds(max_bytes=200), Bounds(max_values=20)])
def test_an_update_that_outgrows_the_limits_is_taken_back(bounds: Bounds) -> None:
    room = opened({"n": 0}, bounds=RoomBounds(patch=bounds))
    peer = Peer(room)
    done(room, peer.update(n=Array(list(range(200)))), YJS)
    assert room.document.value == {"n": 0}
    peer.pull()
    done(room, peer.update(n=1), YJS)
    assert room.document.value == {"n": 1}


def test_an_update_without_its_dependencies_is_refused_and_changes_nothing() -> None:
    room = opened({"n": 0})
    peer = Peer(room)
    first, second = peer.update(n=1), peer.update(n=2)
    assert code(room, second, YJS) == "missing_dependency"
    done(room, first, YJS)
    done(room, second, YJS)
    assert room.document.value == {"n": 2}


def test_a_copy_with_another_history_is_stale() -> None:
    room, other = opened({"n": 0}), opened({"n": 0})
    done(other, put("/m", 1))  # the server wrote more there than here
    strange = Peer(other)
    assert code(room, ReadState(strange.doc.get_state()), YJS) == "stale_document"


def test_a_client_that_lacks_many_blocks_gets_the_updates_that_make_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = opened({"n": 0})
    peer = Peer(room)
    for number in range(30):
        done(room, put(f"/k{number}", number))
        done(room, peer.update(n=number), YJS)
    known = room.document.encode_state_vector()
    done(room, put("/last", 1))
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", 20)
    monkeypatch.setattr(merging, "_GROUP", 200)
    answer = done(room, ReadState(b"\0"), YJS)
    assert answer.state_vector == room.document.encode_state_vector()
    copy = Doc[Any]()
    assert answer.earlier, "the state comes first"
    for update in (*answer.earlier, answer.state):
        copy.apply_update(update)
    assert copy.get_state() == room.document.encode_state_vector()
    assert copy.get("content", type=Map).to_py() == room.document.value
    few = done(room, ReadState(known), YJS)
    assert (few.state, few.earlier) == (room.document.update_since(known), ())


def test_the_state_vector_says_what_the_document_has() -> None:
    room = opened({"n": 0})
    peer = Peer(room)
    done(room, peer.update(n=1), YJS)
    assert done(room, ReadStateVector()).state == room.document.encode_state_vector()
    assert refusal(room, ReadState(b"\xff\xff"), YJS).code.value == "malformed"


def test_the_rest_of_a_long_update_is_left_for_the_next_requests() -> None:
    room = opened({"n": 0})
    peer = Peer(room)
    whole = b""
    for number in range(3):
        whole = peer.update(**{f"k{number}-{key}": key for key in range(700)}).update
    before = Doc[Any]()
    before.apply_update(done(room, ReadState(b"\x00")).state)
    whole = peer.doc.get_update(before.get_state())
    answer = done(room, Update(whole), YJS)
    count = 1
    waiting = list(answer.rest)
    while waiting:
        answer = done(room, Update(waiting.pop(0)), YJS)
        waiting[0:0] = answer.rest
        count += 1
    assert isinstance(room.document.value, dict)
    assert len(room.document.value) == 2_101
    commit(room)
    assert room.version == room.head


def test_an_update_can_be_undone_by_its_author_alone() -> None:
    room = opened({"n": 0})
    done(room, Peer(room).update(n=1), YJS)
    assert code(room, UndoRequest("u"), member("bo")) == "nothing_to_undo"
    done(room, UndoRequest("u"), member("ada"))
    assert room.document.value == {"n": 0}
    assert code(room, Create({}, "c", only=True)) == "already_exists"
    assert done(room, put("/n", 3)).version == 4


def test_a_token_with_sections_creates_no_document_by_an_update() -> None:
    room = opened()
    assert code(room, Peer(room).update(n=1), member(lane="yjs", sections=("/n",))) == "forbidden"


def test_an_update_outside_the_sections_of_its_author_is_taken_back() -> None:
    room = opened({"a": 0, "n": 0})
    done(room, Peer(room).update(a=1, n=1), member(lane="yjs", sections=("/a",)))
    assert room.document.value == {"a": 1, "n": 0}


@pytest.mark.parametrize(("took", "noted"), [(0.0004, 0.0), (0.002, 0.002)])
def test_the_time_of_a_long_update_counts_for_the_opening(took: float, noted: float) -> None:
    now = 0.0

    def seconds() -> float:
        nonlocal now
        now += took
        return now - took

    room = Room(PAGE, Absent(), RoomBounds(), None, seconds=seconds)
    done(room, Create({"n": 0}))
    for value in (1, 2):
        before = room.document.opening_seconds
        done(room, Peer(room).update(n=value), YJS)
        assert room.document.opening_seconds - before == pytest.approx(noted)


def test_g28_an_update_that_gives_a_y_array_too_many_values_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(array_sizes, "LONG_ARRAY", 4)
    room = opened({})
    room.working.update_bounds = GuardBounds(array_values=10)
    typist = Typist(room)
    typist.sends(lambda content: content.update({"list": Array()}))
    for _ in range(5):
        typist.sends(lambda content: content["list"].insert(0, Map({"n": 1})))
    before, state = typist.doc.get_state(), room.document.encode_state_vector()
    typist.content["list"].insert(0, Map())
    assert code(room, Update(typist.doc.get_update(before)), YJS) == "too_large"
    assert room.document.encode_state_vector() == state
    assert room.document.value == {"list": [{"n": 1}] * 5}


def test_g29_a_yjs_state_has_a_largest_size_and_shrinks_by_deletions() -> None:
    room = opened({}, bounds=RoomBounds(max_state=4_000))
    typist = Typist(room)
    typist.sends(lambda content: content.update({"a": Text("x" * 3_000)}))
    before = typist.doc.get_state()
    aside = typist.doc.get("aside", type=Text)
    aside += "y" * 2_000
    more = typist.doc.get_update(before)
    assert code(room, Update(more), YJS) == "too_large"
    assert room.document.value == {"a": "x" * 3_000}
    done(room, put("/b", "z" * 3_000))  # a patch has the limits of the value
    assert code(room, Update(more), YJS) == "too_large"
    Typist(room).sends(lambda content: content["a"].clear())
    done(room, put("/b", ""))
    done(room, Update(more), YJS)
    assert room.document.value == {"a": "", "b": ""}
