"""Frames of the patch lane: messages are read, or refused before they are built in memory."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from collab.errors import Code, Rejected
from collab.messages import Patch, Ping
from collab.raw_json import MAX_VALUES
from collab.wire import Incoming, Unreadable, decode


def many(count: int) -> str:
    return "[" + ",".join(["[]"] * count) + "]"


def patch_with(value: str, id: str = "p-1") -> str:
    op = f'{{"op":"add","path":"/x","value":{value}}}'
    return f'{{"type":"patch","id":"{id}","base":1,"ops":[{op}]}}'


def test_a_message_of_too_many_values_is_refused_alone() -> None:
    found = decode(patch_with(many(MAX_VALUES)).encode())
    assert [(one.id, one.refusal.code, one.is_patch) for one in unreadable(found)] == [
        ("p-1", Code.TOO_LARGE, True)
    ]
    frame = f'[{patch_with("1", "a")},{patch_with(many(MAX_VALUES), "b")},{{"type":"ping"}}]'
    first, second, third = decode(frame.encode())
    assert isinstance(first, Patch)
    assert [one.id for one in unreadable([second])] == ["b"]
    assert isinstance(third, Ping)
    [ping] = unreadable(decode(f'{{"type":"ping","at":{many(MAX_VALUES)}}}'.encode()))
    assert (ping.id, ping.is_patch) == (None, False)


def test_a_text_full_of_commas_is_one_value() -> None:
    [message] = decode(patch_with('"' + ",[{" * MAX_VALUES + '"').encode())
    assert isinstance(message, Patch)


def test_a_frame_of_many_small_messages_is_read() -> None:
    frame = "[" + ",".join(patch_with(many(30), f"p-{n}") for n in range(900)) + "]"
    assert all(isinstance(one, Patch) for one in decode(frame.encode()))
    with pytest.raises(Rejected):
        decode(("[" + many(MAX_VALUES)).encode())


def unreadable(messages: Sequence[Incoming]) -> list[Unreadable]:
    assert all(isinstance(one, Unreadable) for one in messages)
    return [one for one in messages if isinstance(one, Unreadable)]
