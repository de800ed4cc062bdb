"""Undo steps are saved as one MessagePack message, which is encoded in pieces."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from collab.document import snapshot_format
from collab.document.document import Document
from collab.document.snapshot_format import (
    Steps,
    decode_body,
    decode_steps,
    encode_steps,
    with_version,
)
from collab.document.steps import Part, Stacks, Step
from collab.types.records import Path, Reinsertion


def stacks(steps: int) -> Stacks:
    made = [Step([Part(number, 5, b"x" * number, ())]) for number in range(steps)]
    return Stacks(made, made[:3], 7)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_encoded_pieces_form_one_message(count: int) -> None:
    tokens: list[tuple[int, Path, int]] = [(number, ("a", "b"), number) for number in range(count)]
    few = min(count, 100)
    users = {f"user {number}": stacks(number) for number in range(few)}
    reinsertions: list[Reinsertion] = [(1, number, 1, 2, number) for number in range(few)]
    steps = Steps(stacks=users, reinsertions=reinsertions, tokens=tokens, most_tokens=9)
    assert encode_steps(steps) == msgspec.msgpack.encode(steps)
    assert decode_steps(encode_steps(steps)) == steps


def test_no_native_call_encodes_more_than_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document.create(1)
    for version in range(1, 40):
        ops = [{"op": "add", "path": f"/k{version}", "value": "x" * 1_000}]
        document.patch(ops, version=version, user=f"user {version % 3}", at=version * 10_000)
    document.patch([{"op": "remove", "path": "/k1"}], version=40, user="ada", at=1)
    lengths: list[int] = []
    encode: Callable[[object], bytes] = snapshot_format.encode

    def counting(value: object) -> bytes:
        raw = encode(value)
        lengths.append(len(raw))
        return raw

    monkeypatch.setattr(snapshot_format, "encode", counting)
    whole = document.draft().steps
    assert len(whole) > 2_000
    assert max(lengths) < len(whole) // 2


def test_a_body_with_another_version_is_otherwise_the_same() -> None:
    body = Document.create(1).snapshot().body
    moved = decode_body(with_version(body, 70_000))
    assert moved == msgspec.structs.replace(decode_body(body), version=70_000)
