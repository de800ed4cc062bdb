"""Section rights in a room, on both lanes: allowed, refused and corrected changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.entry import Author
from collab.errors import Refusal
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.lock_rules import decide
from collab.room.member import Member
from collab.room.requests import (
    Answer,
    Create,
    LockRequest,
    PatchRequest,
    Replace,
    Request,
    RestoreVersion,
    Round,
    UndoRequest,
    Update,
)
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.schema.check import Schema
from collab.yjs.update import STORED_BOUNDS, inspect
from tests.collab.room import section_peers as peers
from tests.collab.yjs.updates import item, plain, shared, string, uint, update

HOME = DocKey("demo", "home")
PAGE: dict[str, Any] = {
    "title": "Home",
    "sections": [
        {"id": "hero", "text": "Hello", "cards": []},
        {"id": "faq", "text": "Why?", "cards": []},
        {"id": "end", "text": "Bye", "cards": []},
    ],
}
OWNER = Member(Author("root"), Rights(Role.ADMIN, 2**53), "http")


def member(*sections: str, role: Role = Role.ADMIN, user: str = "ed") -> Member:
    return Member(Author(user), Rights(role, 2**53, sections=sections), "http")


def home() -> Room:
    room = Room(HOME, Absent(), RoomBounds(), None)
    assert room.apply(OWNER, Create(PAGE), Round(0)).refusal is None
    room.commit()
    return room


def code(answer: Answer) -> str:
    return "" if answer.refusal is None else answer.refusal.code.value


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def patch(room: Room, who: Member, *ops: dict[str, Any], base: int | None = None) -> str:
    at = 10_000 * (room.head + 1)
    said = code(room.apply(who, PatchRequest("", base, list(ops)), Round(at)))
    room.commit()
    return said


def value(room: Room) -> Any:
    return room.document.value


def texts(room: Room) -> list[str]:
    return [one["text"] for one in value(room)["sections"]]


# --- the patch lane -------------------------------------------------------------------------


def test_x6_only_a_right_by_id_follows_its_element() -> None:
    room, by_id, by_index = home(), member("/sections/hero"), member("/sections/0")
    assert patch(room, OWNER, {"op": "move", "from": "/sections/0", "path": "/sections/2"}) == ""
    assert patch(room, by_id, put("/sections/2/text", "Hi")) == ""
    assert patch(room, by_id, put("/sections/0/text", "no")) == "forbidden"
    assert patch(room, by_index, put("/sections/0/text", "yes")) == ""
    assert patch(room, OWNER, {"op": "copy", "from": "/sections/2", "path": "/sections/0"}) == ""
    assert patch(room, by_id, put("/sections/3/text", "of two")) == "forbidden"


def test_x5_a_stale_patch_is_checked_where_it_applies_at_the_head() -> None:
    room, hero = home(), member("/sections/hero")
    assert patch(room, OWNER, {"op": "move", "from": "/sections/0", "path": "/sections/2"}) == ""
    assert patch(room, hero, put("/sections/0/text", "Hi"), base=1) == ""
    assert texts(room) == ["Why?", "Bye", "Hi"]
    assert patch(room, hero, put("/sections/1/text", "no"), base=1) == "forbidden"


def test_x5_an_accepted_id_gets_its_first_answer_again() -> None:
    room, who = home(), member("/sections/hero")
    asked = PatchRequest("p1", None, [put("/sections/0/text", "Hi")])
    first = room.apply(who, asked, Round(5_000))
    who.rights = Rights(Role.ADMIN, 2**53, sections=())
    again = room.apply(who, asked, Round(6_000))
    assert (first.version, again.version, again.ack["duplicate"]) == (2, 2, True)


def test_x7_an_undo_outside_the_sections_is_refused_as_a_whole() -> None:
    room, both = home(), member("/sections/hero", "/sections/faq")
    assert patch(room, both, put("/sections/0/text", "1"), put("/sections/1/text", "2")) == ""
    hero = member("/sections/hero")
    before = room.document.value
    assert code(room.apply(hero, UndoRequest(""), Round(99_000))) == "forbidden"
    assert (room.document.value, room.head) == (before, 2)
    assert code(room.apply(hero, UndoRequest("", scope="/sections/0"), Round(99_000))) == ""
    assert texts(room) == ["Hello", "2", "Bye"]
    assert code(room.apply(both, UndoRequest(""), Round(99_000))) == ""
    faq = member("/sections/faq")
    assert code(room.apply(faq, UndoRequest("", redo=True), Round(99_000))) == ""
    assert code(room.apply(faq, UndoRequest("", redo=True), Round(99_000))) == "forbidden"
    assert code(room.apply(hero, UndoRequest("", redo=True), Round(99_000))) == ""
    assert texts(room) == ["1", "2", "Bye"]


def test_x7_an_undo_applies_where_its_element_is_now() -> None:
    room, hero = home(), member("/sections/hero")
    assert patch(room, hero, put("/sections/0", {"id": "hero", "kind": "new"})) == ""
    assert patch(room, OWNER, {"op": "move", "from": "/sections/0", "path": "/sections/2"}) == ""
    assert code(room.apply(hero, UndoRequest(""), Round(99_000))) == ""
    assert value(room)["sections"][2] == PAGE["sections"][0]
    by_index = member("/sections/0")
    assert code(room.apply(by_index, UndoRequest("", redo=True), Round(99_000))) == "forbidden"


def test_x7_an_element_of_another_kind_under_an_index_is_undone() -> None:
    room, first = home(), member("/sections/0")
    for new in ("text", {"id": "other"}, [1]):
        assert patch(room, first, put("/sections/0", new)) == ""
        assert code(room.apply(first, UndoRequest(""), Round(99_000))) == ""
        assert room.document.value == PAGE


def test_x9_restoring_more_than_a_section_is_refused() -> None:
    room, hero = home(), member("/sections/hero")
    assert patch(room, hero, put("/sections/0/text", "Hi")) == ""
    for pointer in ("", "/sections", "/sections/1", "/title"):
        said = code(room.apply(hero, RestoreVersion(1, PAGE, pointer), Round(50_000)))
        assert (pointer, said) == (pointer, "forbidden")
    assert code(room.apply(hero, RestoreVersion(1, PAGE, "/sections/0/text"), Round(50_000))) == ""
    assert room.document.value == PAGE
    assert code(room.apply(member(""), RestoreVersion(1, PAGE), Round(50_000))) == ""


def test_x9_a_removed_section_is_not_restored_by_its_own_users() -> None:
    room, hero = home(), member("/sections/hero", "/sections/0")
    assert patch(room, OWNER, {"op": "remove", "path": "/sections/0"}) == ""
    assert (
        code(room.apply(hero, RestoreVersion(1, PAGE, "/sections/0"), Round(50_000))) == "forbidden"
    )


def test_x2_a_whole_value_is_checked_by_the_parts_it_changes() -> None:
    room, hero = home(), member("/sections/hero")
    mine = {**PAGE, "sections": [{**PAGE["sections"][0], "text": "Hi"}, *PAGE["sections"][1:]]}
    assert code(room.apply(hero, Replace(mine, 1), Round(1))) == ""
    for theirs in (
        {**mine, "title": "no"},
        {**mine, "sections": mine["sections"][:1]},
        {**mine, "sections": mine["sections"][::-1]},
        {},
    ):
        assert code(room.apply(hero, Replace(theirs, room.head), Round(1))) == "forbidden"
    assert room.document.value == mine


@pytest.mark.parametrize("sections", [(), ("",), ("/title",)])
def test_x9_only_a_user_without_sections_creates_a_document(sections: tuple[str, ...]) -> None:
    room, who = Room(HOME, Absent(), RoomBounds(), None), member(*sections)
    assert code(room.apply(who, Create({"title": "x"}), Round(0))) == "forbidden"
    peer: Doc[Any] = Doc()
    peer.get("content", type=Map)["title"] = "x"
    assert code(room.apply(who, Update(peer.get_update()), Round(0))) == "forbidden"
    assert (room.head, room.document.value) == (0, {})


def test_x3_section_rights_are_checked_before_locks_and_ops() -> None:
    room, hero = home(), member("/sections/hero")
    lock(room, OWNER, "acquire", "/sections/1")
    assert patch(room, hero, put("/sections/1/text", "no")) == "forbidden"
    assert patch(room, hero, put("/sections/0/gone", 1), put("/title", 1)) == "forbidden"
    assert patch(room, hero, put("/sections/0/gone", 1)) == "path_not_found"
    viewer = member("/sections/hero", role=Role.COMMENTER)
    assert patch(room, viewer, put("/sections/0/text", "no")) == "forbidden"


# --- locks ----------------------------------------------------------------------------------


def lock(room: Room, who: Member, action: Any, scope: str, base: int | None = None) -> str:
    asked = LockRequest("l", action, scope, base)
    step = decide(room, room.locks(), who, asked, now=1, wall=1, secret="s")
    if isinstance(step, Refusal):
        return step.code.value
    room.set_locks(step.locks)
    return ""


@pytest.mark.parametrize("action", ["acquire", "take_over", "renew", "keep"])
def test_x9_a_lock_outside_the_users_sections_is_refused(action: str) -> None:
    room, hero = home(), member("/sections/hero")
    for scope in ("", "/title", "/sections", "/sections/1", "/sections/1/text"):
        if action != "acquire":
            assert lock(room, OWNER, "acquire", scope) == ""
        assert (scope, lock(room, hero, action, scope)) == (scope, "forbidden")
        if action != "acquire":
            assert lock(room, OWNER, "release", scope) == ""
    assert lock(room, hero, "acquire", "/sections/0/text") == ""


def test_x9_a_stale_lock_scope_is_checked_at_the_head() -> None:
    room, hero = home(), member("/sections/hero")
    assert patch(room, OWNER, {"op": "move", "from": "/sections/0", "path": "/sections/2"}) == ""
    assert lock(room, hero, "acquire", "/sections/0", base=1) == ""
    assert lock(room, hero, "acquire", "/sections/1", base=1) == "forbidden"
    assert lock(room, hero, "release", "/sections/2") == ""


# --- the Yjs lane ---------------------------------------------------------------------------


class Tab:
    """A Yjs client of a user with sections, and another client that only reads."""

    def __init__(self, room: Room, *sections: str, client_id: int = 7) -> None:
        self.room, self.who = room, member(*sections)
        self.mine, self.other = peers.peer(client_id), peers.peer(8)
        state = room.document.update_since(b"\x00")
        self.mine.apply_update(state)
        self.other.apply_update(state)

    @property
    def content(self) -> Any:
        return self.mine.get("content", type=Map)

    def send(self, change: Callable[[Any], None]) -> list[dict[str, Any]]:
        """Send a change, and return the ops of its entries."""
        known = self.mine.get_state()
        with self.mine.transaction():
            change(self.content)
        waiting, ops = [self.mine.get_update(known)], []
        while waiting:
            answer = self.room.apply(
                self.who, Update(waiting.pop(0)), Round(10_000 * self.room.head)
            )
            assert answer.refusal is None, answer.refusal
            waiting = [*answer.rest, *waiting]
            if answer.entry is not None:
                ops += answer.entry.ops
                self.mine.apply_update(answer.entry.update)
                self.other.apply_update(answer.entry.update)
        self.room.commit()
        assert peers.content_of(self.mine) == peers.content_of(self.other)
        assert peers.others(self.mine) == peers.others(self.other)
        assert self.room.document.read() == self.room.value
        return ops


def test_x8_an_update_inside_a_section_stays() -> None:
    room = home()
    tab = Tab(room, "/sections/hero")
    typed = tab.send(lambda content: content["sections"]["hero"]["text"].insert(5, "!"))
    assert typed == [put("/sections/0/text", "Hello!")]
    tab.send(lambda content: content["sections"]["hero"].__setitem__("new", Map({"a": 1.0})))
    assert value(room)["sections"][0]["new"] == {"a": 1}


def _hide(content: Any) -> None:
    content["sections"]["hero"]["@deleted"] = True


def _order(content: Any) -> None:
    content["sections"]["faq"]["@order"] = "a1V"  # the JSON does not change


def _retype(content: Any) -> None:
    content["title"] = "Home"  # it was a Y.Text, to which other clients have bound an editor


def _rename(content: Any) -> None:
    content["sections"]["hero"]["id"] = "other"


def _unmark(content: Any) -> None:
    content["sections"]["@array"] = False


SILENT = {
    "the element hidden": _hide,
    "a sibling's order key": _order,
    "a text in another type": _retype,
    "the id": _rename,
    "the array's mark": _unmark,
    "a sibling added": lambda content: content["sections"].__setitem__(
        "x", Map({"id": "x", "@order": "Zz"})
    ),
    "a hidden sibling": lambda content: content["sections"].__setitem__(
        "x", Map({"id": "x", "@deleted": True})
    ),
    "a format": lambda content: content["title"].format(0, 2, {"bold": True}),
    "an embed": lambda content: content["title"].insert_embed(0, {"a": 1}),
    "letters, by the same": lambda content: content["title"].__setitem__(slice(0, 4), "Home"),
    "the element deleted": lambda content: content["sections"].pop("hero"),
    "all sections": lambda content: content.pop("sections"),
    "a reserved key that means nothing": lambda content: content.__setitem__("@value", "x"),
    "its own place, to the same": lambda content: content["sections"]["hero"].__setitem__(
        "@order", content["sections"]["hero"]["@order"]
    ),
}


@pytest.mark.parametrize("what", SILENT)
def test_x8_an_update_outside_a_section_is_taken_back(what: str) -> None:
    room = home()
    tab = Tab(room, "/sections/hero")
    before = peers.content_of(tab.other)
    assert tab.send(SILENT[what]) == []
    assert (room.version, room.value) == (2, PAGE)
    assert peers.content_of(tab.other) == before
    tab.send(lambda content: content["sections"]["hero"]["text"].insert(0, "> "))
    assert value(room)["sections"][0]["text"] == "> Hello"


@pytest.mark.parametrize("name", [*peers.ROOTS, "unheard"])
def test_x8_no_section_covers_the_other_root_types(name: str) -> None:
    room = home()
    owner = peers.peer(3)
    peers.seed_roots(owner)
    assert room.apply(OWNER, Update(owner.get_update()), Round(1)).refusal is None
    room.commit()
    tab = Tab(room, "")
    before = peers.others(tab.other)

    def meddle(_: Any) -> None:
        kind = peers.ROOTS.get(name, Text)
        root = tab.mine.get(name, type=kind)
        if kind is Text:
            root.insert(0, "mine")
        elif kind is Map:
            root.pop("k")
        elif name == "log":
            del root[0]
        else:
            del root.children[0]

    assert tab.send(meddle) == []
    assert peers.others(tab.other) == peers.others(tab.mine) == before
    assert tab.mine.get("unheard", type=Text).diff() == []
    tab.send(lambda content: content.__setitem__("title", Text("yes")))
    assert value(room)["title"] == "yes"


# Structs that no Yjs client writes: items in maps, keys of texts, and structs that are already
# deleted. In the document of `home`, (1, 0) is the title, (1, 7) the first section and (1, 9) the
# text of that section.
FORGED = {
    "text in the root": [string("hey", root="content")],
    "an item in a section's map": [plain(b"\x77\x01a", parent=(1, 7))],
    "an item in the root, and a title": [
        plain(b"\x77\x01a", root="content"),
        plain(b"\x77\x01n", root="content", key="title"),
    ],
    "a title, and an item behind one": [
        plain(b"\x77\x01n", origin=(1, 0)),
        plain(b"\x77\x01a", root="content"),
    ],
    "a key of a text": [plain(b"\x77\x01a", parent=(1, 9), key="k")],
    "what is deleted, in a section": [item(1, uint(3), parent=(1, 7))],
    "text in another root": [string("hey", root="other")],
    "a key in another root": [plain(b"\x77\x01a", root="other", key="k")],
    "a type in a section's map": [shared(1, parent=(1, 7))],
}


@pytest.mark.parametrize("what", FORGED)
def test_x8_forged_structs_are_taken_back(what: str) -> None:
    room, who = home(), member("/title", "/sections/faq")
    structs = FORGED[what]
    answer = room.apply(who, Update(update((77, 0, structs))), Round(5))
    assert answer.entry is not None
    deleted = inspect(answer.entry.update, STORED_BOUNDS).deletes[77]
    count = sum(end - start for start, end in deleted)
    assert count == room.document.state_vector()[77]
    assert {op["path"] for op in answer.entry.ops} <= {"/title"}
    assert value(room)["sections"] == PAGE["sections"]


def test_x8_the_allowed_part_of_an_update_stays() -> None:
    room = home()
    tab = Tab(room, "/sections/hero", "/title")

    def much(content: Any) -> None:
        content["sections"]["hero"]["text"].insert(5, " you")
        content["sections"]["faq"]["text"].insert(0, "no ")
        content["title"] = Text("Mine")

    ops = tab.send(much)
    assert sorted(op["path"] for op in ops) == ["/sections/0/text", "/title"]
    assert texts(room) == ["Hello you", "Why?", "Bye"]
    assert value(room)["title"] == "Mine"
    assert code(room.apply(tab.who, UndoRequest(""), Round(99_000))) == ""
    assert room.document.value == PAGE


def test_x8_a_value_too_deep_for_the_layout_is_taken_back() -> None:
    room = home()
    tab = Tab(room, "/sections/hero")

    def deep(content: Any) -> None:
        inner: Any = Array([1.0])
        for _ in range(90):
            inner = Array([inner])
        content["sections"]["hero"]["deep"] = inner
        content.pop("title")

    assert tab.send(deep) == []
    assert value(room) == PAGE


def test_x8_an_element_set_with_another_order_key_keeps_its_place() -> None:
    room = home()
    tab = Tab(room, "/sections/hero")
    moved = Map({"id": "hero", "@order": "zz", "new": 1.0})
    tab.send(lambda content: content["sections"].__setitem__("hero", moved))
    assert value(room)["sections"] == [{"id": "hero", "new": 1}, *PAGE["sections"][1:]]


def test_x8_the_allowed_part_must_match_the_schema_too() -> None:
    room = home()
    room.working.schema = Schema({"properties": {"title": {"maxLength": 5}}})
    tab = Tab(room, "/title")

    def much(content: Any) -> None:
        content["title"].insert(0, "far too long ")
        content.pop("sections")

    assert tab.send(much) == []
    assert room.value == PAGE


def test_x8_other_users_undo_steps_survive_a_correction() -> None:
    room, ada = home(), member("", user="ada")
    assert patch(room, ada, put("/title", "Home of Ada")) == ""
    assert patch(room, ada, put("/sections/1/text", "Why so?")) == ""
    tab = Tab(room, "/sections/hero")

    def wipe(content: Any) -> None:
        content.pop("title")
        content["sections"].pop("faq")

    assert tab.send(wipe) == []
    for _ in range(2):
        assert code(room.apply(ada, UndoRequest(""), Round(99_000))) == ""
        assert texts(room) == ["Hello", "Why?", "Bye"]
    assert room.document.value == PAGE


def test_x8_content_deleted_by_updates_is_purged() -> None:
    room = home()
    tab = Tab(room, "/sections/hero")
    for _ in range(8):
        tab.send(lambda content: content["sections"]["hero"]["text"].insert(0, "x" * 200_000))
        tab.send(lambda content: content["sections"]["hero"]["text"].__delitem__(slice(0, 200_000)))
    assert room.value == PAGE
    assert len(room.document.update_since(b"\x00")) < 1_000_000
    assert room.apply(tab.who, UndoRequest(""), Round(200_000)).refusal is None


def test_x8_only_the_allowed_part_of_a_plain_value_changes() -> None:
    room = home()
    owner = Tab(room)
    owner.who = OWNER
    owner.send(lambda content: content.__setitem__("plain", {"a": {"b": 1.0}}))
    tab = Tab(room, "/plain/a", client_id=9)
    assert tab.send(lambda content: content.__setitem__("plain", {"a": {"b": 2.0}})) == [
        put("/plain/a/b", 2)
    ]
    assert tab.send(lambda content: content.__setitem__("plain", {"a": 1.0, "c": 3.0})) == [
        put("/plain/a", 1)
    ]
    request: Request = PatchRequest("", None, [put("/plain/a", 5)])
    assert code(room.apply(tab.who, request, Round(99_000))) == ""
