"""When the process runs full garbage collections."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from server.runtime import collector, usage
from server.runtime.collector import (
    GROWTH,
    LONG,
    MOST_HIDDEN,
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
    monkeypatch.setattr(gc, "unfreeze", lambda: asked.append("unfreeze"))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, WORTH))
    monkeypatch.setattr(usage, "memory", lambda: 100 << 20)
    return asked


@pytest.fixture
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


async def test_a_full_collection_runs_after_enough_idle_calls(
    collections: list[str],
) -> None:
    work_counts = [5, 5]
    looked = Collector(lambda: (work_counts[0], work_counts[1]))
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
    looked = Collector(lambda: (2, 1))
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
    looked = Collector(lambda: (0, 0))
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
    looked = Collector(lambda: (0, 0))
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
    looked = Collector(lambda: (0, 0))
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


async def test_a_long_collection_hides_what_it_found(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Collector(lambda: (0, 0))
    taking(monkeypatch, LONG)
    await rest(looked)
    assert collections == ["collect"]
    taking(monkeypatch, LONG * 1.01)
    await rest(looked)
    assert collections == ["collect"] * 2 + ["freeze"]


async def test_after_many_long_collections_a_rest_looks_at_everything(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Collector(lambda: (0, 0))
    taking(monkeypatch, 2 * LONG)
    for _ in range(MOST_HIDDEN):
        await rest(looked)
    assert collections == ["collect", "freeze"] * MOST_HIDDEN
    collections.clear()
    await rest(looked)
    await rest(looked)
    assert collections == ["unfreeze", "collect", "freeze", "collect", "freeze"]


async def test_a_busy_process_does_not_look_at_everything(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [0, 0]
    looked = Collector(lambda: (busy[0], busy[1]))
    taking(monkeypatch, 2 * LONG)
    for _ in range(MOST_HIDDEN):
        await rest(looked)
    collections.clear()
    busy[:] = [2, 1]
    monkeypatch.setattr(usage, "memory", lambda: 1 << 30)
    await looked.run()
    assert collections == ["collect", "freeze"]


async def test_a_hidden_value_is_visited_once_and_freed_with_its_last_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "WORTH", 0)
    monkeypatch.setattr(collector, "LONG", -1.0)
    gc.collect()
    before = gc.get_freeze_count()
    try:
        value = [[number] for number in range(10_000)]
        await rest(Collector(lambda: (0, 0)))
        held = gc.get_freeze_count()
        assert held - before > 10_000
        del value
        assert held - gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
