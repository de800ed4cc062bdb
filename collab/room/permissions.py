"""Checks of ops before they are applied: section rights, locks and the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.document.undo import Check
from collab.entry import Op
from collab.ids import Json
from collab.patch.apply import replay

if TYPE_CHECKING:
    from collab.room.member import Member
    from collab.room.requests import Round
    from collab.room.working import Working


def require_allowed(
    working: Working, member: Member, ops: list[Op], fence: int | None, now: Round
) -> None:
    """Raise when the member's sections or a lock forbid ops on the working document."""
    value, bounds = working.document.value, working.bounds.patch
    if member.rights.sections is not None:
        sections = member.rights.sections_of(value)
        if sections is not None:
            sections.check(ops, value, bounds)
    if working.guard.committed.held or fence is not None:
        working.guard.check(ops, value, member.author, fence, bounds, now.database_now)


def undo_check(working: Working, member: Member, now: Round) -> Check | None:
    """Return the check for the ops of an undo or redo; None when no check is needed."""
    locks, schema = working.guard.check_for(member.author, now.database_now), working.schema
    if schema is None and member.rights.sections is None:
        return locks

    def check(value: Json, ops: list[Op]) -> None:
        sections = member.rights.sections_of(value)
        if sections is not None:
            sections.check_result(value, replay(value, ops))
        if locks is not None:
            locks(value, ops)
        if schema is not None:
            schema.check(replay(value, ops), ops, value)

    return check
