"""The probe measures how long work holds the interpreter lock."""

from __future__ import annotations

import pytest

from bench.lock_probe import longest_hold


def in_python(count: int) -> int:
    return sum(number * number for number in range(count))


def test_work_in_python_gives_the_lock_away_and_one_native_call_does_not() -> None:
    # In all, the work in Python takes three times as long as the native call.
    short = longest_hold(lambda: in_python(1_500_000))
    long = longest_hold(lambda: pow(3, 10**150, 10**1_500))
    assert 0 < short < long


def test_an_error_of_the_work_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        longest_hold(lambda: 1 // 0)
