"""When the process runs full garbage collections."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from server.runtime import collector, usage
from server.runtime.collector import (
    GROWTH,
    MOST_OF_TIME,
    NEVER,
    REST,
    WORTH,
    Collector,
    freeze_startup_objects,
)


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls to `gc`. Enough objects are new for a full collection."""
    asked: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: asked.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: asked.append("freeze"))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, WORTH))
    monkeypatch.setattr(usage, "memory", lambda: 100 << 20)
    return asked


async def nothing() -> None:
    """No document is open."""


@pytest.fixture
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


async def test_a_full_collection_runs_after_enough_idle_calls(
    collections: list[str],
) -> None:
    work_counts = [5, 5]
    looked = Collector(lambda: (work_counts[0], work_counts[1]), nothing)
    await looked.run()
    assert collections == [], "work ended since the start"
    work_counts[:] = [6, 5]
    await looked.run()
    assert collections == [], "work is running"
    await looked.run()
    assert collections == [], "it is still running"
    work_counts[:] = [6, 6]
    for _ in range(REST - 1):
        await looked.run()
    assert collections == [], "the idle time is too short"
    await looked.run()
    assert collections == ["collect"]
    for _ in range(REST):
        await looked.run()
    assert collections == ["collect"] * 2, "many objects are new again"


async def test_a_full_collection_runs_when_the_process_has_doubled(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Collector(lambda: (2, 1), nothing)
    size = (100 << 20) + GROWTH
    monkeypatch.setattr(usage, "memory", lambda: size)
    await looked.run()
    assert collections == []
    size += 1
    await looked.run()
    assert collections == ["collect"]
    await looked.run()
    assert collections == ["collect"], "it has not grown since"
    size *= 2
    await looked.run()
    assert collections == ["collect"], "it has not doubled"
    size += 1
    await looked.run()
    assert collections == ["collect"] * 2


async def test_no_full_collection_runs_when_few_objects_are_new(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, WORTH - 1))
    looked = Collector(lambda: (0, 0), nothing)
    await looked.run()
    assert collections == []


@pytest.mark.usefixtures("thresholds")
def test_python_runs_no_full_collection_by_itself(collections: list[str]) -> None:
    young, middle, _ = gc.get_threshold()
    freeze_startup_objects()
    assert collections == ["collect", "freeze"]
    assert gc.get_threshold() == (young, middle, NEVER)


class Ring:
    """A reference cycle, as tasks and connections have."""

    freed = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Ring.freed += 1


async def test_a_long_rest_collects_once_even_few_objects(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (9, 0, 0))
    looked = Collector(lambda: (0, 0), nothing)
    for _ in range(REST - 1):
        await looked.run()
    assert collections == []
    for _ in range(REST * 2):
        await looked.run()
    assert collections == ["collect"]


async def test_old_reference_cycles_are_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "WORTH", 0)
    Ring.freed = 0
    ring = Ring()
    gc.collect()  # now it is in the oldest generation
    del ring
    gc.collect(1)
    assert Ring.freed == 0
    looked = Collector(lambda: (0, 0), nothing)
    for _ in range(REST):
        await looked.run()
    assert Ring.freed == 1


def taking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let each collection take so much processor time."""
    spent = iter(range(10**6))
    monkeypatch.setattr(usage, "processor_seconds", lambda: next(spent) * seconds)


async def rest(looked: Collector) -> None:
    for _ in range(REST):
        await looked.run()


async def test_a_long_collection_is_followed_by_a_long_wait(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Collector(lambda: (0, 0), nothing)
    taking(monkeypatch, 2.5 * REST * MOST_OF_TIME)
    for _ in range(3):
        await rest(looked)
    assert collections == ["collect"]
    await rest(looked)
    assert collections == ["collect"] * 2


async def test_a_process_that_grows_does_not_wait(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Collector(lambda: (0, 0), nothing)
    taking(monkeypatch, 60)
    await rest(looked)
    monkeypatch.setattr(usage, "memory", lambda: 1 << 30)
    await looked.run()
    assert collections == ["collect"] * 2


async def test_values_are_untracked_before_each_collection(collections: list[str]) -> None:
    async def untrack_values() -> None:
        collections.append("untrack")

    looked = Collector(lambda: (0, 0), untrack_values)
    await rest(looked)
    await rest(looked)
    assert collections == ["untrack", "collect"] * 2
