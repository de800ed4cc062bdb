"""A room follows the entries of another instance, or refuses them before it changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.document.steps import UndoBounds
from collab.entry import Author, Entry
from collab.ids import Json
from collab.patch.bounds import Bounds
from collab.patch.splices import has_splices
from collab.ports.positions import Control
from collab.ports.store import Append, Stored
from collab.room import following
from collab.room.requests import (
    PatchRequest,
    Renew,
    RestoreVersion,
    UndoRequest,
    Update,
)
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.types.yjs_document import MOST_BLOCKS
from tests.collab.document.following import check_cached_ids, facts, in_a_new_client
from tests.collab.room.following_world import in_bytes, run
from tests.collab.room.rooms import PAGE, code, commit, done, lock, member, opened, put
from tests.seeds import seeds

LONG = "All of these words are one long text. " * 20
VALUE: dict[str, Json] = {"title": "hello", "long": LONG, "list": [{"id": "a"}, {"id": "b"}]}


class Two:
    """Two rooms of one document. `one` makes entries, and `two` follows them."""

    def __init__(self, value: dict[str, Any] = VALUE, bounds: RoomBounds | None = None) -> None:
        self.bounds = bounds or RoomBounds()
        self.one = opened(value, bounds=bounds)
        self.log: list[Entry] = list(self.one.tail.since(0) or [])
        self.two = self.from_log()

    def from_log(self) -> Room:
        return Room(PAGE, Stored(1, len(self.log), Control(), None, self.log), self.bounds, None)

    def edited(self, *requests: Any, user: str = "ada", by: Room | None = None) -> list[Entry]:
        """Apply requests and commit them. Return the entries of the log."""
        room = by or self.one
        for request in requests:
            lane = "yjs" if isinstance(request, Update) else "patch"
            author = member(user, lane=lane)  # type: ignore[arg-type]  # it is a lane
            author.splice = True
            done(room, request, author, now=9_000 * room.head)
        append = room.pending()
        assert append is not None
        room.commit()
        self.log += append.entries
        return [in_bytes(entry) for entry in append.entries]

    def followed(self, *requests: Any, user: str = "ada") -> None:
        """Let the second room follow what the first has made, and compare both."""
        assert self.two.follow(1, self.edited(*requests, user=user)) is not None
        self.are_equal()

    def are_equal(self) -> None:
        assert (self.two.version, self.two.value) == (self.one.version, self.one.value)
        assert facts(self.two.document) == facts(self.one.document)
        check_cached_ids(self.two.document)


def of(room: Room, key: str) -> Any:
    value: Any = room.value
    return value[key]


def splice(path: str, offset: int, delete: int, insert: str, id: str = "") -> PatchRequest:
    op = {"op": "splice", "path": path, "offset": offset, "delete": delete, "insert": insert}
    return PatchRequest(id, None, [op])


def typed(room: Room, text: str = "!", client: int = 7) -> Update:
    """Return the update of a new Yjs client that types into the title."""
    peer: Doc[Any] = Doc(client_id=client)
    peer.apply_update(room.document.update_since(b"\0"))
    before, content = peer.get_state(), peer.get("content", type=Map)
    content["title"].insert(0, text)
    return Update(peer.get_update(before))


# --- what a room follows ----------------------------------------------------------------------


@pytest.mark.parametrize("block", seeds(2, 8))
def test_d20_three_rooms_and_a_room_from_the_log_are_equal(block: int) -> None:
    for seed in range(10 * block, 10 * block + 10):
        run(seed, 4, 0.0)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(1_000, 1_050))
def test_d20_three_rooms_are_equal_after_many_steps(seed: int) -> None:
    run(seed, 40)


@pytest.mark.long
@pytest.mark.parametrize("block", range(50))
def test_d20_three_rooms_are_equal_in_thousands_of_worlds(block: int) -> None:
    for number in range(100):
        run(10_000 + 100 * block + number, 40)


def test_an_entry_is_returned_as_clients_receive_it_and_the_log_may_be_behind() -> None:
    two = Two()
    entries = two.edited(splice("/long", 3, 4, "!", "long"), put("/n", 1, "n"))
    assert has_splices(entries[0].ops)
    followed = two.two.follow(1, entries)
    assert followed is not None
    received, changes = followed
    assert received == two.one.tail.since(1)
    assert [change.version for change in changes] == [2, 3]
    assert changes[0].before == VALUE
    assert two.two.tail.since(1) == received
    two.are_equal()
    assert two.two.follow(1, []) == ([], [])


def test_users_undo_and_redo_at_either_instance() -> None:
    two = Two()
    two.followed(put("/title", "one"), splice("/long", 0, 0, "x"))
    two.followed(PatchRequest("", None, [{"op": "remove", "path": "/list/0"}]), user="bo")
    back = two.edited(UndoRequest("u"), UndoRequest("v"), by=two.two)
    assert two.one.follow(1, back) is not None
    two.are_equal()
    assert two.one.value == {**VALUE, "list": [{"id": "b"}]}
    two.followed(UndoRequest("w", redo=True), user="ada")
    two.followed(UndoRequest("w"), user="bo")
    two.followed(RestoreVersion(1, VALUE), user="cy")
    assert two.two.value == VALUE


def test_a_text_that_came_back_under_new_ids_is_not_mixed_up_with_its_former_ids() -> None:
    two = Two()
    two.followed(splice("/title", 5, 0, " you"))
    two.edited(splice("/title", 0, 1, "H"), by=two.two)
    assert two.one.follow(1, two.log[-1:]) is not None
    two.followed(PatchRequest("", None, [{"op": "remove", "path": "/title"}]), user="bo")
    two.followed(UndoRequest(""), user="bo")
    two.followed(typed(two.one, "Oh, "), user="cy")
    for user in ("ada", "cy", "ada"):
        two.followed(UndoRequest(""), user=user)
    assert two.two.value == VALUE


def test_an_edit_in_two_places_of_one_text_leaves_no_wrong_ids() -> None:
    two = Two()
    assert two.one.follow(1, two.edited(splice("/title", 5, 0, "!"), by=two.two)) is not None
    assert check_cached_ids(two.two.document) == 1
    peer: Doc[Any] = Doc(client_id=7)
    peer.apply_update(two.one.document.update_since(b"\0"))
    before, text = peer.get_state(), peer.get("content", type=Map)["title"]
    with peer.transaction():
        for at, letter in ((0, "H"), (4, "0")):
            del text[at : at + 1]
            text.insert(at, letter)
    two.followed(Update(peer.get_update(before)), user="bo")
    assert of(two.two, "title") == "Hell0!"
    two.followed(UndoRequest(""), user="ada")


def test_a_text_that_is_removed_here_keeps_the_edits_that_were_made_elsewhere() -> None:
    two = Two()
    peer: Doc[Any] = Doc(client_id=7)
    peer.apply_update(two.two.document.update_since(b"\0"))
    before = peer.get_state()
    del peer.get("content", type=Map)["title"][0:1]
    update = Update(peer.get_update(before))
    assert two.one.follow(1, two.edited(update, by=two.two, user="bo")) is not None
    two.followed(splice("/title", 4, 0, " you"))
    removal = PatchRequest("", None, [{"op": "remove", "path": "/title"}])
    entries = two.edited(removal, UndoRequest(""), by=two.two, user="cy")
    assert two.one.follow(1, entries) is not None
    assert of(two.one, "title") == "ello you"
    two.followed(UndoRequest(""))
    assert of(two.two, "title") == "ello"


def test_values_that_another_instance_has_added_count_towards_the_limit() -> None:
    two = Two(bounds=RoomBounds(Bounds(max_values=30)))
    assert two.one.follow(1, two.edited(put("/n", [1, 2]), by=two.two)) is not None
    two.followed(put("/more", [*range(12)]))
    assert code(two.two, put("/last", [*range(12)])) == "too_large"


def test_edits_of_one_text_at_two_instances_need_no_search_for_its_ids() -> None:
    two = Two()
    cached = []
    for number in range(6):
        room, other = (two.one, two.two) if number % 2 else (two.two, two.one)
        entries = two.edited(splice("/title", number, 0, "x"), by=room, user="ada")
        assert other.follow(1, entries) is not None
        two.are_equal()
        cached.append(check_cached_ids(other.document))
    assert cached[1:] == [1] * 5


def test_a_client_id_that_was_first_used_at_another_instance_belongs_to_its_user() -> None:
    two = Two()
    peer = typed(two.one)
    two.followed(peer, user="bo")
    assert two.two.document.leases == {7: "bo"}
    stranger = member("cy", lane="yjs")
    again = typed(two.two, "?", client=7)
    assert code(two.two, again, stranger) == "stale_document"
    two.followed(typed(two.one, "?", client=7), user="bo")


def test_a_request_that_another_instance_accepted_is_a_duplicate() -> None:
    two = Two()
    long = splice("/long", 3, 4, "!", "long")
    restore = RestoreVersion(1, VALUE, "", "back")
    made = two.edited(put("/n", 1, "n"), long, restore)
    assert two.two.follow(1, made) is not None
    ada = member()
    ada.splice = True
    for request, version in ((put("/n", 1, "n"), 2), (long, 3), (restore, 4)):
        answer, first = done(two.two, request, ada), done(two.one, request, ada)
        assert (answer.version, answer.entry) == (version, None)
        assert answer.ack == first.ack
        assert answer.ack["duplicate"]
    assert code(two.two, put("/n", 2, "n"), ada) == "id_reused"


def test_a_stale_patch_is_rebased_over_the_entries_of_another_instance() -> None:
    two = Two()
    two.followed(put("/list/0", {"id": "new"}), splice("/title", 0, 0, "Oh, "), put("/n", 1))
    for op in (
        {"op": "add", "path": "/list/1/x", "value": 1},
        {"op": "replace", "path": "/title", "value": "hello you"},
        {"op": "add", "path": "/n", "value": 2},
    ):
        stale = PatchRequest("", 1, [op])
        answers = [done(room, stale, member("bo")) for room in (two.one, two.two)]
        assert answers[0] == answers[1]
        commit(two.one)
        commit(two.two)
    assert two.two.value == two.one.value


def test_the_index_of_structs_covers_followed_entries() -> None:
    two = Two()
    for room in (two.one, two.two):
        assert room.working.structs.of(room.document).clocks == room.document.state_vector()
    two.followed(put("/n", [1, {"deep": "text"}]), typed(two.one))
    assert two.two.working.structs.is_built
    index = two.two.working.structs.of(two.two.document)
    assert index.clocks == two.two.document.state_vector()
    two.followed(typed(two.two, "more", client=9))


# --- hidden elements --------------------------------------------------------------------------


def test_an_element_that_another_instance_shows_again_is_not_purged() -> None:
    two = Two(bounds=RoomBounds(undo=UndoBounds(1)))
    two.followed(PatchRequest("", None, [{"op": "remove", "path": "/list/0"}]))
    two.followed(put("/n", 1))  # now no step needs the element
    assert two.two.document.mark_unneeded() == 1
    peer: Doc[Any] = Doc(client_id=7)
    peer.apply_update(two.one.document.update_since(b"\0"))
    before = peer.get_state()
    peer.get("content", type=Map)["list"]["a"]["@deleted"] = False
    two.followed(Update(peer.get_update(before)))
    assert of(two.one, "list") == VALUE["list"]
    two.followed(PatchRequest("", None, [{"op": "remove", "path": "/list/0"}]), user="bo")
    entries = two.edited(put("/n", 2), by=two.two)
    assert two.one.follow(1, entries) is not None
    two.are_equal()
    two.followed(UndoRequest(""), user="bo")
    assert of(two.one, "list") == VALUE["list"]


def test_both_instances_may_purge_the_same_elements() -> None:
    two = Two(bounds=RoomBounds(undo=UndoBounds(1)))
    two.followed(PatchRequest("", None, [{"op": "remove", "path": "/list/0"}]))
    two.followed(put("/n", 1))
    assert two.one.document.mark_unneeded() == two.two.document.mark_unneeded() == 1
    two.followed(put("/n", 2))
    assert "a" not in in_a_new_client(two.two.document)["list"]
    entries = two.edited(put("/n", 3), by=two.two)
    assert two.one.follow(1, entries) is not None
    two.are_equal()


# --- titles -----------------------------------------------------------------------------------


def title(room: Room, *requests: Any) -> str | None:
    """Return the title that a batch writes."""
    for request in requests:
        done(room, request)
    append = room.pending()
    assert isinstance(append, Append)
    room.commit()
    return append.title


def test_a_title_that_another_instance_has_changed_is_written_again() -> None:
    two = Two()
    assert title(two.two, put("/title", "hello", base=None), put("/n", 1)) == "hello"
    two.one.follow(1, two.two.tail.since(1) or [])
    assert title(two.one, put("/title", "Bye")) == "Bye"
    two.two.follow(1, two.one.tail.since(2) or [])
    assert title(two.two, put("/title", "hello")) == "hello"
    assert title(two.two, put("/n", 2)) is None


def test_a_title_that_no_other_instance_has_changed_is_not_written_again() -> None:
    two = Two()
    assert title(two.two, put("/n", 1)) == "hello"
    two.one.follow(1, two.two.tail.since(1) or [])
    title(two.one, put("/pages", {"home": {"title": "Home"}}))
    two.two.follow(1, two.one.tail.since(2) or [])
    assert title(two.two, put("/n", 2)) is None


# --- what a room refuses ----------------------------------------------------------------------


def refuses(room: Room, entries: Sequence[Entry], epoch: int = 1) -> bool:
    """Whether a room refuses entries without a change."""
    before = facts(room.document), room.version, room.head, room.tail.last, room.value
    refused = room.follow(epoch, entries) is None
    assert not refused or before == (
        facts(room.document),
        room.version,
        room.head,
        room.tail.last,
        room.value,
    )
    return refused


def test_a_gap_is_refused_and_so_are_entries_that_the_room_has() -> None:
    two = Two()
    first, second, third = two.edited(put("/n", 1), put("/n", 2), put("/n", 3))
    assert refuses(two.two, [second])
    assert refuses(two.two, [first, third])
    assert not refuses(two.two, [first, second])
    assert refuses(two.two, [second, third])
    assert not refuses(two.two, [third])
    two.are_equal()


def test_another_epoch_is_refused() -> None:
    two = Two()
    entries = two.edited(put("/n", 1))
    assert refuses(two.two, entries, epoch=2)


@pytest.mark.parametrize("kind", ["create", "import", "repair"])
def test_an_entry_that_begins_the_document_again_is_refused(kind: Any) -> None:
    two = Two()
    (entry,) = two.edited(put("/n", 1))
    assert refuses(two.two, [replace(entry, kind=kind)])


def test_a_room_without_a_document_follows_nothing() -> None:
    two, absent = Two(), opened()
    assert refuses(absent, two.log)


def test_a_renewal_is_refused() -> None:
    two = Two({"numbers": {"a": 0, "b": 0}})
    for number in range(200):
        two.edited(put(f"/numbers/{'ab'[number % 2]}", number + 1))
    two.two = two.from_log()
    done(two.one, Renew(100), member("weft", lane="server"))
    append = two.one.pending()
    assert append is not None
    assert refuses(two.two, append.entries)


def test_ops_that_do_not_fit_to_the_value_are_refused() -> None:
    two = Two()
    (entry,) = two.edited(put("/n", 1))
    assert refuses(two.two, [replace(entry, ops=[{"op": "remove", "path": "/gone"}])])
    assert refuses(two.two, [replace(entry, update=b"\xff\xff")])


def test_large_entries_are_refused() -> None:
    two = Two()
    words = "word " * (following.MOST_BYTES // 5)
    assert refuses(two.two, two.edited(put("/large", words)))
    two.two = two.from_log()
    half = words[: following.MOST_BYTES // 2 - following.ENTRY]
    both = two.edited(put("/half", half), put("/other", half))
    assert refuses(two.two, both)
    assert not refuses(two.two, both[:1])
    assert not refuses(two.two, both[1:])


def test_many_entries_are_followed_in_portions() -> None:
    two = Two()
    words = "word " * (following.MOST_BYTES // 5)
    count = following.MOST_BYTES // following.ENTRY
    entries = two.edited(*(put("/n", number) for number in range(1, 2 * count)), put("/w", words))
    assert refuses(two.two, entries[:count])
    portions = list(following.portions(entries))
    assert [entry for portion in portions for entry in portion] == entries
    assert [refuses(two.two, portion) for portion in portions] == [False, False, False, True]
    assert list(following.portions([])) == []


def test_a_large_deletion_is_refused() -> None:
    two = Two()
    most = following.MOST_CHARACTERS
    for size in (most - 1, most + 1):
        two.edited(put("/large", "x" * size))
        two.two = two.from_log()
        entries = two.edited(splice("/large", 0, size, ""))
        assert refuses(two.two, entries) == (size > most)


def test_a_deletion_of_many_blocks_is_refused() -> None:
    two = Two()
    most = MOST_BLOCKS
    for count in (most - 1, most + 1):
        two.edited(put("/large", {str(number): 0 for number in range(count - 1)}))
        two.two = two.from_log()
        entries = two.edited(PatchRequest("", None, [{"op": "remove", "path": "/large"}]))
        assert refuses(two.two, entries) == (count > most)


def test_a_forged_update_with_long_walks_is_refused() -> None:
    """yrs walks over all structs of the update that are at the same place."""
    two = Two()
    peers: list[Doc[Any]] = []
    for number in range(600):
        peer: Doc[Any] = Doc(client_id=1_000 - number)
        peer.apply_update(two.one.document.update_since(b"\0"))
        peer.get("content", type=Map)["title"].insert(0, "x")
        peers.append(peer)
    joined: Doc[Any] = Doc()
    for peer in peers:
        joined.apply_update(peer.get_update())
    update = joined.get_update(two.one.document.encode_state_vector())
    (entry,) = two.edited(put("/n", 1))
    author = Author("bo")
    forged = replace(entry, update=update, ops=[], inverse=b"", author=author, lane="yjs")
    assert refuses(two.two, [forged])


# --- locks ------------------------------------------------------------------------------------


def test_entries_that_leave_the_locks_where_they_are_are_followed() -> None:
    two = Two()
    for room in (two.one, two.two):
        lock(room, "/list/1")
    two.followed(put("/n", 1))
    assert two.two.locks() == two.one.locks()
    assert two.two.locks().version == 2
    bo = [{"op": "add", "path": "/list/1/x", "value": 1}]
    assert code(two.two, PatchRequest("", None, bo), member("cy")) == "locked"


def test_entries_that_move_or_end_a_lock_are_refused() -> None:
    for op in (
        {"op": "add", "path": "/list/0", "value": {"id": "new"}},
        {"op": "remove", "path": "/list/1"},
    ):
        two = Two()
        for room in (two.one, two.two):
            lock(room, "/list/1", "ada")
        assert refuses(two.two, two.edited(PatchRequest("", None, [op])))


# --- errors -----------------------------------------------------------------------------------


def test_after_an_error_in_the_middle_clients_have_read_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two = Two()
    entries = two.edited(put("/n", 1, "one"), put("/n", 2, "two"))
    follow, calls = Document.follow, []

    def failing(document: Document, one: Any) -> Any:
        calls.append(one)
        if len(calls) == 2:
            raise RuntimeError("a bug")
        return follow(document, one)

    monkeypatch.setattr(Document, "follow", failing)
    with pytest.raises(RuntimeError, match="a bug"):
        two.two.follow(1, entries)
    assert (two.two.version, two.two.value) == (1, VALUE)
    assert two.two.tail.last == 1
    assert two.two.ids.find("ada", "one") is None


def test_a_slow_entry_adds_to_the_time_of_the_next_opening() -> None:
    times = iter(range(100))
    two = Two()
    stored = Stored(1, 1, Control(), None, two.log)
    slow = Room(PAGE, stored, RoomBounds(), None, seconds=lambda: float(next(times)))
    before = slow.document.opening_seconds
    assert slow.follow(1, two.edited(put("/n", 1), put("/n", 2))) is not None
    assert slow.document.opening_seconds == before + 2


def test_a_batch_must_be_committed_first() -> None:
    two = Two()
    entries = two.edited(put("/n", 1))
    done(two.two, put("/m", 1))
    with pytest.raises(AssertionError):
        two.two.follow(1, entries)
