"""An operation that has a member twice is refused, in each way to write JSON. Others are not."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from collab.errors import Code, Rejected
from collab.messages import Patch
from collab.raw_json import repeated_in_body
from collab.wire import Unreadable, decode

ADD = '{"op":"add","path":"/a","value":1}'
TWICE = [
    '{"op":"add","path":"/a","path":"/b","value":1}',
    '{"op":"add","path":"/a","value":1,"value":1}',
    '{"op":"remove","op":"add","path":"/a","value":1}',
    '{"op":"move","from":"/a","path":"/b","from":"/c"}',
    '{"op":"add","path":"/a","p\\u0061th":"/b","value":1}',
    '{ "op" : "add" , "path" : "/a" , "value" : {"path": 1} , "path" : "/b" }',
    '{"op":"add","path":"/a","value":"\\u0022\\u0022","value":1}',
]
ONCE = [
    ADD,
    '{"op":"add","path":"/a","value":{"path":1,"value":[{"path":2,"op":3,"from":4}]}}',
    '{"op":"add","path":"/a","value":"\\"path\\" \\u0022value\\u0022"}',
    '{"op":"add","path":"/a","value":1,"note":1,"note":2}',
    '{"op":"test","path":"/path","value":"value"}',
    '{"op":"add","path":"/a","value":{"k":1,"k":2}}',
]


def message(op: str, more: str = "") -> bytes:
    return f'{{"type":"patch","id":"p","base":1,{more}"ops":[{ADD},{op}]}}'.encode()


@pytest.mark.parametrize("op", TWICE)
@pytest.mark.parametrize("more", ["", '"strict":false,', '"step":"s","after":"","x":{"path":1},'])
def test_an_operation_with_a_member_twice_is_refused(op: str, more: str) -> None:
    body = f"[{ADD},{op}]".encode()
    refusal = repeated_in_body(body, msgspec.json.decode(body))
    assert refusal is not None
    assert (refusal.code, refusal.extra["op"]) == (Code.INVALID_PATCH, 1)
    for frame in (message(op, more), b"[" + message(op, more) + b"]"):
        assert decode(frame) == [Unreadable("p", refusal, is_patch=True)]


@pytest.mark.parametrize("op", ONCE)
@pytest.mark.parametrize("more", ["", '"strict":false,"fence":null,', '"x":{"path":1,"path":2},'])
def test_names_in_values_and_elsewhere_are_not_members(op: str, more: str) -> None:
    (found,) = decode(message(op, more))
    assert isinstance(found, Patch)
    body = f"[{ADD},{op}]".encode()
    assert repeated_in_body(body, msgspec.json.decode(body)) is None


def written(rng: random.Random, members: list[tuple[str, Any]]) -> str:
    """An object with these members, with random spaces and escapes of JSON."""
    space = rng.choice(["", "", " ", "\n"])
    parts = []
    for name, value in members:
        key = json.dumps(name)
        if rng.random() < 0.1:
            at = rng.randrange(len(name))
            key = f'"{name[:at]}\\u{ord(name[at]):04x}{name[at + 1 :]}"'
        parts.append(f"{key}{space}:{space}{json.dumps(value, ensure_ascii=rng.random() < 0.5)}")
    return "{" + f"{space},{space}".join(parts) + "}"


def test_random_messages_are_refused_if_a_member_is_there_twice() -> None:
    rng = random.Random(20)
    values = ["", '"path"', 'a "value":', {"path": "/x", "value": 1}, [1, {"op": "x"}], None, "é"]
    refused = 0
    for _ in range(1500):
        members: list[tuple[str, Any]] = [("op", "add"), ("path", "/p"), ("value", "")]
        members = [(n, rng.choice(values) if n == "value" else v) for n, v in members]
        if doubled := rng.random() < 0.5:
            members.append(rng.choice([*members, ("value", rng.choice(values))]))
        rng.shuffle(members)
        top: list[tuple[str, Any]] = [("type", "patch"), ("id", '"p'), ("base", 1)]
        top += rng.sample([("strict", False), ("strict", True), ("fence", None), ("fence", 3)], 1)
        top += rng.sample([("after", ""), ("after", None), ("note", {"path": 1})], 2)
        rng.shuffle(top)
        around = written(rng, top)[:-1]
        (found,) = decode(f'{around},"ops":[{written(rng, members)}]}}'.encode())
        assert isinstance(found, Unreadable) is doubled, (top, members)
        refused += doubled
    assert refused > 600


def test_a_value_that_can_be_read_but_not_written_is_no_failure() -> None:
    """At some of these depths, the value can be read and cannot be written."""
    for depth in range(900, 1010):
        nested = f'{{"op":"add","path":"/a","value":{"[" * depth}{"]" * depth}}}'
        with suppress(Rejected):
            (found,) = decode(message(nested))
            assert isinstance(found, Patch)
