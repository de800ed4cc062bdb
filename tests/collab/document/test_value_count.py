"""The limit on the number of values in a document holds on both lanes, to save memory."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map

import collab.document.value_count as counting
from collab.document.document import Document
from collab.document.value_count import BYTES_OF_A_VALUE, BYTES_OF_STATE, ValueCount, WorkSize
from collab.entry import Author
from collab.errors import Code, Rejected
from collab.ids import DocKey, Json
from collab.patch.apply import apply
from collab.patch.bounds import Bounds, json_size, nesting
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, Round, Update
from collab.room.room import Room
from collab.room.working import RoomBounds

BOUNDS = Bounds(max_values=100)
WIDE = Bounds()


def patch(document: Document, *ops: dict[str, Any], bounds: Bounds = BOUNDS) -> None:
    document.patch(ops, version=document.version + 1, user="ada", at=0, bounds=bounds)


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def document_of(values: int) -> Document:
    """Return a document of so many values, with long texts so that its bytes allow more values."""
    document = Document.open(None, (), 1)
    held = ["long" * 20] * (values - 2)
    patch(document, add("/held", held), bounds=Bounds(max_values=0))
    return document


def test_a_patch_above_the_value_limit_is_refused() -> None:
    document = document_of(99)
    patch(document, add("/held/-", 1))
    with pytest.raises(Rejected) as refused:
        patch(document, add("/held/-", 1))
    assert refused.value.refusal.code is Code.TOO_LARGE
    with pytest.raises(Rejected):
        patch(document, {"op": "copy", "from": "/held/0", "path": "/held/-"})
    patch(document, {"op": "replace", "path": "/held/0", "value": "other"})
    patch(document, {"op": "remove", "path": "/held/0"}, add("/held/-", 2))
    assert nesting(document.value)[1] == 100


def test_a_document_above_the_limit_may_shrink_but_not_grow() -> None:
    document = document_of(150)
    patch(document, {"op": "replace", "path": "/held/0", "value": "other"})
    patch(document, {"op": "remove", "path": "/held/0"})
    with pytest.raises(Rejected):
        patch(document, add("/held/-", 1))


def test_values_that_an_undo_brings_back_count() -> None:
    document = document_of(100)
    patch(document, {"op": "remove", "path": "/held/0"})
    patch(document, {"op": "remove", "path": "/held/0"})
    document.undo("ada", version=document.version + 1, at=1)
    patch(document, add("/held/-", 1))
    with pytest.raises(Rejected):
        patch(document, add("/held/-", 1))


@pytest.mark.parametrize("seed", range(20))
def test_allowed_changes_agree_with_a_full_count(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    counted = 0

    def watched(value: Any) -> tuple[int, int]:
        nonlocal counted
        counted += value is held or value is after
        return nesting(value)

    monkeypatch.setattr(counting, "nesting", watched)
    count, limit = ValueCount(), 100
    held: Any = {"l": list(range(60)), "o": {"a": "long" * 50}}
    after: Any = None
    edits: list[Callable[[], dict[str, Any]]] = [
        lambda: add("/l/0", [0] * dice.randrange(6)),
        lambda: {"op": "remove", "path": f"/l/{dice.randrange(len(held['l']))}"},
        lambda: {"op": "replace", "path": "/l/0", "value": dice.randrange(9)},
        lambda: {"op": "copy", "from": "/l/0", "path": "/l/-"},
        lambda: {"op": "move", "from": "/l/1", "path": "/l/0"},
    ]
    for _ in range(200):
        done = apply(held, [dice.choice(edits)()])
        after = done.value
        before_, after_ = nesting(held)[1], nesting(after)[1]
        allowed = count.allows(held, after, done.ops, json_size(after), limit)
        assert allowed is (after_ <= max(limit, before_) or json_size(after) <= 2 * limit)
        held = after if allowed and len(after["l"]) > 5 else held
        if held is not after:
            count.reset()
    assert counted < 400, "it must not count each time"


def test_a_yjs_update_above_the_value_limit_is_taken_back() -> None:
    room = Room(DocKey("demo", "page"), Absent(), RoomBounds(patch=BOUNDS), None)
    rights = Rights(Role.EDITOR, expires_at=1 << 60, docs=None, sections=None)
    member = Member(author=Author("ada"), rights=rights, lane="yjs")
    assert room.apply(member, Create({"held": ["long" * 20] * 97}), Round(0)).refusal is None
    peer: Doc[Any] = Doc()
    content = peer.get("content", type=Map)
    peer.apply_update(room.document.update_since(peer.get_state()))
    for key, value, stays in (("one", 1, True), ("two", [1, 2], False)):
        before = peer.get_state()
        content[key] = value
        assert room.apply(member, Update(peer.get_update(before)), Round(0)).refusal is None
        assert isinstance(room.document.value, dict)
        assert (key in room.document.value) is stays
    room.close()


def test_work_size_is_the_larger_of_bytes_and_values() -> None:
    text: Json = {"text": "x" * 200_000}
    assert WorkSize(0).of(text, json_size(text)) == json_size(text)
    zeros: Json = [0] * 50_000
    assert WorkSize(0).of(zeros, json_size(zeros)) == 50_001 * BYTES_OF_A_VALUE


def test_work_size_grows_with_values_at_constant_bytes() -> None:
    document = Document.open(None, (), 1)
    texts = [str(number) * 2000 for number in range(4)]
    patch(document, add("/texts", texts), bounds=WIDE)
    assert document.work_size < 3 * document.size
    for number in range(4):
        zeros = [number] * 5000
        patch(document, {"op": "replace", "path": f"/texts/{number}", "value": zeros}, bounds=WIDE)
        counted = nesting(document.value)[1] * BYTES_OF_A_VALUE
        assert counted * 7 // 8 <= document.work_size < counted + 40 * document.size


def test_work_size_includes_deleted_state() -> None:
    document = Document.open(None, (), 1)
    for number in range(10):
        text = " ".join(str((number * 31 + n * n) % 977) for n in range(120))
        patch(document, add("/text", text), bounds=WIDE)
    state = len(document.update_since(b"\0"))
    assert document.size < 2_000 < state
    assert document.work_size >= state * BYTES_OF_STATE
    assert WorkSize(9_000).of("x" * 3_000, 3_002) == 9_000 * BYTES_OF_STATE
    again = Document.open(document.snapshot(), (), 1)
    assert again.work_size >= state * BYTES_OF_STATE


def test_small_and_very_large_documents_are_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "nesting", None)
    for size in (100, counting.SMALL, counting.LARGE, 10**7):
        assert WorkSize(0).of([0], size) == size


def test_g28_a_patch_adds_no_item_to_a_long_y_array_with_many_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "LONG_ARRAY", 2)
    monkeypatch.setattr(counting, "MOST_IN_ARRAY", 6)
    document, peer = Document.open(None, (), 1), Doc[Any]()
    peer.get("content", type=Map)["list"] = Array([1, Map({"a": 1})])
    document.integrate(peer.get_update(), version=1, user="ada", at=0)
    patch(document, add("/kept", [1, 2, 3, 4]), add("/list/-", 2))
    for op in (add("/list/0", [3]), {"op": "copy", "from": "/kept", "path": "/list/1"}):
        with pytest.raises(Rejected) as refused:
            patch(document, op)
        assert refused.value.refusal.code is Code.TOO_LARGE
    patch(document, add("/list/1/b", 2), add("/kept/-", 5), {"op": "remove", "path": "/list/0"})
    patch(document, {"op": "replace", "path": "/list", "value": [1, 2, 3, 4, 5, 6, 7]})
    patch(document, add("/other", []), add("/other/-", 1))
    assert document.value["list"] == [1, 2, 3, 4, 5, 6, 7]  # type: ignore[call-overload,index]  # an object


def test_g29_a_full_state_is_measured_once_for_each_change() -> None:
    measured = 0

    def measure() -> int:
        nonlocal measured
        measured += 1
        return 90

    work = WorkSize(100)
    assert work.has_room(1, 0, measure)
    assert work.has_room(10, 110, measure)
    assert measured == 0
    assert work.has_room(10, 100, measure)
    assert not work.has_room(11, 100, measure)
    assert not work.has_room(12, 100, measure)
    assert measured == 1
    work.change(b"12345")
    assert work.has_room(10, 100, measure)
    assert measured == 2
