"""Joined updates: one update does what its parts do, and none of them escapes a check or a rule."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.errors import Rejected
from collab.patch.bounds import Bounds
from collab.rights.user_rights import Role
from collab.room.requests import PatchRequest, ReadState, Round, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.room.yjs_rules import MOST_BYTES, JoinedInVain, joined, may_join
from collab.structs.guard import inspect
from collab.yjs.lib0 import write_uint
from tests.collab.room.joined_worlds import Step, World
from tests.collab.room.rooms import code, commit, done, lock, member, opened, put
from tests.seeds import seeds

YJS = member(lane="yjs")
PAGE = {"t": "some words", "n": 0, "list": [{"id": "a", "t": "one"}, {"id": "b", "t": "two"}]}


class Typist:
    """A Yjs client that keeps an update for each of its edits."""

    def __init__(self, room: Room) -> None:
        self.doc: Doc[Any] = Doc()
        answer = done(room, ReadState(b"\0"), YJS)
        for update in (*answer.earlier, answer.state):
            self.doc.apply_update(update)
        self.content = self.doc.get("content", type=Map)
        self.updates: list[bytes] = []
        self.doc.observe(lambda event: self.updates.append(event.update))

    def edit(self, choose: random.Random) -> None:
        text = self.content["t"]
        characters = [one.encode() for one in str(text)]  # pycrdt counts bytes of UTF-8
        at = choose.randint(0, len(characters))
        start = len(b"".join(characters[:at]))
        match choose.choice(["type", "type", "type", "erase", "number", "key", "gone", "whole"]):
            case "type":
                text.insert(start, choose.choice(["a", "b c", "ä", "😀"]))
            case "erase" if at < len(characters):
                del text[start : start + len(characters[at])]
            case "number":
                self.content["n"] = choose.randint(0, 99)
            case "key":
                self.content[f"k{choose.randint(0, 3)}"] = choose.choice([None, "x", 1.5, True])
            case "gone":
                key = f"k{choose.randint(0, 3)}"
                if key in self.content:
                    del self.content[key]
            case "whole":
                self.content["made"] = Map({"t": Text("new"), "all": Array([1, 2])})
            case _:
                text += "."


@pytest.mark.parametrize("seed", seeds(10, 40))
def test_a_joined_update_does_what_its_parts_do(seed: int) -> None:
    choose = random.Random(seed)
    each, both = opened(PAGE), opened(PAGE)
    typist = Typist(each)
    state = done(each, ReadState(b"\0"), YJS).state
    assert done(both, ReadState(b"\0"), YJS).state == state, "the rooms begin alike"
    for _ in range(choose.randint(2, 30)):
        typist.edit(choose)
    update = joined(typist.updates)
    assert update is not None
    for one in typist.updates:
        done(each, Update(one), YJS)
        commit(each)
    done(both, Update(update), YJS)
    commit(both)
    assert both.value == each.value == both.document.read()
    assert both.version == 2
    readers = [Doc[Any](), Doc[Any]()]
    for room, reader in zip((each, both), readers, strict=True):
        reader.apply_update(room.document.update_since(b"\0"))
        mine = reader.get("content", type=Map).to_py()
        assert mine == typist.content.to_py()
    assert readers[0].get_state() == readers[1].get_state()


def test_the_user_undoes_joined_updates_as_one_step() -> None:
    room = opened(PAGE)
    typist = Typist(room)
    for letter in "abc":
        typist.content["t"].insert(0, letter)
    update = joined(typist.updates)
    assert update is not None
    done(room, Update(update), YJS)
    commit(room)
    assert room.value["t"] == "cbasome words"  # type: ignore[call-overload, index]  # an object
    room.document.undo("ada", version=3, at=0)
    assert room.document.value["t"] == "some words"  # type: ignore[call-overload, index]  # an object


EDITS = [
    Step("type", "ada", (65, 679, 644)),
    Step("erase", "ada", (765, 188, 309)),
    Step("order", "ada", (399, 759, 15)),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda step: step.what)
@pytest.mark.parametrize("joins", [False, True])
def test_g32_undo_takes_back_an_edit_in_an_element_that_is_removed_next(
    edit: Step, joins: bool
) -> None:
    world = World(joins=joins)
    before: Any = world.room.value
    typist = world.typists["ada"]
    world.play(edit)
    world.play(Step("hide", "ada", (0, 0, 0)))  # the element that has the edit
    world.finish()
    after = world.room.value
    assert after == {**before, "list": before["list"][1:]}
    for _ in range(2):
        world.undo_all(typist, redo=False)
        assert world.room.value == before == world.room.document.read()
        world.undo_all(typist, redo=True)
        assert world.room.value == after == world.room.document.read()


def test_g32_joined_updates_that_break_a_limit_are_not_corrected() -> None:
    """A few bytes show a hidden element of any size."""
    page = {**PAGE, "list": [{"id": "a", "t": "x" * 90_000}, {"id": "b", "t": "two"}]}
    room = opened(page, bounds=RoomBounds(patch=Bounds(max_bytes=100_000)))
    done(room, PatchRequest("1", None, [{"op": "remove", "path": "/list/0"}]))
    done(room, put("/more", "y" * 20_000))
    commit(room)
    assert may_join(room.working, YJS)
    typist = Typist(room)
    typist.content["n"] = 1
    del typist.content["list"]["a"]["@deleted"]
    update = joined(typist.updates)
    assert update is not None
    with pytest.raises(JoinedInVain):
        room.apply(YJS, Update(update, is_joined=True), Round(0))


@pytest.mark.parametrize("wrong", ["an empty section", "two sections"])
def test_updates_with_wrong_sections_are_not_joined(wrong: str) -> None:
    """The guard refuses each of them, but would not see it in a joined update."""
    typist = Typist(opened(PAGE))
    for letter in "abc":
        typist.content["t"].insert(0, letter)
    first, second, third = (update[1:-1] for update in typist.updates)  # the sections
    empty = bytearray(b"\0")
    [client] = inspect(typist.updates[0]).sections
    write_uint(empty, client)
    write_uint(empty, 1)
    both = first + (second if wrong == "two sections" else bytes(empty))
    next_ = third if wrong == "two sections" else second
    broken = b"\2" + both + b"\0"
    with pytest.raises(Rejected, match="empty section"):
        inspect(broken)
    assert joined([broken, b"\1" + next_ + b"\0"]) is None


def test_updates_with_a_gap_are_not_joined() -> None:
    typist = Typist(opened(PAGE))
    for letter in "abc":
        typist.content["t"].insert(0, letter)
    first, _, third = typist.updates
    assert joined([first, third]) is None
    assert joined([third, first]) is None


@pytest.mark.parametrize("seed", seeds(15, 60))
def test_bytes_that_are_no_update_are_not_joined_or_are_refused_later(seed: int) -> None:
    choose = random.Random(seed)
    typist = Typist(opened(PAGE))
    for _ in range(4):
        typist.edit(choose)
    broken = [bytearray(update) for update in typist.updates]
    for _ in range(choose.randint(1, 4)):
        one = choose.choice(broken)
        match choose.choice(["change", "cut", "more"]):
            case "change" if one:
                one[choose.randrange(len(one))] = choose.randrange(256)
            case "cut" if one:
                del one[choose.randrange(len(one)) :]
            case _:
                one += choose.randbytes(choose.randint(1, 9))
    update = joined([bytes(one) for one in broken])
    if update is not None:
        try:
            inspect(update)
        except Rejected:
            return
        assert sum(map(len, broken)) + 40 > len(update)


def test_bytes_after_the_end_of_an_update_are_not_dropped() -> None:
    typist = Typist(opened(PAGE))
    for letter in "ab":
        typist.content["t"].insert(0, letter)
    first, second = typist.updates
    assert joined([first, second]) is not None
    assert joined([first + b"\0", second]) is None
    assert joined([first, second + b"\1"]) is None


def test_updates_are_joined_only_when_no_rule_can_correct_them() -> None:
    room = opened(PAGE)
    assert may_join(room.working, YJS)
    assert not may_join(room.working, member(lane="yjs", sections=("/list",)))
    assert not may_join(opened(PAGE, schema=b'{"type": "object"}').working, YJS)
    assert not may_join(opened().working, YJS)
    lock(room, "/t")
    assert not may_join(room.working, YJS)


def test_updates_are_not_joined_near_the_limits_of_the_document() -> None:
    almost = Bounds(max_bytes=6 * MOST_BYTES)
    assert not may_join(opened(PAGE, bounds=RoomBounds(patch=almost)).working, YJS)
    few = Bounds(max_values=MOST_BYTES)
    assert not may_join(opened(PAGE, bounds=RoomBounds(patch=few)).working, YJS)
    ample = Bounds(max_bytes=7 * MOST_BYTES, max_values=4 * MOST_BYTES)
    assert may_join(opened(PAGE, bounds=RoomBounds(patch=ample)).working, YJS)


def test_a_joined_update_needs_the_right_to_write() -> None:
    room = opened(PAGE)
    typist = Typist(room)
    for letter in "ab":
        typist.content["t"].insert(0, letter)
    update = joined(typist.updates)
    assert update is not None
    assert code(room, Update(update), member("cy", Role.VIEWER, lane="yjs")) == "forbidden"
