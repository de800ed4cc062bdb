"""A room: one open document, its newest entries, and the rules for changing it.

A room works in batches:

1. `apply` applies one request after the other to the *working* document. Clients still read the
   *committed* value.
2. `pending` returns the rows of the batch. The commit loop writes them to the log.
3. `commit` makes the working value the committed value.

When the commit fails, the commit loop drops the room and opens another from the log, because Yjs
cannot roll back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

import msgspec

from collab.document.document import Document
from collab.document.opening import Opening
from collab.entry import Accepted, Entry
from collab.errors import Code, Rejected
from collab.ids import DocKey, Json
from collab.locks.state import Locks, LockStep
from collab.messages import LockChange
from collab.page.site import StoredTitle
from collab.patch.relocate import AppliedChange
from collab.patch.values import Atomic, named_atomic
from collab.ports.positions import Control
from collab.ports.store import Absent, Append, Stored
from collab.room import following, patch_rules, renewal, yjs_rules
from collab.room.member import Member
from collab.room.recent_ids import RecentIds
from collab.room.request_digest import is_same
from collab.room.requests import (
    Answer,
    Barrier,
    Create,
    LockRequest,
    PatchRequest,
    ReadState,
    ReadStateVector,
    Refused,
    Renew,
    Replace,
    Request,
    RequestWithId,
    RestoreVersion,
    Round,
    UndoRequest,
    Update,
)
from collab.room.working import RoomBounds, Working
from collab.schema.check import Schema

# Versions between two purges. A removed element is only hidden, so that undo can show it again. A
# purge marks the hidden elements that no undo step needs; later writes delete them. A purge reads
# the whole document, and sometimes all of its undo steps.
PURGE_EVERY = 2_000


class Room:
    """Applies the rules to requests, and keeps the committed and the working document.

    Invariant: `version` and `value` are durable; `head` and the working document may be ahead.
    """

    def __init__(
        self,
        key: DocKey,
        stored: Stored | Absent,
        bounds: RoomBounds,
        schema: Schema | None,
        opening: Opening | None = None,
        *,
        seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`seconds` is a monotonic clock."""
        self.key = key
        self.bounds = bounds
        self.control = stored.control if isinstance(stored, Stored) else Control(stored.revision)
        self.exists = isinstance(stored, Stored)
        opening = opening or Opening.of_stored(stored)
        # A snapshot estimates how long its opening takes. True when the opening took much longer.
        self.was_underestimated = opening.was_underestimated
        atomic = _atomic_of(schema)
        self.document = Document(opening, atomic, bounds.undo)
        self.working = Working(
            self.document, bounds, schema, atomic, exists=self.exists, seconds=seconds
        )
        self.epoch, self.guard, self.tail = stored.epoch, self.working.guard, self.working.tail
        self.version = self.document.version
        self.value: Json = self.document.value
        self.lock_events: Sequence[LockChange] = ()  # the lock changes of the last batch
        self._lock_step: LockStep | None = None
        self._title = StoredTitle()
        # The first snapshot already purges, because a document that is seldom used may be closed
        # before it has `PURGE_EVERY` new versions.
        self._purge_at = 0
        self.ids = RecentIds.of(stored)

    @property
    def head(self) -> int:
        """The version of the working document."""
        return self.working.head

    @property
    def schema(self) -> Schema | None:
        return self.working.schema

    @property
    def commit_id(self) -> str:
        """The id of the current batch, or of the last batch that had entries."""
        return self.working.commit_id

    # --- one batch ------------------------------------------------------------------------

    def apply(self, member: Member, request: Request, now: Round) -> Answer:
        """Apply one request to the working document, and return its answer or a refusal.

        The reject of a patch has a *barrier*, a ping. Patches that arrive before its pong may
        depend on the rejected patch.
        """
        try:
            return self._dispatch(member, request, now)
        except Rejected as rejected:
            barrier = 0
            if isinstance(request, PatchRequest):
                barrier = member.reject_patch(request.id)
            return Answer(self.head, refusal=rejected.refusal, barrier=barrier)

    def pending(self) -> Append | None:
        """Return the rows to write before clients see this batch; None when there are none."""
        working = self.working
        if not working.entries and not working.accepted:
            return None
        revision = self.control.revision
        step = None
        if self.guard.committed.held:
            step = self.guard.batch_step(working.changes, revision)
        self._lock_step = step
        return Append(
            key=self.key,
            epoch=self.epoch,
            after=self.version,
            revision=revision,
            entries=working.to_log,
            accepted=working.accepted,
            create=not self.exists,
            quota=self.bounds.max_documents,
            put=[] if step is None else list(step.put),
            drop=[] if step is None else list(step.drop),
            title=self._title.to_write(self.document.value),
        )

    def commit(self) -> tuple[list[Entry], list[AppliedChange]]:
        """Note that the batch is durable: its value is the committed one.

        Return its entries, and the same entries as changes.
        """
        entries, changes, accepted = self.working.take_batch()
        self._advance(entries, changes)
        if accepted:
            self.ids.add(accepted)
        if entries or accepted:
            self._title.note_written()
        self.exists = self.working.exists
        step, self._lock_step = self._lock_step, None
        self.lock_events = () if step is None else step.events
        if step is not None:
            self.set_locks(step.locks)
        return entries, changes

    def follow(
        self, epoch: int, entries: Sequence[Entry]
    ) -> tuple[list[Entry], list[AppliedChange]] | None:
        """Apply entries that another instance has committed after `version`; between batches only.

        Return what `commit` returns: the entries as clients receive them, and the same as changes.
        Return None, and change nothing, when the document must be loaded again (rule D20). After an
        exception, the caller drops the room. Clients have read nothing of the entries then.
        """
        assert self.head == self.version
        assert not self.working.entries
        prepared = following.prepare(self.working, entries) if epoch == self.epoch else None
        if prepared is None:
            return None
        following.follow(self.working, prepared)
        received = [one.entry for one in prepared.followed]
        self._advance(received, prepared.changes)
        self._title.note_followed(self.value)
        return received, prepared.changes

    def _advance(self, entries: Sequence[Entry], changes: Sequence[AppliedChange]) -> None:
        """Make the working value the committed one, after these entries."""
        for entry, applied in zip(entries, changes, strict=True):
            self.tail.append(entry, applied)
            if entry.id:
                self.ids.add((Accepted.of(entry),))
        self.version, self.value = self.working.head, self.document.value

    def set_locks(self, locks: Locks) -> None:
        """Replace the committed locks and the revision at which they were written.

        A document's revision grows when its schema, its locks or its publication change.
        """
        self.guard.set_committed(locks)
        self.control = msgspec.structs.replace(self.control, revision=locks.revision)

    def note_published(self, version: int, revision: int) -> None:
        """Note which version is public; 0 when none is.

        `revision` is the document's revision before the publication. When the room has another
        revision, the room does not change. Then its next commit clashes, and the commit loop
        applies the batch again.
        """
        if self.control.revision == revision:
            self.control = msgspec.structs.replace(
                self.control, revision=revision + 1, published=version
            )

    def note_control(self, control: Control, schema: Schema | None) -> None:
        """Note a written control with its schema; between batches only.

        The value already matches the schema. No reload is needed: a schema decides how changes are
        checked and written, but not how the document is read.
        """
        assert not self.working.entries
        if control.schema != self.control.schema:
            self.working.use(schema, _atomic_of(schema))
        self.control = control

    def locks(self) -> Locks:
        """Return the committed locks, at the document's revision and version."""
        return self.guard.at(self.control.revision, self.version)

    def document_to_save(self) -> Document:
        """Return the committed document, of which a snapshot is made; only between batches."""
        assert self.head == self.version
        assert not self.working.entries
        if self.version >= self._purge_at:
            self.document.mark_unneeded()
            self._purge_at = self.version + PURGE_EVERY
        return self.document

    def close(self) -> None:
        self.document.close()

    # --- requests -------------------------------------------------------------------------

    def _dispatch(self, member: Member, request: Request, now: Round) -> Answer:
        match request:
            case Refused():
                barrier = member.reject_patch(request.id) if request.is_patch else 0
                return Answer(self.head, refusal=request.refusal, barrier=barrier)
            case Barrier():
                member.pass_barrier(request.nonce)
                return Answer(self.head)
            case ReadState():
                return yjs_rules.read(self.working, member, request)
            case ReadStateVector():
                return Answer(self.head, state=self.document.encode_state_vector())
            case Update():
                return yjs_rules.integrate(self.working, member, request, now)
            case Renew():
                return renewal.renew(self.working, member, request, now)
            case LockRequest():
                raise AssertionError("a lock is decided between batches")
        self.working.require_writer(member, now.now)
        duplicate = self._duplicate(member, request)
        if duplicate is not None:
            return duplicate
        match request:
            case Create():
                return self._create(member, request, now)
            case PatchRequest():
                return patch_rules.apply_patch(self.working, member, request, now)
            case Replace():
                return patch_rules.replace(self.working, member, request, now)
            case RestoreVersion():
                return patch_rules.restore_version(self.working, member, request, now)
            case UndoRequest():
                return patch_rules.undo(self.working, member, request, now)
            case _:
                assert_never(request)

    def _duplicate(self, member: Member, request: RequestWithId) -> Answer | None:
        user = member.author.user
        if not request.id:
            return None
        accepted = self.ids.find(user, request.id)
        if accepted is None and (self.working.entries or self.working.accepted):
            accepted = self.working.find_accepted(user, request.id)
        if accepted is None:
            return None
        if not is_same(accepted.digest, request):
            raise Rejected(
                Code.ID_REUSED, "another request with this `id` was accepted; send a new `id`"
            )
        if isinstance(request, PatchRequest):
            patch_rules.note_duplicate(member, request, accepted.version)
        return Answer(accepted.version, ack={**accepted.answer, "duplicate": True})

    def _create(self, member: Member, request: Create, now: Round) -> Answer:
        if self.working.exists:
            if request.only:
                raise Rejected(
                    Code.ALREADY_EXISTS,
                    "a document with this name exists; send `If-Match` to replace its value",
                )
            return Answer(self.head)
        return patch_rules.create(self.working, member, request, now)


def _atomic_of(schema: Schema | None) -> Atomic:
    return named_atomic if schema is None else schema.is_atomic
