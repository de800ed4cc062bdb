"""How times are rendered, and the ids of the clock."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.wire import rfc3339
from server.runtime.clock import Clock, SystemClock, readable_id
from tests.manual_clock import ManualClock


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_772_366_400_123, "2026-03-01T12:00:00.123Z"),
    ],
)
def test_a_time_is_rendered_in_utc_with_milliseconds(ms: int, text: str) -> None:
    assert rfc3339(ms) == text


@given(st.integers(0, 253_402_300_799_999))
def test_a_rendered_time_parses_to_the_same_millisecond(ms: int) -> None:
    read = datetime.fromisoformat(rfc3339(ms))
    assert round(read.timestamp() * 1000) == ms


@given(st.integers(0, 2**42), st.integers(0, 2**42))
def test_rendered_times_sort_in_order_of_time(a: int, b: int) -> None:
    assert (rfc3339(a) < rfc3339(b)) == (a < b)


def test_an_id_has_its_prefix_and_no_letter_like_a_digit() -> None:
    assert re.fullmatch(r"s-[0-9a-hjkmnp-tv-z]{12}", SystemClock().new_id("s"))


def test_ids_do_not_repeat() -> None:
    clock = SystemClock()
    assert len({clock.new_id("k") for _ in range(2000)}) == 2000


def test_ids_differ_when_any_byte_differs() -> None:
    zero = readable_id(bytes(12))
    flipped = {readable_id(bytes(11 - i) + b"\x01" + bytes(i)) for i in range(12)}
    assert len(flipped | {zero}) == 13


def test_jitter_stays_below_its_spread() -> None:
    clock = SystemClock()
    assert all(0 <= clock.jitter(3.0) < 3.0 for _ in range(200))


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = SystemClock()
    seen = [clock.monotonic() for _ in range(100)]
    assert seen == sorted(seen)


def test_the_manual_clock_moves_only_on_advance() -> None:
    clock = ManualClock()
    asked: Clock = clock
    before = asked.now_ms(), asked.monotonic()
    assert (asked.now_ms(), asked.monotonic()) == before
    clock.advance(1.5)
    assert (asked.now_ms(), asked.monotonic()) == (before[0] + 1500, before[1] + 1.5)
