"""Rules for lock requests from the patch lane and from HTTP.

A lock request makes no version. The room checks the rights, relocates `scope` to the head and
decides there. It decides between two batches, in the order of the queue. A client holds a lock
only after the commit of the lock's row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from msgspec.structs import asdict, replace

from collab.errors import Code, Refusal, Rejected
from collab.ids import Json
from collab.locks.events import state_of
from collab.locks.state import Locks, LockStep
from collab.messages import LockAction, LockState
from collab.patch.pointer import lookup, parse, parse_named, render
from collab.rights.sections import forbidden
from collab.rights.user_rights import Role

if TYPE_CHECKING:
    from collab.room.member import Member
    from collab.room.requests import LockRequest
    from collab.room.room import Room

# These actions always give the holder a new secret; a take-over does so only when it succeeds at
# once. When the user leaves a page, the page releases its lock with the secret alone.
_SECRETIVE = ("acquire", "renew")


def decide(
    room: Room,
    locks: Locks,
    member: Member,
    asked: LockRequest,
    *,
    now: int,
    wall: int,
    secret: str,
) -> LockStep | Refusal:
    """Return the transition that the request asks for, or a refusal.

    `locks` are the locks at the committed version. `now` is the time of the database's clock, and
    locks expire by it. `wall` is the time of the server's clock, and access tokens expire by it.
    """
    try:
        return _decide(room, locks, member, asked, now, wall, secret)
    except Rejected as rejected:
        return rejected.refusal


def _decide(
    room: Room, locks: Locks, member: Member, asked: LockRequest, now: int, wall: int, secret: str
) -> LockStep | Refusal:
    if asked.secret is not None:
        return locks.release_by_secret(asked.lock_id or "", asked.secret.encode(), now=now)
    wrong = check_shape(asked.action, asked.scope, asked.lock_id)
    if wrong is not None:
        return wrong
    member.rights.require_writer(wall)
    if not room.exists:
        return Refusal(Code.NOT_FOUND, "no such document")
    if asked.lock_id is not None and not _was_given(locks, asked.lock_id):
        return Refusal(Code.NOT_FOUND, "this document never had a lock with this `lock_id`")
    scope = _at_head(room, asked)
    _require_section(room, member, locks, asked, scope)
    at_head = replace(asked, scope=scope)
    return apply(locks, member, at_head, room.value, now=now, secret=secret.encode())


def ack_of(asked: LockRequest, step: LockStep, secret: str) -> dict[str, Any]:
    """Return the members of the ack: the lock as it is now or as it ended, and the secret."""
    ack: dict[str, Any] = {}
    over = [event for event in step.events if event.holder is None]
    if over and (step.lock is None or asked.action == "release"):
        ack["lock"] = LockState(**asdict(over[0]))  # a claimant gets a new lock, with another id
    elif step.lock is not None:
        ack["lock"] = state_of(step.lock)
    taken = asked.action == "take_over" and over
    if taken or asked.action in _SECRETIVE:
        ack["secret"] = secret
    return ack


def _at_head(room: Room, asked: LockRequest) -> str | None:
    """Relocate the scope from version `base` to the head.

    Raises `path_not_found` when version `base` has no such element, or when a later version
    removed it.
    """
    base = asked.base
    if asked.scope is None:
        return None
    if base is None or base == room.version:
        return asked.scope
    if not room.tail.base <= base <= room.version:
        raise Rejected(
            Code.UNKNOWN_VERSION,
            f"`base` {base} is not among the kept versions; reload the document",
            version=room.version,
        )
    tokens = parse(asked.scope)
    lookup(room.tail.value_at(base), tokens)
    for change in room.tail.changes(base):
        relocated = change.relocate(tokens)
        if relocated is None:
            sentence = f"version {change.version} removed the element at `scope`"
            raise Rejected(Code.PATH_NOT_FOUND, sentence, path=asked.scope)
        tokens = relocated
    return render(tokens)


def _was_given(locks: Locks, lock_id: str) -> bool:
    """Whether a lock of this document ever had this id.

    The number in an id is the document's revision at which the lock was given.
    """
    if locks.find(lock_id) is not None:
        return True
    number = lock_id.removeprefix("l-")
    numbered = number.isascii() and number.isdigit() and len(number) < 16
    return numbered and lock_id == f"l-{int(number)}" and 0 < int(number) <= locks.revision


def _require_section(
    room: Room, member: Member, locks: Locks, asked: LockRequest, scope: str | None
) -> None:
    """Refuse a lock outside the member's sections, for each action except `release`."""
    sections = member.rights.sections_of(room.value)
    if sections is None or asked.action == "release":
        return
    if asked.action != "acquire":
        lock = locks.at(scope or "") if asked.lock_id is None else locks.find(asked.lock_id)
        scope = scope if lock is None else lock.scope
    if scope is not None and not sections.covers(parse(scope)):
        raise forbidden(scope)


def check_shape(action: LockAction, scope: str | None, lock_id: str | None) -> Refusal | None:
    """Return a refusal when the request is malformed. No document or user is needed for this."""
    if scope is None and (lock_id is None or action == "acquire"):
        name = "`scope`" if action == "acquire" else "`lock_id` or `scope`"
        return Refusal(Code.MALFORMED, f"`{action}` needs {name}")
    try:
        parse_named(scope or "", "scope")
    except Rejected as rejected:
        return rejected.refusal
    return None


def apply(
    locks: Locks, member: Member, asked: LockRequest, value: Json, *, now: int, secret: bytes
) -> LockStep | Refusal:
    """Return the transition that the request asks for, or a refusal.

    The scope is a location in `value`. `now` is the database's clock in milliseconds. `secret` is
    random and becomes the lock's next one-time secret. The request has passed `check_shape`.
    """
    by = member.author
    if asked.action == "acquire":
        assert asked.scope is not None
        return locks.acquire(by, asked.scope, value, now=now, secret=secret, ttl=asked.ttl)
    lock_id = _named(locks, asked)
    match asked.action:
        case "renew":
            return locks.renew(lock_id, by, now=now, secret=secret, ttl=asked.ttl)
        case "release":
            return locks.release(lock_id, by, now=now)
        case "take_over":
            is_admin = member.rights.role is Role.ADMIN
            return locks.take_over(lock_id, by, now=now, secret=secret, admin=is_admin)
        case "keep":
            return locks.keep(lock_id, by)
    assert_never(asked.action)


def _named(locks: Locks, asked: LockRequest) -> str:
    """Return the given id, or the id of the lock that covers the scope; empty without a lock."""
    if asked.lock_id is not None:
        return asked.lock_id
    lock = locks.at(asked.scope or "")
    return "" if lock is None else lock.id
