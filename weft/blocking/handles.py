"""Changes, locks, presence, history, pictures and documents without `await`, for `weft.sync`."""

from __future__ import annotations

from typing import Any

from weft.assets import Assets
from weft.blocking.worker import Off, Worker
from weft.change import Change
from weft.core.effects import ChangeState, Result
from weft.documents import Documents, Role
from weft.events import Listener
from weft.history import History, Patch
from weft.locks import Lock
from weft.presence import Presence


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


class SyncLock:
    """A lock that this program has asked for. `with` releases it at the end of the block."""

    def __init__(self, worker: Worker, lock: Lock) -> None:
        self._worker = worker
        self._lock = lock

    @property
    def scope(self) -> str:
        """The pointer that the lock covers. It follows its element."""
        return self._lock.scope

    @property
    def holder(self) -> dict[str, Any] | None:
        return self._lock.holder

    @property
    def mine(self) -> bool:
        """Whether this client holds the lock."""
        return self._lock.mine

    def take_over(self) -> None:
        """Ask the holder for the lock. `mine` is true when this client has got it."""
        self._worker.wait(self._lock.take_over())

    def keep(self) -> None:
        """Say no to the client that asked."""
        self._worker.wait(self._lock.keep())

    def release(self) -> None:
        """Give the lock back."""
        self._worker.wait(self._lock.release())

    def on(self, event: str, listener: Listener) -> Off:
        """Call `listener(lock)` at an event, in the thread of the connection."""
        return self._worker.listen(self._lock.on, event, lambda *_: listener(self))

    def __enter__(self) -> SyncLock:
        return self

    def __exit__(self, *error: object) -> None:
        if self.mine:
            self.release()


class SyncPresence:
    """The clients in the document."""

    def __init__(self, worker: Worker, presence: Presence) -> None:
        self._worker = worker
        self._presence = presence

    @property
    def others(self) -> list[dict[str, Any]]:
        """The other clients: `session`, `user`, `name`, `client`, `role` and `state` of each."""
        return self._worker.call(lambda: self._presence.others)

    def set(self, state: dict[str, Any] | None) -> None:
        """Show a state to the others. With None, they do not see this client."""
        self._worker.call(self._presence.set, state)

    def on(self, event: str, listener: Listener) -> Off:
        """Call `listener(others)` at `change`, in the thread of the connection."""
        return self._worker.listen(self._presence.on, event, listener)


class SyncHistory:
    """The versions of a document, newest first."""

    def __init__(self, worker: Worker, history: History) -> None:
        self._worker = worker
        self._history = history

    def list(self, **options: Any) -> dict[str, Any]:
        """Return a page: `items`, and a `cursor` when there are more."""
        return self._worker.wait(self._history.list(**options))

    def at(self, version: int) -> Any:
        """Return the value at a version."""
        return self._worker.wait(self._history.at(version))

    def diff(self, a: int, b: int) -> Patch:
        """Return a patch from version `a` to version `b`."""
        return self._worker.wait(self._history.diff(a, b))

    def name(self, version: int, text: str) -> dict[str, Any]:
        """Name a version. It is then kept for ever."""
        return self._worker.wait(self._history.name(version, text))

    def restore(self, version: int, pointer: str = "") -> dict[str, Any]:
        """Make an older version, or a part of it, current again."""
        return self._worker.wait(self._history.restore(version, pointer))


class SyncAssets:
    """The pictures of a tenant."""

    def __init__(self, worker: Worker, assets: Assets) -> None:
        self._worker = worker
        self._assets = assets

    def upload(self, data: bytes, name: str = "") -> dict[str, Any]:
        """Upload a picture: `{"id", "url", "type", "bytes", "width", "height"}`."""
        return self._worker.wait(self._assets.upload(data, name))

    def list(self, **options: Any) -> dict[str, Any]:
        """Return a page: `assets`, and `next` when there are more."""
        return self._worker.wait(self._assets.list(**options))

    def delete(self, id: str) -> None:
        """Delete a picture that no document uses. Raise `Refusal` when one does."""
        self._worker.wait(self._assets.delete(id))


class SyncDocuments:
    """The documents that a token may see. Each request has a thread of its own."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def list(self, **options: Any) -> dict[str, Any]:
        """Return a page: `items`, and a `cursor` when there are more."""
        return Worker.run(self._documents.list(**options))

    def activity(self, **options: Any) -> dict[str, Any]:
        """Return who changed which document, newest first: `items`, and a `cursor` for more."""
        return Worker.run(self._documents.activity(**options))

    def create(self, document: str, value: Any) -> dict[str, Any]:
        """Create a document. Raise `Refusal` when it exists."""
        return Worker.run(self._documents.create(document, value))

    def delete(self, document: str) -> None:
        """Delete a document with its history."""
        Worker.run(self._documents.delete(document))

    def share(self, document: str, role: Role = "viewer", **options: Any) -> dict[str, Any]:
        """Make a share link: `{"url", "token", "id", "role", "expires_at"}`."""
        return Worker.run(self._documents.share(document, role, **options))

    def unshare(self, document: str, id: str) -> None:
        """End a share link."""
        Worker.run(self._documents.unshare(document, id))
