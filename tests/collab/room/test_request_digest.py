"""Request digests: which requests count as a retry of the same request."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from collab.entry import Author
from collab.errors import Code, Refusal
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.request_digest import DIGEST_BYTES, digest_of, is_same
from collab.room.requests import (
    Create,
    PatchRequest,
    Replace,
    RequestWithId,
    RestoreVersion,
    Round,
    UndoRequest,
)
from collab.room.room import Room
from collab.room.working import RoomBounds

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.5, 1e300, 2**53 - 1, "", "1", "é\0/~", [], {}),
    *([0], [[]], {"": 0}, {"a": {}}, [True], ["", {"b": [1, "2"], "a": None}]),
]


def patched(*ops: Any, **fields: Any) -> PatchRequest:
    return PatchRequest("x", fields.pop("base", None), list(ops), **fields)


def read(text: str) -> PatchRequest:
    """Return a patch whose ops are decoded like the server's."""
    return PatchRequest("x", 1, msgspec.json.decode(text))


DIFFERENT: list[RequestWithId] = [
    patched(),
    *(patched({"op": "add", "path": "/a", "value": value}) for value in VALUES),
    *(Create({"a": value}) for value in VALUES),
    *(Replace({"a": value}, None) for value in VALUES),
    *(UndoRequest("x", scope, redo) for scope in ("", "/a", "/a/0") for redo in (False, True)),
    *(RestoreVersion(version, {}, pointer) for version in (1, 2) for pointer in ("", "/a")),
    patched({"op": "replace", "path": "/a", "value": 1}),
    patched({"op": "test", "path": "/a", "value": 1}),
    patched({"op": "remove", "path": "/a"}),
    patched({"op": "remove", "path": "/a"}, {"op": "remove", "path": "/a"}),
    patched({"op": "remove", "path": "/a/0"}),
    patched({"op": "move", "from": "/a", "path": "/b"}),
    patched({"op": "move", "from": "/b", "path": "/a"}),
    patched({"op": "copy", "from": "/a", "path": "/b"}),
    patched({"op": "splice", "path": "/a", "offset": 1}),
    patched({"op": "splice", "path": "/a", "offset": 1, "insert": "0"}),
    patched({"op": "splice", "path": "/a", "offset": 1, "delete": 1}),
    patched({"op": "none", "path": "/a"}),
]


def test_h11_different_requests_have_different_digests() -> None:
    digests = [digest_of(request) for request in DIFFERENT]
    assert {len(digest) for digest in digests} == {DIGEST_BYTES}
    assert len(set(digests)) == len(digests)


def test_h11_members_that_may_differ_in_a_retry_are_left_out() -> None:
    op = {"op": "add", "path": "/a", "value": 1}
    later = PatchRequest("y", 9, [op], strict=True, fence=7, after="before", step="gesture")
    assert is_same(digest_of(patched(op)), later)
    assert is_same(digest_of(Replace({}, 1)), Replace({}, 4, fence=2, compared=(4, [])))
    assert is_same(digest_of(Create({})), Create({}, only=True))
    assert is_same(digest_of(RestoreVersion(1, {"n": 1})), RestoreVersion(1, {"n": 2}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('{"op":"add","path":"/a","value":1}', '{"value":1.0 , "path" : "/a","op":"add"}'),
        ('{"op":"add","path":"/a","value":-0.0}', '{"op":"add","path":"/a","value":0}'),
        (
            '{"op":"test","path":"/a","value":{"x":[1e2],"y":2}}',
            '{"op":"test","path":"/a","value":{"y":2.0,"x":[100]}}',
        ),
        ('{"op":"remove","path":"/a"}', '{"op":"remove","path":"/a","value":4,"why":"so"}'),
        ('{"op":"copy","from":"/a","path":"/b"}', '{"op":"copy","path":"/b","from":"\\u002fa"}'),
        (
            '{"op":"splice","path":"/a","offset":3}',
            '{"op":"splice","path":"/a","offset":3,"delete":0,"insert":""}',
        ),
    ],
)
def test_h11_equal_ops_have_equal_digests_however_written(first: str, second: str) -> None:
    assert is_same(digest_of(read(f"[{first}]")), read(f"[{second}]"))


