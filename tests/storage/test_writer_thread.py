"""The writer's thread: the order of jobs, results, errors, deadlines and cancelled calls."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
import threading
import weakref
from collections.abc import Iterator

import pytest

from collab.ports.store import StorageUnavailable
from storage.writer_thread import WriterThread
from tests.patience import PATIENCE


@pytest.fixture
def thread() -> Iterator[WriterThread]:
    one = WriterThread("writer-of-a-test")
    yield one
    one.close()


class Gate:
    """A job that waits until the test opens it."""

    def __init__(self) -> None:
        self.has_begun, self._is_open = threading.Event(), threading.Event()

    def __call__(self, value: int) -> int:
        self.has_begun.set()
        assert self._is_open.wait(PATIENCE)
        return value

    def open(self) -> None:
        self._is_open.set()


async def begun(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.has_begun.wait, PATIENCE)


async def test_jobs_run_in_their_order_in_one_thread(thread: WriterThread) -> None:
    seen: list[tuple[int, str]] = []

    def job(number: int) -> int:
        seen.append((number, threading.current_thread().name))
        return 2 * number

    found = await asyncio.gather(*(thread.run(job, number) for number in range(50)))
    assert found == [2 * number for number in range(50)]
    assert seen == [(number, "writer-of-a-test") for number in range(50)]


async def test_an_error_of_the_database_is_one_of_the_ports(thread: WriterThread) -> None:
    def full(_: None) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(StorageUnavailable, match="disk is full") as caught:
        await thread.run(full, None)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert await thread.run(abs, -1) == 1


async def test_a_bug_is_raised_unchanged(thread: WriterThread) -> None:
    bug = KeyError("bug")

    def job(_: None) -> None:
        raise bug

    with pytest.raises(KeyError) as caught:
        await thread.run(job, None)
    assert caught.value is bug


async def test_a_bug_that_a_future_may_not_have_is_another_error(thread: WriterThread) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await thread.run(next, iter(()))


async def test_a_job_over_its_time_goes_on_without_its_caller(thread: WriterThread) -> None:
    gate, ended = Gate(), list[int]()
    late = thread.run(lambda number: ended.append(gate(number)), 1, 0.01)
    with pytest.raises(StorageUnavailable, match="TimeoutError"):
        await late
    after = thread.run(ended.append, 2)
    gate.open()
    await after
    assert ended == [1, 2]


async def test_a_cancelled_job_that_waits_does_not_begin(thread: WriterThread) -> None:
    gate, begins = Gate(), list[int]()
    first = thread.run(gate, 1)
    await begun(gate)
    second = asyncio.ensure_future(thread.run(begins.append, 2))
    third = thread.run(begins.append, 3)
    second.cancel()
    gate.open()
    assert await first == 1
    await third
    assert begins == [3]


async def test_a_cancelled_job_that_has_begun_runs_to_its_end(thread: WriterThread) -> None:
    gate, ended = Gate(), list[int]()

    async def call() -> None:
        await thread.run(lambda number: ended.append(gate(number)), 1)

    calling = asyncio.create_task(call())
    await begun(gate)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    gate.open()
    await thread.run(ended.append, 2)
    assert ended == [1, 2]


async def test_the_thread_keeps_no_result_while_it_waits(thread: WriterThread) -> None:
    class Large:
        pass

    result = await thread.run(lambda _: Large(), None)
    await thread.run(abs, 1)
    kept = weakref.ref(result)
    del result
    assert kept() is None


def test_a_job_may_end_after_its_loop_was_closed(thread: WriterThread) -> None:
    gate = Gate()

    async def leave() -> None:
        thread.run(gate, 1)
        await begun(gate)

    asyncio.run(leave())
    gate.open()

    async def another() -> int:
        return await thread.run(abs, -2)

    assert asyncio.run(another()) == 2


async def test_close_waits_for_the_jobs_before_it(thread: WriterThread) -> None:
    done: list[int] = []
    jobs = [thread.run(done.append, number) for number in range(20)]
    thread.close()
    assert done == list(range(20))
    await asyncio.gather(*jobs)


@pytest.mark.parametrize("is_used", [False, True])
async def test_a_closed_thread_takes_no_job(thread: WriterThread, is_used: bool) -> None:
    """It would open the database again, when another server may have its lock."""
    if is_used:
        await thread.run(abs, 1)
    thread.close()
    with pytest.raises(RuntimeError, match="closed"):
        thread.run(abs, 1)


async def test_close_does_not_wait_for_a_job_that_hangs(thread: WriterThread) -> None:
    gate = Gate()
    late = thread.run(gate, 1)
    await begun(gate)
    thread.close(0.01)
    gate.open()
    assert await late == 1


async def test_a_thread_that_did_not_start_starts_with_the_next_job(
    thread: WriterThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may have too many threads for a while."""

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="new thread"):
            thread.run(abs, 1, 0.01)
    assert await thread.run(abs, -1, 5.0) == 1


async def test_an_error_keeps_no_argument_in_memory(thread: WriterThread) -> None:
    """A reference cycle would keep the rows of a failed commit."""

    class Rows:
        pass

    async def fail() -> weakref.ref[Rows]:
        rows = Rows()
        with contextlib.suppress(KeyError):
            await thread.run(_raise, rows)
        return weakref.ref(rows)

    gc.disable()
    try:
        kept = await fail()
        await thread.run(abs, 1)
        assert kept() is None
    finally:
        gc.enable()


def _raise(_: object) -> None:
    raise KeyError("bug")
