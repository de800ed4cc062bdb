"""A thread that runs jobs one after the other, and gives each result to the event loop.

A pool of the standard library makes two futures for a job and takes four locks. `asyncio.timeout`
makes a context for its deadline. A commit of one edit takes a quarter less of the processor without
them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from storage.dialect import translate

A = TypeVar("A")
T = TypeVar("T")


class WriterThread:
    """Runs jobs in one thread, in the order in which they came.

    Invariant: a job does not begin after its caller has left or its time is over. A job that has
    begun runs to its end, unless the process ends first. After `close`, no job is taken.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def run(
        self, job: Callable[[A], T], argument: A, seconds: float | None = None
    ) -> asyncio.Future[T]:
        """Return the future result of `job(argument)`.

        After `seconds`, or when the database fails, the future has an error of the ports.
        """
        if self._thread is None:
            self._thread = self._start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _expire, future)
        self._jobs.put((loop, future, timer, job, argument))
        return future

    def close(self, seconds: float | None = None) -> None:
        """End the thread after the jobs that wait. Wait for it, for `seconds` at most."""
        self._is_closed = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join(seconds)

    def _start(self) -> threading.Thread:
        if self._is_closed:
            raise RuntimeError("the thread is closed")
        # The process may end while a job hangs, for example on a disk that does not answer.
        thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        while (waiting := self._jobs.get()) is not None:
            _do(*waiting)
            del waiting  # keep no result while the thread waits


def _do(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[T],
    timer: asyncio.TimerHandle | None,
    job: Callable[[A], T],
    argument: A,
) -> None:
    if future.done():
        return
    result: T | None = None
    failure: BaseException | None = None
    try:
        result = job(argument)
    except BaseException as error:  # whatever it is, the caller gets it
        failure = error
    with suppress(RuntimeError):  # the loop is closed, so nothing waits for the result
        loop.call_soon_threadsafe(_deliver, future, timer, result, failure)
    # The error refers to this frame. A reference cycle would keep the argument in memory until the
    # next full collection, which is rare.
    del failure, future, timer


def _deliver(
    future: asyncio.Future[Any],
    timer: asyncio.TimerHandle | None,
    result: Any,
    failure: BaseException | None,
) -> None:
    if timer is not None:
        timer.cancel()
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(_of_the_port(failure))


def _expire(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(_of_the_port(TimeoutError()))


def _of_the_port(error: BaseException) -> BaseException:
    """Return the port's error for a driver's error, and a bug of ours unchanged."""
    if isinstance(error, StopIteration):  # no future may have it
        return RuntimeError("a job raised StopIteration")
    known = translate(error)
    if known is None:
        return error
    known.__cause__ = error
    return known
