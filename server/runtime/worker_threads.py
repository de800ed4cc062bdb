"""Worker threads for long work: one thread works, and a second one helps when work is slow.

All threads of a process take turns with one interpreter lock. With two busy worker threads the
event loop gets every third turn. asyncio's own pool has more threads: with many large requests the
event loop would get one turn in seven. So one thread works at a time, however much work waits. Only
when one piece of work takes longer than half a second, the second thread starts the next one. For
example, a very large document takes so long to open.

A native call holds the interpreter lock for its whole time: reading three megabytes of JSON takes
20 ms. The event loop waits meanwhile. So a thread rests after long work.

One more thread frees large documents. It pauses again and again (`collab/types/freeing.py`). It
also untracks their values (`untracking.py`).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from server.runtime.clock import SystemClock
from server.runtime.untracking import untrack

if TYPE_CHECKING:
    from collab.types.freeing import Memory

P = ParamSpec("P")
T = TypeVar("T")

# JSON of more bytes than this is read, written and compared in a worker thread. A megabyte takes
# up to 10 ms.
LARGE: Final = 256 * 1024
THREADS: Final = 2
# Seconds. After work longer than LONG a thread rests as long as the work took, up to LONGEST_REST.
LONG: Final = 0.005
LONGEST_REST: Final = 0.05
# Seconds before a thread frees a large object.
SOON: Final = 0.1
# Seconds of each pause while a thread frees a large document.
PAUSE: Final = 0.0005
# Seconds that a piece of work waits for the piece before it. Then the second thread does it.
PATIENCE: Final = 0.5
_CLOCK: Final = SystemClock()
_NEVER: Final = threading.Event()
_COUNTS: Final = threading.Lock()
_POOL: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="worker")
_FREEING: Final = ThreadPoolExecutor(1, thread_name_prefix="freeing")


class Turn:
    """A turn that one thread has at a time, and passes to the thread that has waited longest.

    A semaphore lets the thread that returns it take it again at once. Then a thread would wait for
    its whole timeout, although the other thread does many short pieces of work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, timeout: float) -> bool:
        """Wait for the turn. Return False when the timeout is over."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            passed = threading.Event()
            self._waiting.append(passed)
        if passed.wait(timeout):
            return True
        with self._lock:
            if passed.is_set():
                return True
            self._waiting.remove(passed)
            return False

    def give_back(self) -> None:
        """Pass the turn to the next waiting thread, if any."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


_TURN: Final = Turn()
_submitted = _ended = 0


def work_counts() -> tuple[int, int]:
    """Return how many pieces of work the threads have got so far, and how many have ended."""
    return _submitted, _ended


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the result of `work`, which runs in a worker thread in the caller's context."""
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
    """Free a large object in a thread, `SOON` seconds after this call.

    The caller drops its own references in that time. Other threads can run meanwhile.
    """
    bag = [thing]
    asyncio.get_running_loop().call_later(SOON, _FREEING.submit, bag.clear)


async def untrack_in_thread(values: Iterable[Any]) -> None:
    """Take JSON values out of the collector's sight, in the thread that frees large objects."""
    work = partial(untrack, values, lambda: _NEVER.wait(PAUSE))
    await asyncio.get_running_loop().run_in_executor(_FREEING, work)


async def wait_for_freeing() -> None:
    """Wait until the thread has freed what it has got so far."""
    await asyncio.get_running_loop().run_in_executor(_FREEING, _do_nothing)


def _do_nothing() -> None:
    """Only the turn of the call in its thread matters."""


def free_documents_in_thread(loop: asyncio.AbstractEventLoop) -> Callable[[Memory], None]:
    """Return a function that lets a thread free a large Yjs document.

    The garbage collector may call the function in any thread, in the middle of any code. That code
    may hold the lock of a thread pool: `submit` would wait for this lock forever. So the function
    takes no lock, and the event loop calls `submit` later.
    """

    def free(memory: Memory) -> None:
        try:
            loop.call_soon_threadsafe(_begin_to_free, memory)
        except RuntimeError:  # the loop is closed
            memory.free(lambda: None)

    return free


def _begin_to_free(memory: Memory) -> None:
    try:
        _FREEING.submit(_free, memory)
    except RuntimeError:  # the process ends, and starts no more work
        memory.free(lambda: None)


def _free(memory: Memory) -> None:
    _NEVER.wait(SOON)
    memory.free(lambda: _NEVER.wait(PAUSE))


def _do(done: Future[T], work: Callable[[], T]) -> None:
    """Do the work. After long work, rest, so that other threads can run."""
    is_first = _TURN.take(PATIENCE)
    try:
        took = _answer(done, work)
        if took > LONG:
            _NEVER.wait(min(took, LONGEST_REST))
    finally:
        if is_first:
            _TURN.give_back()


def _answer(done: Future[T], work: Callable[[], T]) -> float:
    """Do the work and set `done`. Return how many seconds the work took."""
    if not done.set_running_or_notify_cancel():
        return 0.0
    began = _CLOCK.monotonic()
    try:
        result = work()
    except BaseException as error:  # a panic of pycrdt is not an Exception
        done.set_exception(error)
    else:
        done.set_result(result)
    return _CLOCK.monotonic() - began
