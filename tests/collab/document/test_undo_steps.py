"""Rules U2, U15 and U16: which edits form one undo step, and undo of a version's step."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from collab.document import undo
from collab.document.change import Undone
from collab.document.document import Document
from collab.document.stacks import MOST_EDITS, MOST_NAMED, size_of
from collab.document.steps import (
    Inverse,
    MadeBy,
    Part,
    Step,
    UndoBounds,
    decode_inverse,
)
from collab.entry import Author, Entry, Kind, Op
from collab.errors import Code, Rejected

BOUNDS = UndoBounds()


class Desk:
    """One document with its entries. With `reloads`, it is sometimes saved and opened again."""

    def __init__(
        self, value: dict[str, Any], reloads: random.Random | None = None, bytes_: int = 0
    ) -> None:
        self.document = Document.create(1, undo=UndoBounds(bytes=bytes_ or BOUNDS.bytes))
        self.entries: list[Entry] = []
        self.now = 0
        self._reloads = reloads
        op: Op = {"op": "replace", "path": "", "value": value}
        change = self.document.patch([op], version=1, user="root", at=0, kind="create")
        self._log(change, "root", "create")

    @property
    def version(self) -> int:
        return len(self.entries) + 1

    @property
    def value(self) -> Any:
        return self.document.value

    def patch(
        self, user: str, *ops: Op, later: int = 5_000, kind: Kind = "edit", **made_by: Any
    ) -> int:
        """Make a version by a patch, and return its number."""
        self._reload()
        self.now += later
        change = self.document.patch(
            ops,
            version=self.version,
            user=user,
            at=self.now,
            kind=kind,
            splices=True,
            made_by=MadeBy(**made_by),
        )
        self._log(change, user, kind)
        return self.version - 1

    def set(self, user: str, key: str, value: Any, **made_by: Any) -> int:
        return self.patch(user, {"op": "add", "path": f"/{key}", "value": value}, **made_by)

    def splice(self, user: str, key: str, text: str, *, client: str = "tab", **fields: Any) -> int:
        op: Op = {"op": "splice", "path": f"/{key}", "offset": 0, "insert": text}
        return self.patch(user, op, client=client, splices=not fields.get("name"), **fields)

    def take(self, kind: Kind, user: str, *, client: str = "tab", **asked: Any) -> list[int]:
        """Undo or redo. Return the versions that it took back or put back."""
        self._reload()
        self.now += 5_000
        turn = self.document.undo if kind == "undo" else self.document.redo
        made_by = MadeBy(client=client)
        undone: Undone = turn(user, version=self.version, at=self.now, made_by=made_by, **asked)
        self._log(undone.change, user, kind)
        return undone.reverts

    def undo(self, user: str, **asked: Any) -> list[int]:
        return self.take("undo", user, **asked)

    def redo(self, user: str, **asked: Any) -> list[int]:
        return self.take("redo", user, **asked)

    def refused(self, kind: Kind, user: str, **asked: Any) -> dict[str, Any]:
        """Check a `nothing_to_undo` refusal, and return its extra members."""
        before = self.document.snapshot()
        with pytest.raises(Rejected) as caught:
            self.take(kind, user, **asked)
        assert caught.value.refusal.code is Code.NOTHING_TO_UNDO
        assert self.document.snapshot().steps == before.steps
        return caught.value.refusal.extra

    def _reload(self) -> None:
        if self._reloads is None or self._reloads.random() < 0.7:
            return
        at = self._reloads.randrange(len(self.entries) + 1)
        early = Document.open(None, self.entries[:at], 1)
        self.document.close()
        self.document = Document.open(early.snapshot(), self.entries[at:], 1)
        early.close()

    def _log(self, change: Any, user: str, kind: Kind) -> None:
        assert change is not None
        author, ops, update = Author(user), change.ops, change.update
        version, inverse = self.version, change.inverse
        self.entries.append(Entry(version, author, self.now, kind, ops, update, inverse=inverse))


@pytest.fixture(params=[False, True], ids=["kept open", "reopened"])
def desk(request: pytest.FixtureRequest) -> Desk:
    value = {"a": 0, "b": 0, "c": 0, "t": "", "u": ""}
    return Desk(value, random.Random(1) if request.param else None)


# --- steps that a client names ---------------------------------------------------------------


def test_u15_patches_with_the_same_step_are_one_at_any_delay(desk: Desk) -> None:
    for number in range(1, 5):
        desk.set("ada", "abcab"[number], number, client="tab", name="drag", later=60_000)
    assert desk.undo("ada") == [2, 3, 4, 5]
    assert desk.value == {"a": 0, "b": 0, "c": 0, "t": "", "u": ""}
    assert desk.redo("ada") == [2, 3, 4, 5]
    assert desk.value == {"a": 3, "b": 4, "c": 2, "t": "", "u": ""}
    assert desk.undo("ada") == [2, 3, 4, 5]
    desk.refused("undo", "ada")


def test_u15_another_clients_edit_does_not_end_a_step(desk: Desk) -> None:
    first = desk.set("ada", "a", 1, client="tab", name="drag")
    desk.set("bo", "b", 1, client="tab", name="drag")
    tab = desk.set("ada", "b", 2, client="other tab", name="drag")
    script = desk.set("ada", "c", 1, lane="http", client="script")
    second = desk.set("ada", "a", 2, client="tab", name="drag")
    assert desk.undo("ada") == [first, second]
    assert desk.undo("ada") == [script]
    assert desk.undo("ada") == [tab]
    assert desk.value["b"] == 1


@pytest.mark.parametrize(
    "between",
    [
        {"name": "another"},
        {"name": ""},
        {"name": "", "splices": True},
        {"lane": "http"},
        {"lane": "yjs"},
    ],
    ids=["another step", "no step", "a splice", "http", "yjs"],
)
def test_u15_any_other_change_by_the_client_ends_the_step(
    desk: Desk, between: dict[str, Any]
) -> None:
    versions = [
        desk.set("ada", "a", 1, client="tab", name="drag"),
        desk.set("ada", "b", 1, client="tab", **between),
        desk.set("ada", "a", 2, client="tab", name="drag"),
    ]
    assert [desk.undo("ada") for _ in versions] == [[one] for one in reversed(versions)]


def test_u15_only_the_clients_own_undo_ends_its_step(desk: Desk) -> None:
    first = desk.set("ada", "a", 1, client="tab", name="drag")
    desk.set("ada", "b", 1, client="other")
    desk.undo("ada", client="other")
    second = desk.set("ada", "a", 2, client="tab", name="drag")
    desk.set("ada", "c", 1, client="other")
    desk.undo("ada", client="tab")
    third = desk.set("ada", "a", 3, client="tab", name="drag")
    assert desk.undo("ada") == [third]
    assert desk.undo("ada") == [first, second]


def test_u15_http_patches_have_no_named_steps(desk: Desk) -> None:
    one = desk.set("ada", "a", 1, lane="http", client="tab", name="drag")
    two = desk.set("ada", "b", 2, lane="http", client="tab", name="drag")
    assert [desk.undo("ada"), desk.undo("ada")] == [[two], [one]]


def test_u15_a_step_has_a_maximum_of_patches(desk: Desk) -> None:
    kept_open = Desk({"a": 0})
    for number in range(MOST_NAMED + 2):
        kept_open.set("ada", "a", number + 1, client="tab", name="drag", later=10)
    assert kept_open.undo("ada") == [MOST_NAMED + 2, MOST_NAMED + 3]
    assert len(kept_open.undo("ada")) == MOST_NAMED
    assert kept_open.value == {"a": 0}


def test_u15_a_step_takes_at_most_a_quarter_of_the_bytes() -> None:
    desk = Desk({"a": ""}, bytes_=40_000)
    for number in range(40):
        desk.set("ada", "a", str(number) * 300, client="tab", name="drag", later=1)
    steps = desk.document._undo.stacks["ada"].undo
    assert len(steps) > 1
    assert max(size_of([step]) for step in steps) <= 10_000
    assert {edit for _ in steps[:] for edit in desk.undo("ada")} <= set(range(2, 42))


def test_u1_the_newest_step_of_the_author_is_kept_above_the_limit_of_bytes() -> None:
    desk = Desk({"t": "x" * 500, "n": 0}, bytes_=100)
    first = desk.set("ada", "t", "y")
    assert desk.undo("ada") == [first]
    desk.set("ada", "t", "z")
    last = desk.set("bo", "n", 1)
    assert desk.undo("bo") == [last]
    assert desk.refused("undo", "ada") == {}


@pytest.mark.thorough
def test_u1_the_depth_limit_counts_steps_not_patches() -> None:
    desk = Desk({"a": 0})
    for step in range(BOUNDS.steps + 1):
        for number in range(3):
            desk.set("ada", "a", [step, number], client="tab", name=f"step {step}")
    for _ in range(BOUNDS.steps):
        assert len(desk.undo("ada")) == 3
    desk.refused("undo", "ada")
    assert desk.value == {"a": [0, 2]}


def test_an_entry_without_made_by_is_a_step_of_its_own() -> None:
    whole = Inverse(popped=(3,), made_by=MadeBy("yjs", "tab")).encoded()
    *before, made_by = msgspec.msgpack.decode(whole)
    assert made_by[:2] == ["yjs", "tab"]
    inverse = decode_inverse(msgspec.msgpack.encode(before))
    assert (inverse.popped, inverse.made_by.group) == ((3,), None)
    parts = [Part(7, 5, whole, ())]
    step = msgspec.msgpack.decode(msgspec.msgpack.encode([parts, ["t"]]), type=Step)
    assert (step.version, step.group) == (7, None)


# --- splices ---------------------------------------------------------------------------------


def test_u2_a_clients_splices_of_a_string_in_a_second_are_one_step(desk: Desk) -> None:
    for letter in "abc":
        desk.splice("ada", "t", letter, later=900)
    desk.splice("ada", "t", "d", later=1_001)
    assert desk.undo("ada") == [5]
    assert desk.undo("ada") == [2, 3, 4]


def test_u2_splices_in_the_same_millisecond_are_one_step(desk: Desk) -> None:
    for letter in "ab":
        desk.splice("ada", "t", letter, later=0)
    assert desk.undo("ada") == [2, 3]


@pytest.mark.parametrize("other", [{"client": "other"}, {"key": "u"}, {"name": "named"}])
def test_u2_another_client_string_or_name_begins_another_step(
    desk: Desk, other: dict[str, Any]
) -> None:
    one = desk.splice("ada", "t", "a", later=10)
    two = desk.splice("ada", **{"key": "t", "text": "b", "later": 10, **other})
    assert [desk.undo("ada"), desk.undo("ada")] == [[two], [one]]


def test_u2_a_restore_is_a_step_of_its_own(desk: Desk) -> None:
    first = desk.splice("ada", "t", "1", later=500)
    restored = desk.splice("ada", "t", "2", later=500, kind="restore")
    last = desk.splice("ada", "t", "3", later=500)
    assert [desk.undo("ada") for _ in range(3)] == [[last], [restored], [first]]


def test_u2_another_clients_edit_does_not_end_a_typing_step(desk: Desk) -> None:
    desk.splice("ada", "t", "a", later=10)
    desk.splice("bo", "t", "x", later=10)
    between = desk.splice("ada", "u", "y", client="other", later=10)
    desk.splice("ada", "t", "b", later=10)
    assert [desk.undo("ada"), desk.undo("ada")] == [[2, 5], [between]]
    assert desk.value["t"] == "x"


def test_u2_a_typing_step_has_a_maximum_of_edits() -> None:
    desk = Desk({"t": ""})
    for _ in range(MOST_EDITS + 1):
        desk.splice("ada", "t", "x", later=10)
    assert len(desk.undo("ada")) == 1
    assert len(desk.undo("ada")) == MOST_EDITS


def test_u2_a_finished_typing_step_is_joined_into_one_part() -> None:
    desk = Desk({"t": ""})
    for _ in range(100):
        desk.splice("ada", "t", "x", client="one", later=10)
    desk.splice("ada", "t", "y", client="two", later=10)
    assert len(desk.document._undo.stacks["ada"].undo[0].parts) == 100
    desk.set("ada", "a", 1, client="one")
    (part,) = desk.document._undo.stacks["ada"].undo[0].parts
    assert len(part.origins) == 100


# --- the step of a version -------------------------------------------------------------------


def test_u16_the_whole_step_of_a_version_is_taken_back(desk: Desk) -> None:
    for number in (1, 2):
        desk.set("ada", "a", number, client="tab", name="drag")
    desk.set("ada", "b", 1)
    desk.set("bo", "c", 1)
    assert desk.undo("ada", containing=3) == [2, 3]
    assert desk.value == {"a": 0, "b": 1, "c": 1, "t": "", "u": ""}
    for version in (2, 3):
        assert desk.refused("undo", "ada", containing=version) == {"version": version}
    assert desk.redo("ada", containing=2) == [2, 3]
    assert desk.undo("ada", containing=2) == [2, 3]
    assert desk.undo("ada") == [4]


@pytest.mark.parametrize("version", [1, 3, 4, 99, 0, -1, 2**60])
def test_u16_a_version_outside_the_users_steps_is_nothing_to_undo(desk: Desk, version: int) -> None:
    desk.set("ada", "a", 1)
    desk.set("bo", "b", 1)
    for kind in ("undo", "redo"):
        assert desk.refused(kind, "ada", containing=version) == {"version": version}


def test_u16_undos_and_redos_can_be_named_by_their_version(desk: Desk) -> None:
    edit = desk.set("ada", "a", 1)
    desk.undo("ada")
    assert desk.refused("undo", "ada", containing=edit + 1) == {"version": edit + 1}
    assert desk.redo("ada", containing=edit + 1) == [edit]
    assert desk.undo("ada", containing=edit + 2) == [edit]


def test_u16_undo_takes_back_both_parts_of_a_step_split_by_a_scope(
    desk: Desk,
) -> None:
    step = desk.patch("ada", *({"op": "replace", "path": f"/{key}", "value": 1} for key in "abc"))
    desk.undo("ada", scope="/b")
    desk.redo("ada")
    assert [len(one.parts) for one in desk.document._undo.stacks["ada"].undo] == [1, 1]
    assert desk.undo("ada", containing=step) == [step]
    assert desk.value["a"] == desk.value["b"] == desk.value["c"] == 0
    assert desk.redo("ada") == [step]


def test_u16_with_a_scope_the_rest_of_the_step_stays(desk: Desk) -> None:
    step = desk.patch("ada", *({"op": "replace", "path": f"/{key}", "value": 1} for key in "ab"))
    desk.set("ada", "c", 1)
    assert desk.undo("ada", scope="/a", containing=step) == [step]
    assert desk.refused("undo", "ada", scope="/a", containing=step) == {"version": step}
    assert [desk.value[key] for key in "abc"] == [0, 1, 1]
    assert desk.undo("ada", containing=step) == [step]
    assert [desk.value[key] for key in "abc"] == [0, 0, 1]


def test_u16_undo_leaves_a_value_that_was_changed_since(desk: Desk) -> None:
    step = desk.set("ada", "a", 1)
    desk.set("ada", "a", 2)
    assert desk.refused("undo", "ada", containing=step) == {"version": step}
    assert desk.undo("ada") == [step + 1]
    assert desk.undo("ada", containing=step) == [step]


@pytest.mark.thorough
def test_u7_an_answer_about_a_long_step_names_few_places() -> None:
    desk = Desk({"l": []})
    for number in range(500):
        op = {"op": "add", "path": f"/l/{number}", "value": number}
        desk.patch("ada", op, client="tab", name="drag", later=1)
    undone = desk.document.undo("ada", version=desk.version, at=desk.now)
    assert [len(one.pointers) for one in undone.undone] == [1] * 500
    redone = desk.document.redo("ada", version=desk.version + 1, at=desk.now)
    assert [one.version for one in redone.undone] == list(range(2, 502))
    assert sum(len(one.pointers) for one in redone.undone) <= 2_000


@pytest.mark.parametrize(("most", "places"), [(9, 3), (3, 1), (2, 1)])
def test_u7_an_edit_of_a_long_step_names_its_share_of_the_places(
    desk: Desk, most: int, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "MOST_PLACES", most)
    for key in "abc":
        desk.patch("ada", {"op": "add", "path": f"/{key}", "value": 1}, client="tab", name="drag")
    undone = desk.document.undo("ada", version=desk.version, at=desk.now)
    assert [len(one.pointers) for one in undone.undone] == [1] * 3
    redone = desk.document.redo("ada", version=desk.version + 1, at=desk.now)
    assert [len(one.pointers) for one in redone.undone] == [places] * 3


# --- against a model that shares no code ------------------------------------------------------


class Taken:
    """A step that one undo takes back. `made` is the undo or redo that moved it here."""

    def __init__(self, edits: list[int], made: int = 0) -> None:
        self.edits = edits
        self.made = made


class Model:
    """Each user's steps, and the step that each client may continue.

    Each edit writes a key of its own, so undo never skips anything.
    """

    def __init__(self) -> None:
        self.undo: dict[str, list[Taken]] = {"a": [], "b": []}
        self.redo: dict[str, list[Taken]] = {"a": [], "b": []}
        self.going: dict[tuple[str, str], tuple[str, Taken]] = {}

    def edit(self, user: str, client: str, name: str, version: int) -> None:
        steps = self.undo[user]
        self.redo[user] = []
        before, step = self.going.pop((user, client), ("", Taken([])))
        if name and name == before and step in steps:
            steps.remove(step)
        else:
            step = Taken([])
        step.edits.append(version)
        steps.append(step)
        if name:
            self.going[user, client] = name, step

    def take(
        self, kind: str, user: str, client: str, containing: int | None, made: int
    ) -> list[int] | None:
        here, there = self.undo[user], self.redo[user]
        if kind == "redo":
            here, there = there, here
        found = [one for one in here if containing is None or containing in (one.made, *one.edits)]
        if not found:
            return None
        here.remove(found[-1])
        there.append(Taken(found[-1].edits, made))
        self.going.pop((user, client), None)
        return found[-1].edits


# `make check` tries the first seeds.
@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=() if seed < 5 else pytest.mark.thorough) for seed in range(12)],
)
def test_u15_steps_agree_with_a_small_model(seed: int) -> None:
    dice = random.Random(seed)
    desk, model = Desk({"a": 0}, dice), Model()
    for number in range(120):
        user, client = dice.choice("ab"), dice.choice(("", "one", "two"))
        if dice.random() < 0.65:
            lane, name = dice.choice(("patch", "patch", "http")), dice.choice(("", "s", "t"))
            version = desk.set(user, f"k{number}", 1, lane=lane, client=client, name=name)
            model.edit(user, client, name if lane == "patch" else "", version)
            continue
        kind: Kind = dice.choice(("undo", "undo", "redo"))
        containing = dice.randrange(1, desk.version + 2) if dice.random() < 0.5 else None
        expected = model.take(kind, user, client, containing, desk.version)
        asked = (
            {"client": client}
            if containing is None
            else {"client": client, "containing": containing}
        )
        if expected is None:
            desk.refused(kind, user, **asked)
        else:
            assert desk.take(kind, user, **asked) == expected
    standing = [edit for steps in model.undo.values() for step in steps for edit in step.edits]
    assert len(standing) == len(desk.value) - 1
