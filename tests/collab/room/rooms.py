"""A room and its members for tests: requests are applied and committed in one call."""

from __future__ import annotations

from typing import Any

from collab.entry import Author, Lane
from collab.errors import Refusal
from collab.ids import DocKey, Json
from collab.locks.state import LockStep
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Create, PatchRequest, Request, Round
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.schema.check import Schema

FOREVER = 2**53
PAGE = DocKey("demo", "page")


def member(
    user: str = "ada",
    role: Role = Role.EDITOR,
    *,
    lane: Lane = "patch",
    expires_at: int = FOREVER,
    pipelines: bool = False,
    sections: tuple[str, ...] | None = None,
) -> Member:
    author = Author(user, user.title(), f"tab-{user}", f"s-{user}")
    rights = Rights(role, expires_at, sections=sections)
    return Member(author, rights, lane, pipelines=pipelines)


def opened(
    value: dict[str, Any] | None = None,
    schema: bytes = b"",
    bounds: RoomBounds | None = None,
) -> Room:
    """Return a room with a document at version 1; with no value, the document is missing."""
    compiled = Schema.compile(schema) if schema else None
    room = Room(PAGE, Absent(), bounds or RoomBounds(), compiled)
    if value is not None:
        done(room, Create(value, "make"))
        commit(room)
    return room


def done(room: Room, request: Request, by: Member | None = None, now: int = 0) -> Answer:
    """Apply a request that is accepted."""
    answer = room.apply(by or member(), request, Round(now))
    assert answer.refusal is None, answer.refusal
    return answer


def refusal(room: Room, request: Request, by: Member | None = None, now: int = 0) -> Refusal:
    """Apply a request that is refused."""
    answer = room.apply(by or member(), request, Round(now))
    assert answer.refusal is not None, "the request was accepted"
    assert answer.entry is None
    return answer.refusal


def code(room: Room, request: Request, by: Member | None = None, now: int = 0) -> str:
    """Apply a request that is refused, and return the code."""
    return refusal(room, request, by, now).code.value


def commit(room: Room) -> None:
    room.pending()
    room.commit()


def put(path: str, value: Json, id: str = "", base: int | None = None, **more: Any) -> PatchRequest:
    """Return a patch that sets one value."""
    return PatchRequest(id, base, [{"op": "add", "path": path, "value": value}], **more)


def lock(room: Room, scope: str, user: str = "bo", now: int = 0) -> LockStep:
    """Give a user the lock of a scope, as if it was written."""
    step = room.locks().acquire(member(user).author, scope, room.value, now=now, secret=b"secret")
    assert isinstance(step, LockStep)
    room.set_locks(step.locks)
    return step
