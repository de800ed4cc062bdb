"""The database's clock, as the process knows it."""

from __future__ import annotations

from server.runtime.database_clock import SLEW, DatabaseClock
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

NOW = 1_700_000_000_000


async def test_the_database_says_what_time_it_is_and_our_own_clock_how_it_passes() -> None:
    clock = ManualClock()
    time = DatabaseClock(MemoryStore(lambda: NOW), clock)
    assert time.now() == clock.now_ms()
    assert await time.sync() == NOW
    clock.advance(5)
    assert time.now() == NOW + 5000


async def test_a_jump_of_either_clock_ends_no_lock_early() -> None:
    clock = ManualClock()
    jump = 0
    time = DatabaseClock(MemoryStore(lambda: NOW + jump), clock)
    await time.sync()
    for jump in (3_600_000, -3_600_000):  # the store's clock reads it
        clock.advance(10)
        clock.ms += jump
        before = time.now()
        assert abs(await time.sync() - before) <= 10_000 * SLEW


async def test_the_estimate_follows_a_clock_that_drifts() -> None:
    clock = ManualClock()
    began = clock.monotonic()
    drift = 1.005
    store = MemoryStore(lambda: NOW + round((clock.monotonic() - began) * 1000 * drift))
    time = DatabaseClock(store, clock)
    await time.sync()
    for _ in range(100):
        clock.advance(60)
        assert abs(await time.sync() - await store.now()) <= 1
