"""Order keys: a new key fits between two others, without a change of either."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.types.order_keys import FIRST, between, is_order_key, spread, step_down, step_up


def test_a_thousand_appends_keep_keys_at_four_characters() -> None:
    keys = [between(None, None)]
    for _ in range(1_000):
        keys.append(between(keys[-1], None))
    assert keys == sorted(set(keys))
    assert max(map(len, keys)) <= 4


def test_a_thousand_prepends_keep_keys_at_four_characters() -> None:
    keys = [between(None, None)]
    for _ in range(1_000):
        keys.insert(0, between(None, keys[0]))
    assert keys == sorted(set(keys))
    assert max(map(len, keys)) <= 4


def test_a_thousand_inserts_into_one_gap_still_sort() -> None:
    low, high = "a0", "a1"
    for _ in range(1_000):
        middle = between(low, high)
        assert low < middle < high
        assert is_order_key(middle)
        low = middle
    assert len(low) <= 250


@pytest.mark.parametrize(
    ("low", "high"), [("a0", "a1"), ("a0", "a0V"), ("Zz", "b00"), ("a1", "a2z")]
)
def test_d4_a_run_in_one_gap_keeps_keys_within_ten_characters(low: str, high: str) -> None:
    up, down = [low], [high]
    for _ in range(5_000):
        up.append(step_up(up[-1], high))
        down.append(step_down(low, down[-1]))
    assert up == sorted(set(up))
    assert up[-1] < high
    assert down == sorted(set(down), reverse=True)
    assert low < down[-1]
    assert all(map(is_order_key, up + down))
    assert max(map(len, up + down)) <= 10


@given(st.integers(0, 2**32))
def test_d4_every_step_lies_between_its_neighbours(seed: int) -> None:
    chance = random.Random(seed)
    keys = spread(None, None, 3)
    for _ in range(60):
        at = chance.randint(1, len(keys) - 1)
        choose = chance.choice([step_up, step_down, between])
        key = choose(keys[at - 1], keys[at])
        assert is_order_key(key)
        keys.insert(at, key)
    assert keys == sorted(set(keys))


@given(st.integers(0, 400), st.sampled_from([None, "a0", "Zz", "a0V", "Xzzz", "bzz"]))
def test_d4_counting_up_gives_the_same_keys_as_appends(count: int, low: str | None) -> None:
    keys, last = [], low
    for _ in range(count):
        last = between(last, None)
        keys.append(last)
    assert spread(low, None, count) == keys


@given(st.integers(0, 2**32))
def test_a_key_between_any_two_sorts_between_them(seed: int) -> None:
    chance = random.Random(seed)
    keys = spread(None, None, 3)
    for _ in range(60):
        at = chance.randint(0, len(keys))
        low = keys[at - 1] if at else None
        high = keys[at] if at < len(keys) else None
        key = between(low, high)
        assert is_order_key(key)
        keys.insert(at, key)
    assert keys == sorted(set(keys))


@given(st.integers(0, 200))
def test_spread_gives_short_ascending_keys(count: int) -> None:
    keys = spread("a0", "a1", count)
    assert len(keys) == count
    assert ["a0", *keys, "a1"] == sorted({"a0", *keys, "a1"})
    assert max(map(len, keys), default=0) <= 6


def test_the_keys_are_those_of_fractional_indexing() -> None:
    assert between(None, None) == FIRST == "a0"
    assert between("a0", None) == "a1"
    assert between(None, "a0") == "Zz"
    assert between("a0", "a1") == "a0V"
    assert between("az", None) == "b00"
    assert between(None, "Y00") == "Xzzz"
    assert between("a0V", "a1") == "a0l"
    assert between("a0", "a0V") == "a0G"
    assert between("b125", "b129") == "b127"
    assert between("a01", "a1") == "a0V" or between("a01", "a1") < "a1"


def test_is_order_key_rejects_invalid_keys() -> None:
    for garbage in (
        "",
        "a",
        "A00000000000000000000000000",
        "a00",
        "a-",
        "~",
        "b1",
        7,
        None,
        "a" * 600,
    ):
        assert not is_order_key(garbage)
    for key in ("a0", "Zz", "a0V", "b00", "A00000000000000000000000000V"):
        assert is_order_key(key)
