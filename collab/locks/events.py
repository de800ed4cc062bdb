"""Locks on the wire: states, broadcasts, refusals, and the events that a slow reader missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import UNSET
from msgspec.structs import asdict

from collab.entry import Author
from collab.errors import Code, Refusal
from collab.messages import Holder, LockChange, LockState
from collab.ports.locks import StoredLock
from collab.wire import rfc3339

Reason = Literal["released", "expired", "taken_over", "deleted"]


def state_of(lock: StoredLock) -> LockState:
    """Return a lock as all clients see it: without its secret and its holder's session.

    A claimed lock goes to the claimant at `yields_at`, or earlier when the lock expires.
    """
    yields_at = min(lock.yields_at, lock.expires_at)
    return LockState(
        id=lock.id,
        scope=lock.scope,
        holder=_holder(lock.holder),
        fence=lock.fence,
        expires_at=rfc3339(lock.expires_at),
        claimed_by=UNSET if lock.claimed_by is None else _holder(lock.claimed_by),
        yields_at=UNSET if lock.claimed_by is None else rfc3339(yields_at),
    )


def held(lock: StoredLock) -> LockChange:
    """Return the event of a lock that a client now holds."""
    return LockChange(**asdict(state_of(lock)))


def ended(lock: StoredLock, reason: Reason) -> LockChange:
    """Return the event of a lock that has ended."""
    return LockChange(id=lock.id, scope=lock.scope, holder=None, fence=lock.fence, reason=reason)


def changes_between(
    old: Sequence[StoredLock], new: Sequence[StoredLock], now: int
) -> list[LockChange]:
    """Return the events for lock changes that another instance (server process) has made.

    The stored rows do not state why a lock ended. The reason is a guess: it depends on whether the
    same scope has a new lock.
    """
    stay = {lock.id: lock for lock in new}
    known = {lock.id: lock for lock in old}
    events = [ended(lock, _end_reason(lock, new, now)) for lock in old if lock.id not in stay]
    fresh = [one for one in new if one.id not in known or state_of(known[one.id]) != state_of(one)]
    return [*events, *(held(lock) for lock in fresh)]


def _end_reason(lock: StoredLock, new: Sequence[StoredLock], now: int) -> Reason:
    successor = next((one for one in new if one.scope == lock.scope), None)
    if successor is not None and successor.fence > lock.fence:
        return "taken_over"
    return "expired" if lock.expires_at <= now else "released"


def locked_refusal(lock: StoredLock) -> Refusal:
    name = lock.holder.name or lock.holder.user
    return Refusal(
        Code.LOCKED,
        f"{name} holds the lock on this part; try again when it ends, or take it over",
        {"lock": state_of(lock)},
    )


def stale_refusal(over: StoredLock | None) -> Refusal:
    """Return the refusal of a request whose lock has ended. `over` is the present lock, if any."""
    extra: dict[str, Any] = {} if over is None else {"lock": state_of(over)}
    return Refusal(
        Code.STALE_LOCK,
        "the lock of this request has ended; acquire a new lock and send its fence",
        extra,
    )


def missing_refusal() -> Refusal:
    return Refusal(
        Code.NOT_FOUND, "no such lock: it has ended, or the `scope` or `secret` is wrong"
    )


def _holder(author: Author) -> Holder:
    return Holder(user=author.user, name=author.name, client=author.client)


class MissedLocks:
    """Keeps the lock events that a slow reader missed: only the newest event of each lock.

    When a lock began and ended while the reader was behind, both events are left out.

    Invariant: it keeps at most one event for each lock that the reader knows or that a client
    holds. `fence` is the highest fence that the reader may have received.
    """

    def __init__(self, fence: int) -> None:
        self._fence = fence
        self._missed: dict[str, LockChange] = {}

    def __bool__(self) -> bool:
        return bool(self._missed)

    def mark_sent(self, events: Iterable[LockChange]) -> None:
        """Note events that the server has sent to the reader."""
        self._fence = max([self._fence, *(event.fence for event in events)])

    def add(self, events: Iterable[LockChange]) -> None:
        """Keep events that the server has not sent to the reader."""
        for event in events:
            self._missed.pop(event.id, None)
            if event.holder is not None or event.fence <= self._fence:
                self._missed[event.id] = event

    def flush(self) -> list[LockChange]:
        """Return the events that bring the reader up to date, in order, and forget them."""
        missed = list(self._missed.values())
        self._missed.clear()
        self.mark_sent(missed)
        return missed
