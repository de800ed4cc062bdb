"""The Yjs lane's rules: an update is validated, integrated, and compensated where it must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.bounds import json_size
from collab.patch.diff import diff
from collab.room.requests import Answer, ReadState, Update
from collab.tree.sections import Limits
from collab.tree.summary import UpdateSummary
from collab.yjs.guard import (
    GuardBounds,
    check,
    check_state_vector,
    inspect,
    inspect_state_vector,
)
from collab.yjs.server_ids import SERVER_IDS
from collab.yjs.slices import Slices, in_pieces, joins_many, slices_of

if TYPE_CHECKING:
    from collab.document.change import Change
    from collab.room.member import Member
    from collab.room.room import Room

# An update that takes longer may take as long whenever the document is opened.
NOTABLE_SECONDS = 0.0005


class Written(NamedTuple):
    """What is applied: the update, the client ids that it is the first to use, what it says."""

    update: bytes | Slices
    leases: Sequence[int]
    summary: UpdateSummary
    limits: Limits | None


def integrate(room: Room, member: Member, request: Update, now: int) -> Answer:
    """A client's update becomes the next entry, together with its compensation if it needs one.

    Where it takes long only a part does, and the answer has the rest.
    """
    inspected = inspect(request.update, GuardBounds(update_bytes=room.bounds.max_update))
    known, index = room.document.state_vector(), room.structs()
    checked = check(
        inspected,
        known,
        leases=room.document.leases,
        user=member.author.user,
        reserved=SERVER_IDS,
        index=index,
    )
    if not checked.news:  # a step 2 that adds nothing is no write, whoever sends it
        return Answer(room.head)
    if not member.rights.alive(now):
        raise Rejected(Code.UNAUTHENTICATED, "the token has expired")
    if not member.rights.can_write():
        raise Rejected(Code.FORBIDDEN, "this role may not change the document")
    if not room.head_exists:
        member.rights.require_whole_document()
    if joins_many(checked.fresh):
        first, *rest = in_pieces(request.update, inspected, checked.fresh, known)
        answer = integrate(room, member, Update(first), now)
        answer.rest = [*answer.rest, *rest]
        return answer
    leases = checked.new_clients
    slices = slices_of(request.update, inspected, checked.fresh, known, index.blocks, room.seconds)
    summary = UpdateSummary.of(inspected, known)
    sections = member.rights.sections_of(room.document.value)
    limits = None
    if sections is not None:
        limits = Limits.of(sections.areas, checked.fresh, inspected.deletes, index)
    written = Written(slices or request.update, leases, summary, limits)
    change = _write(room, member, written, now)
    answer = Answer(room.head)
    if change is not None:
        answer = room.enter(member, change, now, leases=leases)
    if slices is not None:
        answer.rest = slices.rest
    return answer


def read(room: Room, member: Member, request: ReadState) -> Answer:
    """What the client has not got; `stale_document` where it has seen another history."""
    check_state_vector(
        inspect_state_vector(request.state_vector),
        room.document.state_vector(),
        leases=room.document.leases,
        user=member.author.user,
        reserved=SERVER_IDS,
    )
    return Answer(room.head, state=room.document.diff(request.state_vector))


def _write(room: Room, member: Member, written: Written, now: int) -> Change | None:
    document, began = room.document, room.seconds()
    try:
        return document.integrate(
            written.update,
            version=room.head + 1,
            user=member.author.user,
            at=now,
            kind="edit" if room.head_exists else "create",
            leases=written.leases,
            made_by=member.made_by(),
            summary=written.summary,
            limits=written.limits,
            judge=lambda before, after, ops: _permitted(room, member, before, after, ops),
        )
    except Rejected as error:
        # The Yjs types have it by now, and there is no way back but to open the document anew.
        raise RuntimeError(f"an update was refused too late: {error}") from error
    finally:
        took = room.seconds() - began
        if took > NOTABLE_SECONDS:
            document.labour += took


def _permitted(room: Room, member: Member, before: Json, after: Json, ops: list[Op]) -> Json | None:
    """The value that the document must have instead; None where the update may stay."""
    restored = room.guard.restore(ops, before, member.author)
    if restored is not None:
        after, ops = restored, diff(before, restored)
    if room.schema is not None:
        try:
            room.schema.check(after, ops)
        except Rejected:
            return before
    return before if _outgrows(room, after, ops) else restored


def _outgrows(room: Room, after: Json, ops: list[Op]) -> bool:
    """Whether the document has grown beyond its limits; measured whole only where it may have."""
    bounds, size = room.bounds.patch, room.document.size
    added = sum(json_size(op["value"]) + len(op["path"]) for op in ops if "value" in op)
    if size + added > bounds.max_bytes > 0 and json_size(after) > max(bounds.max_bytes, size):
        return True
    return not room.document.has_room(after, ops, size + added, bounds.max_values)
