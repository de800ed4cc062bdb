"""Rules of the patch lane: a stale patch is rebased to the head and checked there.

The wire contract fixes the order of the checks: strict, rebase, section rights, lock, apply,
schema. `Room.apply` has checked the role and duplicate ids before.
"""

from __future__ import annotations

from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, Any

import msgspec

from collab.document.change import Change
from collab.document.restoring import restore_ops
from collab.entry import Kind, Op
from collab.errors import Code, Rejected
from collab.patch.bounds import Bounds
from collab.patch.diff import diff
from collab.patch.pointer import parse_named
from collab.patch.splices import drop_overwritten_texts
from collab.rebase.conflicts import Rebased
from collab.rebase.pipeline import Pipeline
from collab.rights.sections import forbidden
from collab.room.conflicts import conflict, fit_values
from collab.room.permissions import require_allowed, undo_check
from collab.room.requests import (
    Answer,
    Create,
    PatchRequest,
    Replace,
    RestoreVersion,
    Round,
    UndoRequest,
)
from collab.room.state_limits import require_room_for_patch, require_room_for_undo
from collab.wire import rfc3339

if TYPE_CHECKING:
    from collab.room.member import Member
    from collab.room.working import Working

# The most operations that the server makes from a whole value. The new values are limited as in a
# patch: when yrs commits them, it blocks the interpreter for about 4 µs for each value.
MOST_OPS = 10_000


def create(working: Working, member: Member, request: Create, now: Round) -> Answer:
    """Create the document: version 1, or the next version when the name had a deleted document."""
    ops: list[Op] = [{"op": "replace", "path": "", "value": request.value}]
    member.rights.require_whole_document()
    change = _patch(
        working, member, ops, now, "create", bounds=whole_value_bounds(working.bounds.patch)
    )
    if change is None:  # the value is `{}`, which an absent document has too
        value = working.document.value
        change = Change([], b"", b"", value, value)
    return working.enter(member, change, now, kind="create", request=request)


def apply_patch(working: Working, member: Member, request: PatchRequest, now: Round) -> Answer:
    """Rebase the ops from their base to the head, and enter them as the next version."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    if request.epoch is not None:
        _check_epoch(working, request.epoch, strict=request.strict)
    base = working.head if request.base is None else request.base
    refused = member.rejected_dependency(request.after)
    if refused is not None:
        raise Rejected(
            Code.CONFLICT,
            "this patch depends on a rejected patch (`after`); make it again on the newest value",
            after=refused,
            base=base,
            version=working.head,
            conflicts=[],  # the reject of that patch has listed the changes since its base
        )
    if base != working.head:
        _check_base(working, base, strict=request.strict)
    pipeline = pipeline_of(member, base)
    rebased = _rebase(working, member, pipeline, base, request)
    require_allowed(working, member, rebased.ops, request.fence, now)
    change = _patch(working, member, rebased.ops, now, request=request)
    ack: dict[str, Any] = {}
    if rebased.conflicts:
        ack["conflicts"] = msgspec.to_builtins(fit_values(rebased.conflicts))
    if rebased.merged:
        ack["merged"] = rebased.merged
    if change is None:
        if rebased.ops != request.ops:
            ack["ops"] = []
        answer = working.unchanged(member, request, ack)
    else:
        if not _is_as_sent(request.ops, rebased.ops, change.ops):
            ack["ops"] = drop_overwritten_texts(change.ops)
        answer = working.enter(member, change, now, request=request, ack=ack)
    pipeline.applied_as(answer.version, request.ops, made_version=answer.entry is not None)
    member.rejected_patches.pop(request.id, None)  # the client retried this id with success
    return answer


def _is_as_sent(sent: list[Op], rebased: list[Op], applied: list[Op]) -> bool:
    """Whether the client knows the applied ops. It can make the `replace` of a splice itself."""
    if rebased != sent:
        return False
    if sent == applied or all(op["op"] == "splice" for op in sent):
        return True
    return len(applied) == len(sent) and all(
        one == other or (one["op"] == "splice" and one["path"] == other["path"])
        for one, other in zip(sent, applied, strict=True)
    )


def _rebase(
    working: Working, member: Member, pipeline: Pipeline, base: int, request: PatchRequest
) -> Rebased:
    try:
        return pipeline.submit(
            base,
            request.ops,
            working.changes_since,
            working.document.value,
            after=request.after,
            bounds=working.bounds.patch,
            splices=member.splice,
            atomic=working.atomic,
        )
    except Rejected as rejected:
        refusal = rejected.refusal
        if refusal.code is not Code.CONFLICT:
            raise
        extra = {**conflict(working, base), **refusal.extra}
        extra["conflicts"] = fit_values(extra["conflicts"])
        raise Rejected(refusal.code, refusal.message, **extra) from rejected


def note_duplicate(member: Member, request: PatchRequest, version: int) -> None:
    """Note that a duplicate was first accepted at `version`. Later patches may depend on it."""
    member.rejected_patches.pop(request.id, None)  # a retry on another connection was accepted
    if member.pipelines and request.base is not None and version > request.base:
        pipeline_of(member, request.base).applied_as(version, request.ops)


def replace(working: Working, member: Member, request: Replace, now: Round) -> Answer:
    """Replace the whole value by one minimal change. `base` must be the head."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    if request.epoch is not None:
        _check_epoch(working, request.epoch, strict=True)
    base = working.head if request.base is None else request.base
    if base != working.head:
        _check_base(working, base, strict=True)
    if request.compared is not None and request.compared[0] == working.head:
        ops = request.compared[1]
    else:
        ops = diff(working.document.value, request.value)
    return _apply_own_ops(working, member, request, ops, now, request.fence)


