"""The same page without `await`, for notebooks and short scripts.

The connection runs in a thread of its own. Callbacks are called in that thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

from weft import page as asynchronous
from weft.address import Token
from weft.change import Change
from weft.core.effects import ChangeState, Result, Undone
from weft.core.patch import Op
from weft.errors import ClosedError, WeftError
from weft.events import Listener

T = TypeVar("T")


class Worker:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="weft", daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run `work` in the thread, and return its result."""
        try:
            self._require_usable()
        except WeftError:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def _require_usable(self) -> None:
        if self._loop.is_closed():
            raise ClosedError("the page is closed: call `weft.sync.connect` again")
        if threading.current_thread() is self._thread:
            raise WeftError(
                "a callback cannot wait in the thread of the connection: hand the work to "
                "another thread, or use `weft.connect`",
                "wrong_thread",
            )

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the thread, and return its result."""

        async def work() -> T:
            return function(*arguments)

        return self.wait(work())

    def stop(self) -> None:
        self.wait(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class SyncChange:
    """A change of the user. `wait()` returns when the server has stored it."""

    def __init__(self, worker: Worker, change: Change) -> None:
        self._worker = worker
        self._change = change

    @property
    def state(self) -> ChangeState:
        return self._change.state

    def wait(self, timeout: float | None = None) -> Result:
        """Wait for the end of the change, or raise `Refusal`."""

        async def end() -> Result:
            return await self._change.durable

        return self._worker.wait(end(), timeout)


class SyncPage:
    """One document, for programs without an event loop."""

    def __init__(self, worker: Worker, page: asynchronous.Page) -> None:
        self._worker = worker
        self._page = page
        self._is_closed = False

    @property
    def value(self) -> Any:
        """The value with your pending edits. Never change it: use `set`, `change` or `patch`."""
        return self._page.value

    @property
    def version(self) -> int:
        return self._page.version

    @property
    def link(self) -> str:
        return self._page.link

    @property
    def saved(self) -> str:
        return self._page.saved

    @property
    def mode(self) -> str:
        return self._page.mode

    @property
    def pending(self) -> int:
        return self._page.pending

    @property
    def others(self) -> list[dict[str, Any]]:
        """The other clients in the document."""
        return self._worker.call(lambda: self._page.presence.others)

    def get(self, pointer: str, default: Any = None) -> Any:
        """Return the value at a pointer, or `default`."""
        return self._page.get(pointer, default)

    def set(self, pointer: str, value: Any) -> SyncChange:
        """Write a value."""
        return self._changed(self._page.set, pointer, value)

    def remove(self, pointer: str) -> SyncChange:
        """Remove a value."""
        return self._changed(self._page.remove, pointer)

    def move(self, source: str, target: str) -> SyncChange:
        """Move a value to another place."""
        return self._changed(self._page.move, source, target)

    def patch(self, ops: list[Op]) -> SyncChange:
        """Apply a JSON Patch."""
        return self._changed(self._page.patch, ops)

    def change(self, edit: Callable[[Any], Any]) -> SyncChange:
        """Let `edit` change a copy of the value, and apply the difference."""
        return self._changed(self._page.change, edit)

    def _changed(self, verb: Callable[..., Change], *arguments: Any) -> SyncChange:
        return SyncChange(self._worker, self._worker.call(verb, *arguments))

    def subscribe(self, pointer: str, callback: Listener) -> Callable[[], None]:
        """Call `callback(value, info)` in the thread of the connection."""
        end = self._worker.call(self._page.subscribe, pointer, callback)
        return lambda: self._worker.call(end)

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` at an event, in the thread of the connection."""
        end = self._worker.call(self._page.on, event, listener)
        return lambda: self._worker.call(end)

    def undo(self) -> Undone:
        """Take back your newest step."""
        return self._worker.wait(self._page.undo())

    def redo(self) -> Undone:
        """Apply the step again that was taken back last."""
        return self._worker.wait(self._page.redo())

    def publish(self, version: int | None = None) -> dict[str, Any]:
        """Make a version public."""
        return self._worker.wait(self._page.publish(version))

    def versions(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the newest rows of the history."""
        found = self._worker.wait(self._page.history.list(limit=limit))
        items: list[dict[str, Any]] = found["items"]
        return items

    def close(self) -> None:
        """Wait for pending changes, at most five seconds, and disconnect."""
        if not self._is_closed:
            self._is_closed = True
            self._worker.wait(self._page.close())
            self._worker.stop()

    def __enter__(self) -> SyncPage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connect(url: str, document: str, *, token: Token, **options: Any) -> SyncPage:
    """Open a document. The options are those of `weft.connect`."""
    worker = Worker()
    try:
        page = worker.wait(asynchronous.connect(url, document, token=token, **options))
    except BaseException:  # also Ctrl-C: the caller gets no page, so its thread must end
        worker.stop()
        raise
    return SyncPage(worker, page)
