"""Rules of the Yjs lane: an update is checked, applied, and corrected if it breaks a rule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from collab.errors import Rejected
from collab.ids import Json
from collab.patch.apply import Applied, apply
from collab.patch.diff import diff
from collab.room.requests import Answer, ReadState, Round, Update
from collab.room.state_limits import require_room_for_update, require_short_formats
from collab.structs.array_touches import pieces_of_touches
from collab.structs.guard import (
    Checked,
    Inspected,
    check,
    check_state_vector,
    inspect,
    inspect_state_vector,
)
from collab.structs.state_updates import are_many
from collab.tree.overwriting import new_values
from collab.tree.sections import Limits
from collab.tree.summary import UpdateSummary
from collab.types.merging import merged_in_groups, merged_in_order
from collab.yjs.server_ids import SERVER_IDS
from collab.yjs.slices import MOST_JOINED, Slices, in_pieces, joins_many, slices_of
from collab.yjs.update import decode_state_vector

if TYPE_CHECKING:
    from collab.document.change import Change
    from collab.document.compensation import Correct
    from collab.room.member import Member
    from collab.room.working import Working
    from collab.structs.guard import StructIndex

# The room applies several updates of one client that wait together as one update. It joins at most
# so many updates and bytes. A longer update may take long, and then belongs in a worker thread.
MOST_UPDATES: Final = 64
MOST_BYTES: Final = 8 * 1024
# The most bytes of JSON for a byte of an update: a control character, as `\u0001`. An update that
# shows a hidden element, or makes a format longer, may add more.
_JSON_FOR_A_BYTE: Final = 6
# When yrs takes longer than this for an update, each later opening may take that much longer.
NOTABLE_SECONDS = 0.0005


class JoinedInVain(Exception):
    """Joined updates break a limit of the document. Each must be applied alone, in another room."""


class CheckedUpdate(NamedTuple):
    """An update to apply: its bytes, the client ids that it uses first, and its summary."""

    update: bytes | Slices
    leases: Sequence[int]
    summary: UpdateSummary
    limits: Limits | None
    structs: StructIndex


def integrate(working: Working, member: Member, request: Update, now: Round) -> Answer:
    """Make a client's update the next entry, together with its correction if it needs one.

    A long update is applied in parts: this call applies the first part, and the answer has the
    rest.
    """
    inspected = inspect(request.update, working.update_bounds)
    index = working.structs.of(working.document)
    checked = _check(working, member, inspected, index)
    known = index.clocks
    if not checked.has_effect:  # a sync step 2 that adds nothing needs no right to write
        return Answer(working.head)
    working.require_writer(member, now.now)
    if not working.exists:
        member.rights.require_whole_document()
    if working.document.work.applied + len(request.update) > working.ample_state:
        require_room_for_update(working, request.update, checked, index)
    may_be_cut = require_short_formats(working, request.update, checked, index)
    has_arrays = index.arrays.there
    pieces = pieces_of_touches(request.update, checked, index) if has_arrays else []
    if len(checked.fresh) > MOST_JOINED and joins_many(checked.fresh):
        pieces = in_pieces(request.update, inspected, checked.fresh, known)
    if len(pieces) > 1:
        first, *rest = pieces
        answer = integrate(working, member, Update(first, is_joined=request.is_joined), now)
        answer.rest = [*answer.rest, *rest]
        return answer
    leases = checked.new_clients
    seconds = working.seconds if may_be_cut else _no_time
    slices = slices_of(request.update, inspected, checked.fresh, known, index.blocks, seconds)
    summary = UpdateSummary.of(
        inspected, known, new_values(checked), has_arrays=has_arrays, placed=checked
    )
    sections = limits = None
    if member.rights.sections is not None:
        sections = member.rights.sections_of(working.document.value)
    if sections is not None:
        limits = Limits.of(sections.areas, checked.fresh, inspected.deletes, index)
    written = CheckedUpdate(slices or request.update, leases, summary, limits, index)
    change = _write(working, member, written, now, is_joined=request.is_joined)
    answer = Answer(working.head)
    if change is not None:
        # pycrdt's update has more than the client's update when it also deleted nested elements.
        is_same = change.update == request.update
        answer = working.enter(
            member, change, now, leases=leases, checked=checked if is_same else None
        )
    if slices is not None:
        answer.rest = slices.rest
    return answer


def _no_time() -> float:
    """A clock that stands still: an update is never cut by its time."""
    return 0.0


def _check(working: Working, member: Member, inspected: Inspected, index: StructIndex) -> Checked:
    return check(
        inspected,
        index.clocks,  # the document's state vector, without decoding it again
        leases=working.document.leases,
        user=member.author.user,
        reserved=SERVER_IDS,
        index=index,
        replaced=working.document.blocks.replaced,
    )


def read(working: Working, member: Member, request: ReadState) -> Answer:
    """Return the state that the client lacks.

    Raises `stale_document` when the client's copy has another history. A client that lacks many
    blocks gets all updates that make the state: yrs would encode it in one long call.
    """
    document = working.document
    state_vector = document.encode_state_vector()
    known, present = inspect_state_vector(request.state_vector), decode_state_vector(state_vector)
    check_state_vector(
        known,
        present,
        leases=document.leases,
        user=member.author.user,
        reserved=SERVER_IDS,
    )
    lacked = sum(max(0, clock - known.get(client, 0)) for client, clock in present.items())
    if document.updates.may_have_many_blocks and are_many(lacked):  # a block has a clock or more
        *earlier, state = merged_in_groups(document.updates.all())
        return Answer(working.head, state=state, earlier=earlier, state_vector=state_vector)
    state = document.update_since(request.state_vector)
    return Answer(working.head, state=state, state_vector=state_vector)


def _write(
    working: Working, member: Member, written: CheckedUpdate, now: Round, *, is_joined: bool
) -> Change | None:
    document, began = working.document, working.seconds()
    correct = partial(_required_value, working, member, now)
    try:
        return document.integrate(
            written.update,
            version=working.head + 1,
            user=member.author.user,
            at=now.now,
            kind="edit" if working.exists else "create",
            leases=written.leases,
            made_by=member.made_by(),
            summary=written.summary,
            limits=written.limits,
            structs=written.structs,
            correct=_uncorrected(correct) if is_joined else correct,
        )
    except Rejected as error:
        # The Yjs types already contain the update. Only a reload of the document removes it.
        raise RuntimeError(f"an update was refused after yrs had applied it: {error}") from error
    finally:
        took = working.seconds() - began
        if took > NOTABLE_SECONDS:
            document.opening_seconds += took


def _required_value(
    working: Working, member: Member, now: Round, before: Json, applied: Applied
) -> Json | None:
    """Return the value that must replace that of `applied`; None when the update may stay."""
    restored = None
    if working.guard.committed.held:
        author, ops = member.author, applied.ops
        restored = working.guard.put_back_locked(ops, before, author, now.database_now)
    if restored is not None:
        applied = apply(before, diff(before, restored), size=working.document.size)
    if working.schema is not None:
        try:
            working.schema.check(applied.value, applied.ops)
        except Rejected:
            return before
    return before if _outgrows(working, applied) else restored


def _uncorrected(correct: Correct) -> Correct:
    def require_right(before: Json, applied: Applied) -> None:
        if correct(before, applied) is not None:
            raise JoinedInVain

    return require_right


def _outgrows(working: Working, applied: Applied) -> bool:
    """Whether a change makes the document larger than it was, and exceeds a limit."""
    document, bounds = working.document, working.bounds.patch
    if bounds.max_bytes and applied.size > max(document.size, bounds.max_bytes):
        return True
    return not document.count.allows(
        document.value, applied.value, applied.ops, applied.size, bounds.max_values
    )


def may_join(working: Working, member: Member) -> bool:
    """Whether the member's small updates may be joined now.

    A correction takes back a whole update (`collab/document/compensation.py`). So updates are
    joined only when no rule is likely to make one: without locks, schema and section rights, and
    with room for everything that they contain. They may show more than they contain. When that
    breaks a limit, `integrate` raises `JoinedInVain`.
    """
    if working.schema is not None or working.guard.committed.held or not working.exists:
        return False
    if member.rights.sections is not None:
        return False
    document, bounds = working.document, working.bounds.patch
    size = document.size + _JSON_FOR_A_BYTE * MOST_BYTES
    if 0 < bounds.max_bytes < size:
        return False
    return document.count.has_room(MOST_BYTES, size, bounds.max_values)


def joined(updates: Sequence[bytes]) -> bytes | None:
    """Return one update with the effect of all, which each client made in this order.

    None when an update is malformed, or does not continue the one before it. The guard checks the
    joined update, as it would check each.
    """
    try:
        return merged_in_order(updates)
    except Rejected:
        return None
