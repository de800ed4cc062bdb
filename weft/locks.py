"""Edit locks: a client holds a part of the document, and other clients cannot change it."""

from __future__ import annotations

import asyncio
from typing import Any

from weft.core.patch import Op, covers, parse
from weft.errors import ClosedError, OfflineError, Refusal, WeftError
from weft.events import Emitter
from weft.session import Session
from weft.transport import Message

TTL = 180.0
# With these codes the server has not decided: the lock may last.
_FOR_NOW = ("rate_limited", "storage_unavailable")


class Lock(Emitter):
    """A lock that this program has asked for.

    Events: `asked` (another client wants it), `lost` (this client no longer holds it), `held` (it
    holds it now), `free` (no client holds it). `kept` says that the holder refused a take-over.
    """

    def __init__(self, locks: Locks, state: Message, ttl: float) -> None:
        super().__init__()
        self._locks = locks
        self.state = state
        self.ttl = ttl

    @property
    def scope(self) -> str:
        """The pointer that the lock covers. It follows its element."""
        return str(self.state["scope"])

    @property
    def holder(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.state.get("holder")
        return found

    @property
    def mine(self) -> bool:
        """Whether this client holds the lock."""
        return self._locks.is_mine(self.holder)

    async def take_over(self) -> None:
        """Ask the holder for the lock. Wait for the event `held`."""
        await self._locks.act(self, "take_over")

    async def keep(self) -> None:
        """Say no to the client that asked."""
        await self._locks.act(self, "keep")

    async def release(self) -> None:
        """Give the lock back."""
        await self._locks.act(self, "release")

    async def __aenter__(self) -> Lock:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.mine:
            await self.release()


class Locks:
    """The locks of the document. `all` has the present locks of all clients.

    Invariant: each lock in `_used` that this client holds has a task in `_renewals`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.all: list[Message] = []
        self._used: list[Lock] = []
        self._asked: dict[str, asyncio.Future[Message]] = {}
        self._requests: set[asyncio.Task[Message]] = set()
        self._renewals: dict[Lock, asyncio.Task[None]] = {}
        session.on("message:opened", lambda message: self._replace(message["locks"]))
        session.on("message:lock", self._learn)
        session.on("message:ack", self._on_ack)
        session.on("message:reject", self._on_reject)
        ended = "the connection ended: ask for the lock again"
        session.on("closed", lambda _: self._fail(OfflineError(ended)))
        session.on("closing", self._stop)
        session.before_end = self._release_all

    def is_mine(self, holder: dict[str, Any] | None) -> bool:
        session = self._session
        mine = (session.opened.get("user"), session.client)
        return holder is not None and (holder.get("user"), holder.get("client")) == mine

    def fence_of(self, ops: list[Op]) -> int | None:
        """Return the fence of this client's lock that covers one of the operations."""
        for state in self.all:
            if self.is_mine(state["holder"]) and any(
                covers(state["scope"], op["path"]) for op in ops
            ):
                return int(state["fence"])
        return None

    async def acquire(self, pointer: str, ttl: float) -> Lock:
        """Take a lock. When another client holds it, return it with `mine` false."""
        parse(pointer)
        waiting = [change.future for change in self._session.changes.values()]
        if waiting:
            await asyncio.wait(waiting)  # the scope needs a settled value
        base = self._session.machine.confirmed.version
        fields = {"action": "acquire", "scope": pointer, "base": base, "ttl": ttl}
        request = asyncio.create_task(self._ask(fields), name="weft lock")
        self._requests.add(request)
        request.add_done_callback(self._requests.discard)
        try:
            state = await asyncio.shield(request)
        except asyncio.CancelledError:
            request.add_done_callback(self._give_back)  # the caller gets no lock to release
            raise
        except Refusal as refusal:
            if refusal.code != "locked" or refusal.lock is None:
                raise
            state = refusal.lock
        lock = next((lock for lock in self._used if lock.state["id"] == state["id"]), None)
        if lock is None:
            lock = Lock(self, state, ttl)
            self._used.append(lock)
        lock.ttl = ttl
        self._learn(state)
        self._keep_renewed(lock)
        return lock

    def _give_back(self, request: asyncio.Task[Message]) -> None:
        """Release a lock whose request was cancelled before its answer."""
        if request.cancelled() or request.exception() is not None:
            return
        id = request.result()["id"]
        if not any(lock.state["id"] == id for lock in self._used):
            message = {"type": "lock", "action": "release", "lock_id": id}
            self._session.transport.send({**message, "id": self._session.names.next()})

    async def act(self, lock: Lock, action: str) -> None:
        was_mine = lock.mine
        state = await self._ask({"action": action, "lock_id": lock.state["id"]})
        if action == "release" and was_mine:
            self._used = [each for each in self._used if each is not lock]
            lock.state = {**lock.state, "holder": None}
        self._learn(state)

    async def _ask(self, fields: Message) -> Message:
        session = self._session
        session.require_open()
        if not session.machine.is_online:
            raise OfflineError("a lock needs a connection: wait until `page.link` is 'online'")
        id = session.names.next()
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[id] = future
        session.transport.send({"type": "lock", "id": id, **fields})
        return await future

    def _keep_renewed(self, lock: Lock) -> None:
        if lock.mine and lock in self._used and lock not in self._renewals:
            task = asyncio.create_task(self._renew(lock), name="weft lock renewal")
            self._renewals[lock] = task
            task.add_done_callback(lambda _: self._renewals.pop(lock, None))

    async def _renew(self, lock: Lock) -> None:
        """Renew a lock three times in its time to live, while this client holds it."""
        while lock.mine and lock in self._used:
            await asyncio.sleep(lock.ttl / 3)
            if not (lock.mine and lock in self._used):
                return
            try:
                await self._ask({"action": "renew", "lock_id": lock.state["id"], "ttl": lock.ttl})
            except OfflineError:
                continue  # the lock lasts without a connection, and `opened` has its state
            except Refusal as refusal:
                if refusal.code not in _FOR_NOW:
                    self._learn({**lock.state, "holder": None, "reason": "expired"})
            except WeftError:
                return  # the page has ended

    # --- messages ---------------------------------------------------------------------------

    def _on_ack(self, message: Message) -> None:
        future = self._asked.pop(message["id"], None)
        if future is not None and not future.done():
            future.set_result(message["lock"])

    def _on_reject(self, message: Message) -> None:
        future = self._asked.pop(message["id"], None)
        if future is not None and not future.done():
            lock = message.get("lock")
            by = (lock or {}).get("holder")
            future.set_exception(Refusal(message["code"], message["message"], by=by, lock=lock))

    def _fail(self, error: WeftError) -> None:
        asked, self._asked = self._asked, {}
        for future in asked.values():
            if not future.done():
                future.set_exception(error)

    def _learn(self, state: Message) -> None:
        rest = [each for each in self.all if each["id"] != state["id"]]
        self._replace([*rest, state] if state.get("holder") else rest)

    def _replace(self, states: list[Message]) -> None:
        self.all = states
        for lock in self._used:
            was, was_mine = lock.state, lock.mine
            was_claimed = self.is_mine(was.get("claimed_by"))
            # After a take-over, the lock of the new holder has a new id and the old scope.
            same_id = next((each for each in states if each["id"] == was["id"]), None)
            same_scope = next((each for each in states if each["scope"] == was["scope"]), None)
            lock.state = same_id or same_scope or {**was, "holder": None}
            _announce(lock, was, was_mine)
            is_same = same_id is not None and not same_id.get("claimed_by")
            if was_claimed and is_same and not lock.mine:
                lock.emit("kept", lock)
            self._keep_renewed(lock)

    async def _release_all(self, patience: float) -> None:
        """Give every lock back before the page ends, because nothing renews it then."""
        releases = [asyncio.create_task(lock.release()) for lock in self._used if lock.mine]
        if releases:
            await asyncio.wait(releases, timeout=min(patience, 1.0))
            await _cancelled(releases)

    def _stop(self) -> None:
        for task in self._renewals.values():
            task.cancel()
        self._fail(ClosedError("the page was closed before the server had answered"))


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _announce(lock: Lock, was: Message, was_mine: bool) -> None:
    if lock.mine and not was_mine:
        lock.emit("held", lock)
    elif was_mine and not lock.mine:
        lock.emit("lost", lock)
    elif lock.holder is None and was.get("holder") is not None:
        lock.emit("free", lock)
    if lock.mine and lock.state.get("claimed_by") and not was.get("claimed_by"):
        lock.emit("asked", lock)
