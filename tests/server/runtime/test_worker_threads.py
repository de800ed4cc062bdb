"""Long work runs in few worker threads, in the context of its caller."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, thread
from contextvars import ContextVar
from types import SimpleNamespace

import pytest

from server.runtime import worker_threads
from server.runtime.worker_threads import (
    THREADS,
    Turn,
    free_documents_in_thread,
    free_in_thread,
    run_in_thread,
)
from tests.held_store import until
from tests.patience import PATIENCE

WHO = ContextVar("WHO", default="nobody")


class Work:
    """Counts how many run at once. With `parties` above 1, each waits for others."""

    def __init__(self, parties: int) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._met = threading.Barrier(parties)

    def __call__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._met.wait(PATIENCE)
        with self._lock:
            self._now -= 1


async def test_one_thread_works_at_a_time() -> None:
    work = Work(1)
    await asyncio.gather(*(run_in_thread(work) for _ in range(20)))
    assert work.most == 1


async def test_the_second_thread_helps_when_work_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.runtime.worker_threads.PATIENCE", 0.001)
    work = Work(THREADS)
    await asyncio.gather(*(run_in_thread(work) for _ in range(THREADS * 4)))
    assert work.most == THREADS


def test_the_turn_goes_to_the_thread_that_waits() -> None:
    """The thread that gives it back cannot take it again before the other thread had it."""
    turn, order = Turn(), list[str]()
    assert turn.take(0.0)
    began, other_done = threading.Event(), threading.Event()

    def other() -> None:
        began.set()
        assert turn.take(PATIENCE)
        order.append("other")
        turn.give_back()
        other_done.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert began.wait(PATIENCE)
    while not turn._waiting:
        other_done.wait(0.001)
    turn.give_back()
    assert turn.take(PATIENCE)
    order.append("first")
    turn.give_back()
    thread.join(PATIENCE)
    assert order == ["other", "first"]


def test_a_thread_that_has_waited_in_vain_does_not_get_the_turn_later() -> None:
    turn = Turn()
    assert turn.take(0.0)
    assert not turn.take(0.001)
    turn.give_back()
    assert turn.take(0.0)


async def test_work_runs_in_the_context_of_its_caller() -> None:
    def fail() -> None:
        raise ValueError("no")

    WHO.set("ada")
    assert await run_in_thread(WHO.get) == "ada"
    assert await run_in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ValueError, match="no"):
        await run_in_thread(fail)


@pytest.mark.parametrize(("took", "rest"), [(0.001, None), (0.02, 0.02), (3.0, 0.05)])
async def test_a_thread_rests_after_long_work(
    monkeypatch: pytest.MonkeyPatch, took: float, rest: float | None
) -> None:
    rests: list[float] = []
    rested = threading.Event()
    times = iter((10.0, 10.0 + took))

    def wait(seconds: float) -> None:
        rests.append(seconds)
        rested.set()

    monkeypatch.setattr(
        "server.runtime.worker_threads._CLOCK", SimpleNamespace(monotonic=times.__next__)
    )
    monkeypatch.setattr("server.runtime.worker_threads._NEVER", SimpleNamespace(wait=wait))
    assert await run_in_thread(divmod, 7, 2) == (3, 1), "the result does not wait for the rest"
    if rest is None:
        assert await asyncio.to_thread(rested.wait, 0.1) is False
    else:
        assert await asyncio.to_thread(rested.wait, PATIENCE)
        assert rests == [pytest.approx(rest)]


async def test_a_large_object_is_freed_in_a_thread() -> None:
    freed = asyncio.Event()
    loop, names = asyncio.get_running_loop(), list[str]()

    def finish() -> None:
        names.append(threading.current_thread().name)
        loop.call_soon_threadsafe(freed.set)

    thing = threading.Event()
    weakref.finalize(thing, finish)
    free_in_thread(thing)
    del thing
    await asyncio.wait_for(freed.wait(), PATIENCE)
    assert names[0].startswith("freeing")


class Memory:
    """Notes the thread that frees it."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.freed = threading.Event()

    def free(self, pause: Callable[[], object]) -> None:
        pause()
        self.threads.append(threading.current_thread().name.split("_")[0])
        self.freed.set()


async def test_a_large_document_is_freed_in_a_thread() -> None:
    memory = Memory()
    free_documents_in_thread(asyncio.get_running_loop())(memory)
    assert await asyncio.to_thread(memory.freed.wait, PATIENCE)
    assert memory.threads == ["freeing"]


async def test_a_document_may_go_while_its_thread_starts_other_work() -> None:
    """The garbage collector may run in the middle of `ThreadPoolExecutor.submit`."""
    memory = Memory()
    free = free_documents_in_thread(asyncio.get_running_loop())
    with thread._global_shutdown_lock:
        free(memory)
    assert await asyncio.to_thread(memory.freed.wait, PATIENCE)
    assert memory.threads == ["freeing"]


async def test_at_the_end_of_the_process_a_document_is_freed_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    monkeypatch.setattr(worker_threads, "_FREEING", ended)
    memory = Memory()
    free_documents_in_thread(asyncio.get_running_loop())(memory)
    await until(memory.freed.is_set)
    assert memory.threads == ["MainThread"]


def test_a_document_that_goes_after_the_loop_is_freed_at_once() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    memory = Memory()
    free_documents_in_thread(loop)(memory)
    assert memory.threads == ["MainThread"]
