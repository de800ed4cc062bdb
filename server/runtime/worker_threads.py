"""Worker threads: one runs Python that takes long, and a second one helps when that is slow.

All threads of a process share one interpreter: with two at work the event loop has its turn every
third time. asyncio's own pool has more threads, and a crowd of large requests would leave the loop
one turn in seven. So one thread works at a time. When its work takes longer than half a second,
such as opening a very large document, the second thread does the work that waits.

A native call, such as reading three megabytes of JSON, keeps the interpreter for all of its 20 ms,
and the loop waits for it. So a thread rests after work that took long.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, ParamSpec, TypeVar

from server.runtime.clock import SystemClock

P = ParamSpec("P")
T = TypeVar("T")

# Bytes of a document or a body: JSON of so many is read, written and compared in a worker
# thread. A megabyte takes up to 10 ms.
LARGE: Final = 256 * 1024
THREADS: Final = 2
# Seconds: after longer work a thread rests for as long as the work took, up to the longest rest.
LONG: Final = 0.005
LONGEST_REST: Final = 0.05
SOON: Final = 0.1
# Seconds after which the second thread works too.
PATIENCE: Final = 0.5
_CLOCK: Final = SystemClock()
_NEVER: Final = threading.Event()
_TURN: Final = threading.Semaphore()
_COUNTS: Final = threading.Lock()
_POOL: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="worker")

_submitted = _ended = 0


def work_counts() -> tuple[int, int]:
    """How many works were given to the threads so far, and how many have ended."""
    return _submitted, _ended


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work returns or raises; it sees the context of its caller."""
    global _submitted
    context = copy_context()
    done: Future[T] = Future()
    done.add_done_callback(_end)
    _submitted += 1
    _POOL.submit(_do, done, lambda: context.run(work, *args, **kwargs))
    return await asyncio.wrap_future(done)


def _end(_: Future[Any]) -> None:
    global _ended
    with _COUNTS:
        _ended += 1


def free_in_thread(thing: object) -> None:
    """Free in a thread what takes long to free, when the caller's own references are gone.

    A document of 50,000 elements takes 0.1 s. Other threads have their turn meanwhile.
    """
    bag = [thing]
    asyncio.get_running_loop().call_later(SOON, _POOL.submit, bag.clear)


def _do(done: Future[T], work: Callable[[], T]) -> None:
    """Answer, and leave the interpreter to others for as long as the work took."""
    is_first = _TURN.acquire(timeout=PATIENCE)
    try:
        took = _answer(done, work)
        if took > LONG:
            _NEVER.wait(min(took, LONGEST_REST))
    finally:
        if is_first:
            _TURN.release()


def _answer(done: Future[T], work: Callable[[], T]) -> float:
    """How many seconds the work took."""
    if not done.set_running_or_notify_cancel():
        return 0.0
    began = _CLOCK.monotonic()
    try:
        result = work()
    except BaseException as error:  # a panic of pycrdt's is no Exception
        done.set_exception(error)
    else:
        done.set_result(result)
    return _CLOCK.monotonic() - began
