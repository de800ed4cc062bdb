"""What a client may ask of locks, by the names of the wire, on either way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from collab.entry import Author
from collab.errors import Code, Refusal, Rejected
from collab.ids import Json
from collab.locks.state import Locks, LockStep
from collab.messages import LockAction
from collab.patch.pointer import parse_named


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


def misshapen(action: LockAction, scope: str | None, lock_id: str | None) -> Refusal | None:
    """What is wrong with a request whatever the document holds and whoever asks."""
    if scope is None and (lock_id is None or action == "acquire"):
        name = "`scope`" if action == "acquire" else "`lock_id` or `scope`"
        return Refusal(Code.MALFORMED, f"To {action} a lock takes its {name}.")
    try:
        parse_named(scope or "", "scope")
    except Rejected as rejected:
        return rejected.refusal
    return None


def act(locks: Locks, ask: LockAsk, value: Json, now: int) -> LockStep | Refusal:
    """The transition that was asked for, or why not; `now` is the database's, in milliseconds.

    What is `misshapen` has no business here.
    """
    if ask.action == "acquire":
        assert ask.scope is not None
        return locks.acquire(ask.by, ask.scope, value, now=now, secret=ask.secret, ttl=ask.ttl)
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