def test_h11_an_old_entry_without_a_digest_matches_any_request() -> None:
    assert all(is_same(b"", request) for request in DIFFERENT)


def test_h11_a_value_too_deep_to_accept_is_another_request() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert not is_same(digest_of(patched()), patched({"op": "add", "path": "/a", "value": deep}))
    assert not is_same(digest_of(patched()), patched({"op": deep, "path": deep}))


# --- compared with an oracle that shares no code ----------------------------------------------


def draw(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(7 if depth < 3 else 5)
    if kind < 2:
        return dice.choice([0, 1, -1, 10, 1.0, -0.0, 1.5, 1e2, 1e300, 2**53 - 1])
    if kind < 5:
        return dice.choice([None, True, False, "", "a", "1", "é", "\0"])
    if kind == 5:
        return [draw(dice, depth + 1) for _ in range(dice.randrange(3))]
    return {name: draw(dice, depth + 1) for name in dice.sample("abc", dice.randrange(3))}


def meaning(value: Any) -> Any:
    """Return the meaning of a value: numbers by their quantity, objects without an order."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return ("number", Decimal(value))
    if isinstance(value, list):
        return ("array", tuple(map(meaning, value)))
    return ("object", frozenset((key, meaning(inner)) for key, inner in value.items()))


def rewritten(dice: random.Random, value: Any) -> Any:
    """Return the same value with another spelling: order of members, floats for integers."""
    if isinstance(value, dict):
        names = dice.sample(list(value), len(value))
        return {name: rewritten(dice, value[name]) for name in names}
    if isinstance(value, list):
        return [rewritten(dice, item) for item in value]
    if type(value) is int and abs(value) < 1000 and dice.random() < 0.5:
        return float(value)
    return value


@pytest.mark.parametrize("seed", range(20))
def test_h11_digests_are_equal_exactly_when_values_are(seed: int) -> None:
    dice = random.Random(seed)
    seen: dict[Any, bytes] = {}
    for _ in range(100):
        value = draw(dice)
        said = [{"op": "add", "path": "/a", "value": each} for each in (value, None)]
        said[1]["value"] = rewritten(dice, value)
        digests = {digest_of(read(json.dumps([op]))) for op in said}
        assert len(digests) == 1
        assert seen.setdefault(meaning(value), *digests) in digests
    assert len(set(seen.values())) == len(seen)


def test_h11_a_retried_restore_needs_no_old_value() -> None:
    room = Room(DocKey("demo", "home"), Absent(), RoomBounds(), None)
    ada = Member(Author("ada"), Rights(Role.PUBLISHER, 2**53), "http")
    room.apply(ada, Create({"n": 1}), Round(0))
    room.apply(ada, PatchRequest("", 1, [{"op": "replace", "path": "/n", "value": 2}]), Round(0))
    first = room.apply(ada, RestoreVersion(1, {"n": 1}, id="back"), Round(0))
    gone = Refusal(Code.UNKNOWN_VERSION, "version 1 is not kept any more", {"version": 3})
    again = room.apply(ada, RestoreVersion(1, None, id="back", missing=gone), Round(0))
    assert (again.version, again.refusal) == (3, None)
    assert again.ack == {**first.ack, "duplicate": True}
    assert first.ack["ops"] == [{"op": "replace", "path": "/n", "value": 1}]
    other = room.apply(ada, RestoreVersion(2, None, id="back", missing=gone), Round(0))
    assert other.refusal is not None
    assert other.refusal.code is Code.ID_REUSED
    assert (
        room.apply(ada, RestoreVersion(1, None, id="new", missing=gone), Round(0)).refusal == gone
    )
