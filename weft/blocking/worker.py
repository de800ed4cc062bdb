"""A thread with an event loop, for programs that cannot `await`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from weft.errors import ClosedError, WeftError

T = TypeVar("T")
Off = Callable[[], None]


class Worker:
    """An event loop in a thread of its own.

    Invariant: the loop runs every piece of work that `wait` gave it. Under `_lock`, `stop` decides
    that it takes no more, and then it cancels what still runs.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="weft", daemon=True)
        self._lock = threading.Lock()
        self._is_stopping = False
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run `work` in the thread, and return its result."""
        try:
            self.require_another_thread()
            with self._lock:
                if self._is_stopping:
                    raise ClosedError("the page is closed: call `weft.sync.connect` again")
                future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except WeftError:
            work.close()
            raise
        try:
            return future.result(timeout)
        except CancelledError:
            raise ClosedError("the page was closed before this was done") from None
        except BaseException:  # a timeout or Ctrl-C: the caller waits no longer
            future.cancel()
            raise

    def require_another_thread(self) -> None:
        """Raise an error in a callback: it would wait for itself."""
        if threading.current_thread() is self._thread:
            raise WeftError(
                "a callback cannot wait in the thread of the connection: hand the work to "
                "another thread, or use `weft.connect`",
                "wrong_thread",
            )

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the thread, and return its result. A callback may do this too."""
        if threading.current_thread() is self._thread:
            return function(*arguments)

        async def work() -> T:
            return function(*arguments)

        return self.wait(work())

    def listen(self, on: Callable[..., Off], *arguments: Any) -> Off:
        """Register a callback. Return a function that ends this."""
        end = self.call(on, *arguments)
        return lambda: self.call(end)

    @classmethod
    def run(cls, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in a new thread, also when this thread has a running event loop."""
        worker = cls()
        try:
            return worker.wait(work)
        finally:
            worker.stop()

    def stop(self) -> None:
        """End the thread, and everything that it still does."""
        with self._lock:
            if self._is_stopping:
                return
            self._is_stopping = True
        asyncio.run_coroutine_threadsafe(self._end_tasks(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()
