"""The database's clock, as the process knows it."""

from __future__ import annotations

from server.runtime.database_clock import SLEW, DatabaseTime
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

NOW = 1_700_000_000_000


async def test_the_database_says_what_time_it_is_and_our_own_clock_how_it_passes() -> None:
    clock = ManualClock()
    time = DatabaseTime(MemoryStore(lambda: NOW), clock)
    assert time.now() == clock.now_ms()
    assert await time.ask() == NOW
    clock.advance(5)
    assert time.now() == NOW + 5000


async def test_a_jump_of_either_clock_ends_no_lock_early() -> None:
    clock = ManualClock()
    jump = 0
    time = DatabaseTime(MemoryStore(lambda: NOW + jump), clock)
    await time.ask()
    for jump in (3_600_000, -3_600_000):  # the store's clock reads it
        clock.advance(10)
        clock.ms += jump
        before = time.now()
        assert abs(await time.ask() - before) <= 10_000 * SLEW


async def test_the_estimate_follows_a_clock_that_drifts() -> None:
    clock = ManualClock()
    began = clock.monotonic()
    drift = 1.005
    store = MemoryStore(lambda: NOW + round((clock.monotonic() - began) * 1000 * drift))
    time = DatabaseTime(store, clock)
    await time.ask()
    for _ in range(100):
        clock.advance(60)
        assert abs(await time.ask() - await store.now()) <= 1
