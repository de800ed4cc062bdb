"""How locks are told: as states, broadcasts and refusals, and to a reader who was behind."""

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


def shown(lock: StoredLock) -> LockState:
    """A lock as everybody sees it: without its secret, and without its holder's session.

    A claimed lock passes when its own time is over, too.
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


def stands(lock: StoredLock) -> LockChange:
    return LockChange(**asdict(shown(lock)))


def ended(lock: StoredLock, reason: Reason) -> LockChange:
    return LockChange(id=lock.id, scope=lock.scope, holder=None, fence=lock.fence, reason=reason)


def changes_between(
    old: Sequence[StoredLock], new: Sequence[StoredLock], now: int
) -> list[LockChange]:
    """What whoever knew the old locks must hear, where the events themselves were not seen here.

    Why one ended is guessed from what stands in its place.
    """
    stay = {lock.id: lock for lock in new}
    known = {lock.id: lock for lock in old}
    events = [ended(lock, _why(lock, new, now)) for lock in old if lock.id not in stay]
    fresh = [one for one in new if one.id not in known or shown(known[one.id]) != shown(one)]
    return [*events, *(stands(lock) for lock in fresh)]


def _why(lock: StoredLock, new: Sequence[StoredLock], now: int) -> Reason:
    heir = next((one for one in new if one.scope == lock.scope), None)
    if heir is not None and heir.fence > lock.fence:
        return "taken_over"
    return "expired" if lock.expires_at <= now else "released"


def locked(lock: StoredLock) -> Refusal:
    name = lock.holder.name or lock.holder.user
    return Refusal(Code.LOCKED, f"{name} holds a lock here.", {"lock": shown(lock)})


def stale(over: StoredLock | None) -> Refusal:
    """The lock that was relied on is over; `over` is the one that stands there now, if any."""
    extra: dict[str, Any] = {} if over is None else {"lock": shown(over)}
    return Refusal(Code.STALE_LOCK, "The lock that this relies on has ended.", extra)


def _holder(author: Author) -> Holder:
    return Holder(user=author.user, name=author.name, client=author.client)


class MissedLocks:
    """What a reader missed of locks: the latest of each, and no lock that came and went meanwhile.

    Invariant: at most one message is held for each lock that the reader knows of or that stands.
    `fence` is the highest that the reader can have been sent.
    """

    def __init__(self, fence: int) -> None:
        self._fence = fence
        self._missed: dict[str, LockChange] = {}

    def __bool__(self) -> bool:
        return bool(self._missed)

    def mark_sent(self, events: Iterable[LockChange]) -> None:
        """The reader was sent these."""
        self._fence = max([self._fence, *(event.fence for event in events)])

    def add(self, events: Iterable[LockChange]) -> None:
        """The reader was not sent these."""
        for event in events:
            self._missed.pop(event.id, None)
            if event.holder is not None or event.fence <= self._fence:
                self._missed[event.id] = event

    def flush(self) -> list[LockChange]:
        """What brings the reader up to date, in the order in which it happened."""
        missed = list(self._missed.values())
        self._missed.clear()
        self.mark_sent(missed)
        return missed
