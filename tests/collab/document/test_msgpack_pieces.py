"""Large MessagePack is decoded in pieces, to the same values."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from collab.document import msgpack_pieces, steps
from collab.document.msgpack_pieces import MOST, decode_json
from collab.document.snapshot_format import Steps, decode_steps, encode_steps
from collab.document.steps import Inverse, Part, Stacks, Step, decode_inverse
from collab.ids import Json
from collab.types.records import Exactly, Record, SameDigest, SetRecord, ShownRecord

encode = msgspec.msgpack.encode


def inverse_of(*records: Record) -> Inverse:
    return Inverse(records, (3,), ((4, (1, 2)),), (1, 2), (5, 6), ((1, 2, 3, 4, 5),), silent=True)


def removed(value: Json) -> SetRecord:
    return SetRecord(("a", 1), "k", Exactly(value), SameDigest(b"digest"), token=7)


LARGE: dict[str, Json] = {
    "a list": [0] * (MOST + 1),
    "an object": {f"key {number}": {"@order": "a"} for number in range(MOST // 8)},
    "a deep value": {"a": [{"b": [1.5, None, True, "x" * MOST, {"c": [-1] * MOST}]}] * 3},
    "a text": "x" * (MOST + 1),
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_a_large_value_is_the_same_in_pieces(value: Json) -> None:
    assert decode_json(encode(value)) == value


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_a_large_inverse_is_the_same_in_pieces(value: Json) -> None:
    inverse = inverse_of(ShownRecord(("l",), "e", True), removed(value), removed([]))
    assert decode_inverse(inverse.encoded()) == inverse


def test_an_inverse_of_many_records_is_the_same_in_pieces() -> None:
    inverse = inverse_of(*(removed(number) for number in range(MOST // 16)))
    assert decode_inverse(inverse.encoded()) == inverse


def test_random_values_are_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msgpack_pieces, "MOST", 8)
    monkeypatch.setattr(msgpack_pieces, "MOST_SPLIT", 3)
    dice = random.Random(5)
    for _ in range(200):
        inverse = inverse_of(*(removed(_value(dice, 4)) for _ in range(dice.randint(0, 20))))
        assert decode_inverse(inverse.encoded()) == inverse


def test_large_steps_are_the_same_in_pieces() -> None:
    made = [Step([Part(number, 5, b"x" * 1_000, ())], ("a",)) for number in range(100)]
    saved = Steps(3, {"ada": Stacks(made, made[:3], 7)}, [(1, 2, 3, 4, 5)], [(1, ("a", 2), 3)], 9)
    assert decode_steps(encode_steps(saved)) == saved


def test_no_native_call_builds_more_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def counted(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def counting(encoded: Any) -> Any:
            lengths.append(memoryview(encoded).nbytes)
            return decode(encoded)

        return counting

    monkeypatch.setattr(msgpack_pieces, "_decode", counted(msgpack_pieces._decode))
    monkeypatch.setattr(steps, "_decode", counted(steps._decode))
    monkeypatch.setattr(steps, "_decode_small_record", counted(steps._decode_small_record))
    inverse = inverse_of(removed(LARGE["an object"]), removed(LARGE["a list"]))
    assert decode_inverse(inverse.encoded()) == inverse
    assert 0 < max(lengths) <= MOST


def _value(dice: random.Random, depth: int) -> Json:
    kind = dice.randint(0, 5 if depth else 3)
    if kind == 4:
        return [_value(dice, depth - 1) for _ in range(dice.randint(0, 5))]
    if kind == 5:
        return {f"k{at}": _value(dice, depth - 1) for at in range(dice.randint(0, 5))}
    return dice.choice([None, True, 0, -5, 1 << 40, 1.5, "", "word", "x" * 40])
