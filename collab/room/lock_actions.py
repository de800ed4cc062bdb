"""What a client may ask of locks, by the names of the wire, on either way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from collab.entry import Author
from collab.errors import Code, Refusal
from collab.ids import Json
from collab.messages import LockAction
from collab.room.locks import Locks, LockStep


@dataclass(frozen=True, slots=True)
class LockAsk:
    """One request: `scope` stands on the value that it is judged by, `lock_id` may stand for it."""

    action: LockAction
    by: Author
    secret: bytes  # random, for the lock's next one-time secret
    scope: str | None = None
    lock_id: str | None = None
    ttl: float | None = None
    admin: bool = False


def act(locks: Locks, ask: LockAsk, value: Json, now: int) -> LockStep | Refusal:
    """The transition that was asked for, or why not; `now` is the database's, in milliseconds."""
    if ask.action == "acquire":
        if ask.scope is None:
            return Refusal(Code.MALFORMED, "To acquire a lock takes a `scope`.")
        return locks.acquire(ask.by, ask.scope, value, now=now, secret=ask.secret, ttl=ask.ttl)
    if ask.scope is None and ask.lock_id is None:
        return Refusal(Code.MALFORMED, f"To {ask.action} a lock takes its `lock_id` or `scope`.")
    lock_id = _named(locks, ask)
    match ask.action:
        case "renew":
            return locks.renew(lock_id, ask.by, now=now, secret=ask.secret, ttl=ask.ttl)
        case "release":
            return locks.release(lock_id, ask.by, now=now)
        case "take_over":
            return locks.take_over(lock_id, ask.by, now=now, secret=ask.secret, admin=ask.admin)
        case "keep":
            return locks.keep(lock_id, ask.by)
    assert_never(ask.action)


def _named(locks: Locks, ask: LockAsk) -> str:
    """The id that was given, or that of the lock on the scope (or over it); else one of nobody."""
    if ask.lock_id is not None:
        return ask.lock_id
    lock = locks.at(ask.scope or "")
    return "" if lock is None else lock.id