def restore_version(
    working: Working, member: Member, request: RestoreVersion, now: Round
) -> Answer:
    """Restore a part of the document to an earlier version, as an edit that can be undone."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    if request.missing is not None:
        raise Rejected(request.missing.code, request.missing.message, **request.missing.extra)
    parse_named(request.pointer, "pointer")
    value = working.document.value
    place, ops = restore_ops(request.value, value, request.pointer)
    sections = member.rights.sections_of(value)
    if sections is not None:
        if not sections.covers(place):
            raise forbidden(request.pointer)
        # Who may change only an element may not move it. Its content is restored where it is.
        if not sections.covers(place[:-1]):
            ops = restore_ops(request.value, value, request.pointer, moves=False)[1]
    return _apply_own_ops(working, member, request, ops, now)


def undo(working: Working, member: Member, request: UndoRequest, now: Round) -> Answer:
    """Undo or redo one step: the requested step, or the newest that still has an effect."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    parse_named(request.scope, "scope")
    if working.document.work.applied > working.ample_state:
        require_room_for_undo(working)
    turn = working.document.redo if request.redo else working.document.undo
    undone = turn(
        member.author.user,
        request.scope,
        version=working.head + 1,
        at=now.now,
        containing=request.version,
        check=undo_check(working, member, now),
        made_by=member.made_by(),
        structs=working.structs_if_large,
    )
    ack = {
        "ops": drop_overwritten_texts(undone.change.ops),
        "undone": [
            {"version": one.version, "at": rfc3339(one.at), "pointers": one.pointers}
            for one in undone.undone
        ],
        "skipped": undone.skipped,
        **working.document.open_steps(member.author.user),
    }
    return working.enter(
        member,
        undone.change,
        now,
        kind="redo" if request.redo else "undo",
        request=request,
        ack=ack,
        reverts=undone.reverts,
    )


def _apply_own_ops(
    working: Working,
    member: Member,
    request: Replace | RestoreVersion,
    ops: list[Op],
    now: Round,
    fence: int | None = None,
) -> Answer:
    """Apply ops that the server has computed for the head."""
    kind: Kind = "restore" if isinstance(request, RestoreVersion) else "edit"
    require_allowed(working, member, ops, fence, now)
    change = _patch(
        working, member, ops, now, kind, bounds=whole_value_bounds(working.bounds.patch)
    )
    says_ops = kind == "restore"  # a client that sends `PUT` already has the value
    if change is None:
        return working.unchanged(member, request, {"ops": []} if says_ops else {})
    ack = {"ops": drop_overwritten_texts(change.ops)} if says_ops else {}
    return working.enter(member, change, now, kind=kind, request=request, ack=ack)


def whole_value_bounds(bounds: Bounds) -> Bounds:
    """Return the bounds for ops that the server makes from a whole value."""
    return with_fields(bounds, max_ops=max(MOST_OPS, bounds.max_ops) if bounds.max_ops else 0)


def _check_epoch(working: Working, epoch: int, *, strict: bool) -> None:
    """Refuse a base of another epoch, because its version numbers mean other values."""
    if epoch == working.epoch:
        return
    message = f"`base` is of epoch {epoch}, the document is in {working.epoch}; reload it"
    if strict:
        raise Rejected(Code.CONFLICT, message, version=working.head, conflicts=[])
    raise Rejected(Code.UNKNOWN_VERSION, message, version=working.head)


def _check_base(working: Working, base: int, *, strict: bool) -> None:
    """Refuse a base that is not the head and that `strict` or the tail does not allow."""
    if base > working.head or base < 0:
        raise Rejected(
            Code.UNKNOWN_VERSION,
            f"`base` {base} does not exist; the newest version is {working.head}",
            version=working.head,
        )
    if strict:
        raise Rejected(
            Code.CONFLICT,
            f"`base` is {base} but must be {working.head}, the newest version; redo the edit on it",
            **conflict(working, base),
        )
    if base < working.tail.base:
        raise Rejected(
            Code.UNKNOWN_VERSION,
            f"`base` {base} is too old to rebase; reload the document",
            version=working.head,
        )


def pipeline_of(member: Member, base: int) -> Pipeline:
    """Return the member's pipeline; a new one for an older `base`, or if `pipelines` is false."""
    if member.pipeline is None or not member.pipelines or base < member.pipeline.base:
        member.pipeline = Pipeline(base)
    return member.pipeline


def _patch(
    working: Working,
    member: Member,
    ops: list[Op],
    now: Round,
    kind: Kind = "edit",
    *,
    request: PatchRequest | None = None,
    bounds: Bounds | None = None,
) -> Change | None:
    if working.document.work.applied > working.ample_state:
        require_room_for_patch(working, ops)
    return working.document.patch(
        ops,
        version=working.head + 1,
        user=member.author.user,
        at=now.now,
        kind=kind,
        bounds=working.bounds.patch if bounds is None else bounds,
        splices=request is not None and member.splice,
        made_by=member.made_by(request),
        check=None if working.schema is None else working.schema.check,
        structs=working.structs_if_large,
    )
