"""The process's estimate of the database's clock."""

from __future__ import annotations

from server.runtime.database_clock import SLEW, DatabaseClock
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

NOW = 1_700_000_000_000


async def test_time_starts_at_the_database_and_advances_with_our_clock() -> None:
    clock = ManualClock()
    time = DatabaseClock(MemoryStore(lambda: NOW), clock)
    assert time.now() == clock.now_ms()
    assert await time.sync() == NOW
    clock.advance(5)
    assert time.now() == NOW + 5000


async def test_a_jump_of_either_clock_moves_the_estimate_only_by_slew() -> None:
    clock = ManualClock()
    jump = 0
    time = DatabaseClock(MemoryStore(lambda: NOW + jump), clock)
    await time.sync()
    for jump in (3_600_000, -3_600_000):  # the store's clock uses it
        clock.advance(10)
        clock.ms += jump
        before = time.now()
        assert abs(await time.sync() - before) <= 10_000 * SLEW


async def test_the_estimate_follows_a_drifting_clock() -> None:
    clock = ManualClock()
    began = clock.monotonic()
    drift = 1.005
    store = MemoryStore(lambda: NOW + round((clock.monotonic() - began) * 1000 * drift))
    time = DatabaseClock(store, clock)
    await time.sync()
    for _ in range(100):
        clock.advance(60)
        assert abs(await time.sync() - await store.now()) <= 1
