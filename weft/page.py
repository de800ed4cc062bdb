"""A page: one document that this program edits together with other clients."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Literal

from weft.address import Token, address_of, client_name
from weft.assets import Assets
from weft.change import Change
from weft.core.effects import Undone
from weft.core.patch import ABSENT, Op, as_json, difference, get, to_set
from weft.environment import new_name
from weft.errors import UnreachableError, WeftError
from weft.events import Listener
from weft.history import History
from weft.http import Http
from weft.locks import TTL, Lock, Locks
from weft.presence import Presence
from weft.session import Session
from weft.transport import Link

_READERS = ("viewer", "commenter")


class Page:
    """One document. `connect` makes it. Use it in one event loop.

    `value` has every edit at once. Each edit returns a `Change`; `await change.durable` waits
    until the server has stored it, or raises `Refusal`.
    """

    def __init__(self, session: Session, http: Http, path: str) -> None:
        self._session = session
        self._http = http
        self._path = path
        self._step: str | None = None
        self.presence = Presence(session)
        self.history = History(http, path)
        self.assets = Assets(http)
        self._locks = Locks(session)

    # --- the value --------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The value with your pending edits. Never change it: use `set`, `change` or `patch`."""
        found = self._session.machine.value
        return None if found is ABSENT else found

    def get(self, pointer: str, default: Any = None) -> Any:
        """Return the value at a pointer, or `default`."""
        found = get(self._session.machine.value, pointer)
        return default if found is ABSENT else found

    def set(self, pointer: str, value: Any) -> Change:
        """Write a value: replace an existing value, or add a member or an element."""
        return self._edit([to_set(self._session.machine.value, pointer, as_json(value))])

    def remove(self, pointer: str) -> Change:
        """Remove a member of an object or an element of a list."""
        return self._edit([{"op": "remove", "path": pointer}])

    def move(self, source: str, target: str) -> Change:
        """Move a value to another place."""
        return self._edit([{"op": "move", "from": source, "path": target}])

    def patch(self, ops: list[Op]) -> Change:
        """Apply a JSON Patch (RFC 6902), as a whole."""
        return self._edit([as_json(op) for op in ops])

    def change(self, edit: Callable[[Any], object]) -> Change:
        """Let `edit` change a copy of the value in place, and apply the difference.

        What `edit` returns is not used.
        """
        draft = deepcopy(self.value)
        returned = edit(draft)
        if inspect.iscoroutine(returned):
            returned.close()
            raise WeftError("`edit` must be a plain function: await before `change`", "not_async")
        return self._edit(difference(self.value, as_json(draft)))

    def _edit(self, ops: list[Op]) -> Change:
        return self._session.edit(ops, self._step, self._locks.fence_of(ops))

    def subscribe(self, pointer: str, callback: Listener) -> Callable[[], None]:
        """Call `callback(value, info)` when the part at `pointer` has changed.

        `info` has `mine`, `kind` and `by`. Return a function that ends the subscription.
        """
        return self._session.subscribe(pointer, callback)

    # --- undo -------------------------------------------------------------------------------

    async def undo(self, scope: str | None = None, version: int | None = None) -> Undone:
        """Take back your newest step. Other people's edits stay."""
        return await self._session.ask(False, scope, version)

    async def redo(self, scope: str | None = None, version: int | None = None) -> Undone:
        """Apply the step again that was taken back last."""
        return await self._session.ask(True, scope, version)

    @property
    def can_undo(self) -> bool:
        """Whether you have a step to undo; without a connection, an unsent step."""
        return self._session.has_step("undo")

    @property
    def can_redo(self) -> bool:
        """Whether you have a step to redo; without a connection, an unsent step."""
        return self._session.has_step("redo")

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Make all edits of a `with` block one undo step."""
        before, self._step = self._step, self._step or self._session.names.next()
        try:
            yield
        finally:
            self._step = before

    # --- the server -------------------------------------------------------------------------

    async def lock(self, pointer: str, *, ttl: float = TTL) -> Lock:
        """Take a lock on a part. When another client holds it, `lock.mine` is false."""
        return await self._locks.acquire(pointer, ttl)

    @property
    def locks(self) -> list[dict[str, Any]]:
        """The present locks of all clients."""
        return self._locks.all

    async def publish(self, version: int | None = None) -> dict[str, Any]:
        """Make a version public, by default the newest: `{"published", "url", "warnings"}`."""
        body = {} if version is None else {"version": version}
        done: dict[str, Any] = await self._http.ask("POST", f"{self._path}/publish", body)
        return done

    async def unpublish(self) -> None:
        """Take the document down: no version is public then."""
        await self._http.ask("DELETE", f"{self._path}/publish")

    # --- the state --------------------------------------------------------------------------

    @property
    def user(self) -> str:
        return str(self._session.opened.get("user", ""))

    @property
    def name(self) -> str:
        """The user's name, as others see it."""
        return str(self._session.opened.get("name", self.user))

    @property
    def tenant(self) -> str:
        return str(self._session.opened.get("tenant", ""))

    @property
    def role(self) -> str:
        return str(self._session.opened.get("role", ""))

    @property
    def client(self) -> str:
        """The name of this program, as other clients see it."""
        return self._session.client

    @property
    def version(self) -> int:
        """The newest version that this client has."""
        return self._session.machine.confirmed.version

    @property
    def link(self) -> Link:
        """`connecting`, `online`, `reconnecting`, `offline`, `refused` or `closed`.

        `offline` means that no server answers. The client tries again.
        """
        return self._session.link

    @property
    def saved(self) -> Literal["saved", "saving", "unsaved"]:
        """`saved` means: the server has stored every edit."""
        if not self.pending:
            return "saved"
        return "saving" if self.link == "online" else "unsaved"

    @property
    def mode(self) -> Literal["edit", "read-only"]:
        """`read-only` when the token may only read, or when the server stores no edits now."""
        reads = self.role in _READERS or self._session.is_read_only_now
        return "read-only" if reads else "edit"

    @property
    def behind(self) -> bool:
        """Whether the changes of others come late, because this client reads too slowly."""
        return self._session.is_behind

    @property
    def pending(self) -> int:
        """How many changes have no answer yet. Edits that follow each other may be one change."""
        return self._session.machine.pending

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` at an event. Return a function that ends this.

        Events: `conflict`, `refused`, `behind`, `notice`, `another-tab`, `lost`, `error`, `link`.
        """
        return self._session.on(event, listener)

    def sync_now(self) -> None:
        """Connect at once, not after the delay."""
        self._session.transport.wake()

    async def close(self, patience: float = 5.0) -> None:
        """Wait for pending changes, at most `patience` seconds, and disconnect.

        A change that has no answer then fails with `ClosedError`.
        """
        await self._session.close(patience)

    async def __aenter__(self) -> Page:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


async def connect(
    url: str,
    document: str,
    *,
    token: Token,
    create: Any = None,
    client: str = "",
    max_fps: float | None = None,
    patience: float = 10.0,
) -> Page:
    """Open a document, and return its page with the newest value.

    - `token` is a token, or a function that returns one. A function may be a coroutine function.
    - `create` is the first value when the document does not exist.
    - `client` is the name of this program for other clients.
    - `max_fps` limits the changes of others per second.
    - `patience`: when no server answers within these seconds, raise `UnreachableError`.
    """
    address = address_of(url, document)
    name = client_name(client) or new_name()
    session = Session(address, token, name, None if create is None else as_json(create), max_fps)
    page = Page(session, Http(address.server, token, name), address.path)
    session.start()
    try:
        await asyncio.wait_for(asyncio.shield(session.ready), patience)
    except TimeoutError:
        last = session.transport.obstacle
        await session.close(0)
        raise last or UnreachableError(
            f"{address.server} has not answered within {patience:g} seconds: try again later"
        ) from None
    except BaseException:  # also a cancellation: the caller gets no page, so its tasks must end
        await session.close(0)
        raise
    return page
