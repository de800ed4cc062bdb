"""The patch lane's rules: stale patches are rebased to the head, then checked there.

The order of the checks is the contract's: strict, rebase, section rights, lock, apply, schema.
Role and duplicate ids were checked before (`Room.apply`).
"""

from __future__ import annotations

from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, Any

import msgspec

from collab.document.change import Change
from collab.document.restoring import restore_ops
from collab.entry import Kind, Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.bounds import Bounds, json_size
from collab.patch.diff import diff
from collab.patch.pointer import parse_named
from collab.patch.splices import drop_overwritten_texts
from collab.rebase.pipeline import Pipeline
from collab.rebase.rebase import Rebased
from collab.rights.sections import forbidden
from collab.room.permissions import require_sections, require_unlocked, undo_check
from collab.room.requests import Answer, Create, PatchRequest, Replace, RestoreVersion, UndoRequest
from collab.room.tail import approximate_size
from collab.wire import rfc3339

if TYPE_CHECKING:
    from collab.room.member import Member
    from collab.room.working import Working

# A conflict lists the changes since its base so that the client can offer the edit again.
MAX_CONFLICT_CHANGES = 50
# Operations that lead to a value which was sent whole. Of new values it may bring as many as a
# patch: yrs holds the interpreter for some 4 µs a value when it commits them.
MOST_OPS = 10_000
# A short patch on an old base must not be answered by megabytes each time.
MAX_CONFLICT_BYTES = 64 * 1024
# Bytes of values that are measured for it: 2 ms of work.
MAX_MEASURED = 2 * 1024 * 1024


def create(working: Working, member: Member, request: Create, now: int) -> Answer:
    """Version 1, or the next one where a deleted document's name goes on counting."""
    ops: list[Op] = [{"op": "replace", "path": "", "value": request.value}]
    member.rights.require_whole_document()
    change = _patch(
        working, member, ops, now, "create", bounds=whole_value_bounds(working.bounds.patch)
    )
    if change is None:  # created as `{}`, which it was before
        value = working.document.value
        change = Change([], b"", b"", value, value)
    return working.enter(member, change, now, kind="create", request=request)


def apply_patch(working: Working, member: Member, request: PatchRequest, now: int) -> Answer:
    """Rebase the ops from their base to the head, and make them the next version there."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    _check_epoch(working, request.epoch, strict=request.strict)
    base = working.head if request.base is None else request.base
    refused = member.rejected_dependency(request.after)
    if refused is not None:
        raise Rejected(
            Code.CONFLICT,
            "it stands on a patch that was refused",
            after=refused,
            base=base,
            version=working.head,
            conflicts=[],  # the refusal of that patch has said what happened since
        )
    _check_base(working, base, strict=request.strict)
    pipeline = pipeline_of(member, base)
    rebased = _rebase(working, member, pipeline, base, request)
    require_sections(working, member, rebased.ops)
    require_unlocked(working, member, rebased.ops, request.fence)
    change = _patch(working, member, rebased.ops, now, request=request)
    ack: dict[str, Any] = {}
    if rebased.conflicts:
        ack["conflicts"] = msgspec.to_builtins(_fit_values(rebased.conflicts))
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
    member.rejected_patches.pop(request.id, None)  # another try of the same id
    return answer


def _is_as_sent(sent: list[Op], rebased: list[Op], applied: list[Op]) -> bool:
    """Whether the client knows what was applied: a splice is kept as the `replace` it makes, and
    splices exist so that a client that types is not sent the whole text in every answer.
    """
    if rebased != sent:
        return False
    if all(op["op"] == "splice" for op in sent):
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
        extra = {**_conflict(working, base), **refusal.extra}
        extra["conflicts"] = _fit_values(extra["conflicts"])
        raise Rejected(refusal.code, refusal.message, **extra) from rejected


def _fit_values(conflicts: list[Conflict]) -> list[Conflict]:
    """The conflicts, with their values as long as these are few enough bytes to send."""
    room, fitting, measured = MAX_CONFLICT_BYTES, list[Conflict](), 0
    for conflict in conflicts:
        size = json_size(conflict) if measured < MAX_MEASURED else MAX_MEASURED
        measured += size
        if size > room:
            fitting.append(Conflict(path=conflict.path, resolution=conflict.resolution))
        else:
            fitting.append(conflict)
            room -= size
    return fitting


def note_duplicate(member: Member, request: PatchRequest, version: int) -> None:
    """An id that was accepted before: later patches depend on it all the same."""
    member.rejected_patches.pop(request.id, None)  # refused here once, accepted elsewhere
    if member.pipelines and request.base is not None and version > request.base:
        pipeline_of(member, request.base).applied_as(version, request.ops)


def replace(working: Working, member: Member, request: Replace, now: int) -> Answer:
    """The whole value as one minimal change; `base` is always strict."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    _check_epoch(working, request.epoch, strict=True)
    base = working.head if request.base is None else request.base
    _check_base(working, base, strict=True)
    if request.compared is not None and request.compared[0] == working.head:
        ops = request.compared[1]
    else:
        ops = diff(working.document.value, request.value)
    return _apply_own_ops(working, member, request, ops, now, request.fence)


