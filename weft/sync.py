"""The same page without `await`, for notebooks and short scripts.

The connection runs in a thread of its own. Callbacks are called in that thread. A callback may
edit, but it cannot wait.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from weft import page as asynchronous
from weft.address import Token
from weft.blocking.handles import (
    SyncAssets,
    SyncChange,
    SyncDocuments,
    SyncHistory,
    SyncLock,
    SyncPresence,
)
from weft.blocking.worker import Off, Worker
from weft.change import Change
from weft.core.effects import Undone
from weft.core.patch import Op
from weft.documents import documents as asynchronous_documents
from weft.events import Listener
from weft.locks import TTL


class SyncPage:
    """One document, for programs without an event loop."""

    def __init__(self, worker: Worker, page: asynchronous.Page) -> None:
        self._worker = worker
        self._page = page
        self._is_closed = False
        self.presence = SyncPresence(worker, page.presence)
        self.history = SyncHistory(worker, page.history)
        self.assets = SyncAssets(worker, page.assets)

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
    def behind(self) -> bool:
        return self._page.behind

    @property
    def user(self) -> str:
        return self._page.user

    @property
    def name(self) -> str:
        return self._page.name

    @property
    def role(self) -> str:
        return self._page.role

    @property
    def tenant(self) -> str:
        return self._page.tenant

    @property
    def client(self) -> str:
        return self._page.client

    @property
    def can_undo(self) -> bool:
        return self._page.can_undo

    @property
    def can_redo(self) -> bool:
        return self._page.can_redo

    @property
    def others(self) -> list[dict[str, Any]]:
        """The other clients in the document."""
        return self.presence.others

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

    def subscribe(self, pointer: str, callback: Listener) -> Off:
        """Call `callback(value, info)` in the thread of the connection."""
        return self._worker.listen(self._page.subscribe, pointer, callback)

    def on(self, event: str, listener: Listener) -> Off:
        """Call `listener` at an event, in the thread of the connection."""
        return self._worker.listen(self._page.on, event, listener)

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Make all edits of a `with` block one undo step."""
        group = self._page.group()
        self._worker.call(group.__enter__)
        try:
            yield
        finally:
            self._worker.call(group.__exit__, None, None, None)

    def lock(self, pointer: str, *, ttl: float = TTL) -> SyncLock:
        """Take a lock on a part. When another client holds it, `lock.mine` is false."""
        return SyncLock(self._worker, self._worker.wait(self._page.lock(pointer, ttl=ttl)))

    @property
    def locks(self) -> list[dict[str, Any]]:
        """The present locks of all clients."""
        return self._page.locks

    def undo(self, scope: str | None = None, version: int | None = None) -> Undone:
        """Take back your newest step. Other people's edits stay."""
        return self._worker.wait(self._page.undo(scope, version))

    def redo(self, scope: str | None = None, version: int | None = None) -> Undone:
        """Apply the step again that was taken back last."""
        return self._worker.wait(self._page.redo(scope, version))

    def publish(self, version: int | None = None) -> dict[str, Any]:
        """Make a version public."""
        return self._worker.wait(self._page.publish(version))

    def unpublish(self) -> None:
        """Take the document down: no version is public then."""
        self._worker.wait(self._page.unpublish())

    def sync_now(self) -> None:
        """Connect at once, not after the delay."""
        self._worker.call(self._page.sync_now)

    def versions(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the newest rows of the history."""
        items: list[dict[str, Any]] = self.history.list(limit=limit)["items"]
        return items

    def close(self) -> None:
        """Wait for pending changes, at most five seconds, and disconnect."""
        self._worker.require_another_thread()
        if not self._is_closed:
            self._is_closed = True
            try:
                self._worker.wait(self._page.close())
            finally:  # also after Ctrl-C
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


def documents(url: str, token: Token) -> SyncDocuments:
    """Return the documents of the token's tenant at a server."""
    return SyncDocuments(asynchronous_documents(url, token))
