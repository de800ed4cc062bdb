"""The Yjs lane's rules: an update is validated, integrated, and compensated where it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.room.requests import Answer, Update
from collab.yjs.guard import check, inspect

if TYPE_CHECKING:
    from collab.room.member import Member
    from collab.room.room import Room


def integrate(room: Room, member: Member, request: Update, now: int) -> Answer:
    """A client's update becomes the next entry, together with its compensation if it needs one."""
    checked = check(
        inspect(request.update),
        room.document.state_vector(),
        leases=room.document.leases,
        user=member.author.user,
        reserved=(room.epoch,),
        index=room.structs(),
    )
    if not checked.news:  # a step 2 that adds nothing is no write, whoever sends it
        return Answer(room.head)
    if not member.rights.alive(now):
        raise Rejected(Code.UNAUTHENTICATED, "the token has expired")
    if not member.rights.can_write():
        raise Rejected(Code.FORBIDDEN, "this role may not change the document")
    change = room.document.integrate(
        request.update,
        version=room.head + 1,
        user=member.author.user,
        at=now,
        kind="edit" if room.head_exists else "create",
        leases=checked.new_clients,
        judge=lambda before, after, ops: _permitted(room, before, after, ops),
    )
    if change is None:
        return Answer(room.head)
    return room.enter(member, change, now, leases=checked.new_clients)


def _permitted(room: Room, before: Json, after: Json, ops: list[Op]) -> Json | None:
    """The value that the document must have instead; None where the update may stay."""
    if room.schema is not None:
        try:
            room.schema.check(after, ops)
        except Rejected:
            return before
    return None