def restore_version(working: Working, member: Member, request: RestoreVersion, now: int) -> Answer:
    """Change a part of the document back to an earlier version, as an edit that can be undone."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    if request.missing is not None:
        raise Rejected(request.missing.code, request.missing.message, **request.missing.extra)
    parse_named(request.pointer, "pointer")
    value = working.document.value
    place, ops = restore_ops(request.value, value, request.pointer)
    sections = member.rights.sections_of(value)
    if sections is not None and not sections.covers(place):
        raise forbidden(request.pointer)
    return _apply_own_ops(working, member, request, ops, now)


def undo(working: Working, member: Member, request: UndoRequest, now: int) -> Answer:
    """Undo or redo the user's newest step that can still do something, or the one asked for."""
    if not working.exists:
        raise Rejected(Code.NOT_FOUND, "no such document")
    parse_named(request.scope, "scope")
    turn = working.document.redo if request.redo else working.document.undo
    undone = turn(
        member.author.user,
        request.scope,
        version=working.head + 1,
        at=now,
        containing=request.version,
        check=undo_check(working, member),
        made_by=member.made_by(),
    )
    ack = {
        "ops": drop_overwritten_texts(undone.change.ops),
        "undone": [
            {"version": one.version, "at": rfc3339(one.at), "pointers": one.pointers}
            for one in undone.undone
        ],
        "skipped": undone.skipped,
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
    now: int,
    fence: int | None = None,
) -> Answer:
    """Apply ops that the server itself computed for the head."""
    kind: Kind = "restore" if isinstance(request, RestoreVersion) else "edit"
    require_sections(working, member, ops)
    require_unlocked(working, member, ops, fence)
    change = _patch(
        working, member, ops, now, kind, bounds=whole_value_bounds(working.bounds.patch)
    )
    says_ops = kind == "restore"  # a client that sent `PUT` has the value itself
    if change is None:
        return working.unchanged(member, request, {"ops": []} if says_ops else {})
    ack = {"ops": drop_overwritten_texts(change.ops)} if says_ops else {}
    return working.enter(member, change, now, kind=kind, request=request, ack=ack)


def whole_value_bounds(bounds: Bounds) -> Bounds:
    """The bounds of ops that the server makes itself, of a value that was sent whole."""
    return with_fields(bounds, max_ops=max(MOST_OPS, bounds.max_ops) if bounds.max_ops else 0)


def _check_epoch(working: Working, epoch: int | None, *, strict: bool) -> None:
    """Refuse a base of another epoch: its versions were other values."""
    if epoch is None or epoch == working.epoch:
        return
    message = f"the document has epoch {working.epoch}, and `base` is of epoch {epoch}"
    if strict:
        raise Rejected(Code.CONFLICT, message, version=working.head, conflicts=[])
    raise Rejected(Code.UNKNOWN_VERSION, message, version=working.head)


def _check_base(working: Working, base: int, *, strict: bool) -> None:
    if base > working.head or base < 0:
        raise Rejected(
            Code.UNKNOWN_VERSION, f"there is no version {base} yet", version=working.head
        )
    if strict and base != working.head:
        raise Rejected(
            Code.CONFLICT,
            f"the document has moved from version {base} to {working.head}",
            **_conflict(working, base),
        )
    if working.entries_since(base) is None:
        raise Rejected(
            Code.UNKNOWN_VERSION,
            f"version {base} is older than what is kept for rebasing",
            version=working.head,
        )


def _conflict(working: Working, base: int) -> dict[str, Any]:
    """The members of every conflict, also of one without a conflicting value."""
    changes = conflict_changes(working, base)
    return {"base": base, "version": working.head, "conflicts": [], **changes}


def conflict_changes(working: Working, base: int) -> dict[str, Any]:
    """The entries since `base`, when they are few enough to send."""
    entries = working.entries_since(base)
    if entries is None or len(entries) > MAX_CONFLICT_CHANGES:
        return {}
    if sum(map(approximate_size, entries)) > MAX_CONFLICT_BYTES:
        return {}
    return {"changes": entries}


def pipeline_of(member: Member, base: int) -> Pipeline:
    """The member's pipeline; a new one if it pipelines nothing, or went back to an old base."""
    if member.pipeline is None or not member.pipelines or base < member.pipeline.base:
        member.pipeline = Pipeline(base)
    return member.pipeline


def _patch(
    working: Working,
    member: Member,
    ops: list[Op],
    now: int,
    kind: Kind = "edit",
    *,
    request: PatchRequest | None = None,
    bounds: Bounds | None = None,
) -> Change | None:
    return working.document.patch(
        ops,
        version=working.head + 1,
        user=member.author.user,
        at=now,
        kind=kind,
        bounds=working.bounds.patch if bounds is None else bounds,
        splices=request is not None and member.splice,
        made_by=member.made_by(request),
        check=None if working.schema is None else working.schema.check,
    )
