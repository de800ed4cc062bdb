"""A room: one open document, what its newest entries were, and the rules for changing it.

A room lives in batches. `apply` judges one request after the other on the *working* document;
the hub writes what `pending` returns to the log; then `commit` moves the *committed* value, which
is all that anybody reads meanwhile. If the commit fails, the room is thrown away (Yjs cannot
roll back) and another is opened from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import msgspec

from collab.document.change import Change
from collab.document.document import Document
from collab.document.opening import Opening
from collab.document.steps import UNDO_BOUNDS, UndoBounds
from collab.entry import Accepted, Entry, Kind
from collab.errors import Code, Rejected
from collab.ids import DocKey, Json
from collab.locks.guard import LockGuard
from collab.locks.state import Locks, LockStep
from collab.messages import LockChange
from collab.patch.bounds import Bounds
from collab.patch.relocate import Past
from collab.patch.splices import logged
from collab.patch.values import named_atomic
from collab.ports.store import Append, Control, Snapshot, Stored, Vacant
from collab.room import patch_rules as patch_lane
from collab.room import yjs_rules as yjs_lane
from collab.room.late_index import LateIndex
from collab.room.member import Member
from collab.room.recent_ids import RecentIds
from collab.room.request_digest import digest_of, is_same
from collab.room.requests import (
    Answer,
    Asked,
    Barrier,
    Create,
    LockAct,
    PatchRequest,
    ReadState,
    ReadVector,
    Refuse,
    Replace,
    Request,
    Restore,
    Revert,
    Update,
)
from collab.room.tail import Tail, past_of
from collab.schema.check import Schema
from collab.yjs.struct_index import StructIndex


@dataclass(frozen=True, slots=True)
class RoomBounds:
    """The settings that a room obeys."""

    patch: Bounds = field(default_factory=Bounds)
    undo: UndoBounds = UNDO_BOUNDS
    tail_entries: int = 1000
    tail_bytes: int = 4 << 20
    max_update: int = 4 << 20
    max_documents: int = 0  # of the tenant


# Versions between two sweeps: each reads the whole document, and all of its steps at times.
SWEEP_EVERY = 2_000


class Room:
    """Invariant: `version` and `value` are durable; `head` and the document may be ahead."""

    def __init__(
        self,
        key: DocKey,
        stored: Stored | Vacant,
        bounds: RoomBounds,
        schema: Schema | None,
        opening: Opening | None = None,
    ) -> None:
        self.key = key
        self.bounds = bounds
        self.schema = schema
        self.atomic = named_atomic if schema is None else schema.is_atomic
        self.epoch = stored.epoch
        self.control = stored.control if isinstance(stored, Stored) else Control(stored.revision)
        self.guard = LockGuard(Locks())
        self.exists = isinstance(stored, Stored)
        opening = opening or Opening.of_stored(stored)
        self.document = Document(opening, self.atomic, bounds.undo)
        self.was_misjudged = opening.was_misjudged
        self.version = self.head = self.document.version
        self.value: Json = self.document.value
        self.tail = Tail(self.version, max_entries=bounds.tail_entries, max_bytes=bounds.tail_bytes)
        self.commit_id = ""
        self.seconds: Callable[[], float] = lambda: 0.0  # any clock that does not go back
        self.lock_events: Sequence[LockChange] = ()  # what the last batch did to the locks
        self._batch: list[tuple[Entry, Past]] = []
        self._to_log: list[Entry] = []  # the batch, as the log keeps it
        self._accepted: list[Accepted] = []
        self._lock_step: LockStep | None = None
        self._sweep_at = 0  # with the first snapshot, which a document that is seldom used has
        self._structs = LateIndex()
        self.ids = RecentIds.of(stored)

    # --- one batch ------------------------------------------------------------------------

    def apply(self, member: Member, request: Request, now: int) -> Answer:
        """Judge one request on the working document; `now` is in milliseconds since 1970."""
        try:
            return self._dispatch(member, request, now)
        except Rejected as rejected:
            barrier = 0
            if isinstance(request, PatchRequest):
                barrier = member.reject_patch(request.id)
            return Answer(self.head, refusal=rejected.refusal, barrier=barrier)

    def pending(self) -> Append | None:
        """What the log must hold before anybody hears of this batch."""
        if not self._batch and not self._accepted:
            return None
        revision = self.control.revision
        self._lock_step = step = self.guard.step([past for _, past in self._batch], revision)
        return Append(
            key=self.key,
            epoch=self.epoch,
            after=self.version,
            revision=revision,
            entries=self._to_log,
            accepted=self._accepted,
            create=not self.exists,
            quota=self.bounds.max_documents,
            put=[] if step is None else list(step.put),
            drop=[] if step is None else list(step.drop),
        )

    def commit(self) -> list[Entry]:
        """The batch is durable: it is what everybody sees from now on."""
        committed = [entry for entry, _ in self._batch]
        for entry, past in self._batch:
            self.tail.append(entry, past)
            self.ids.take(entry)
        self.ids.learn(self._accepted)
        self.exists = self.exists or bool(committed)
        self.version, self.value = self.head, self.document.value
        self._batch, self._to_log, self._accepted = [], [], []
        step, self._lock_step = self._lock_step, None
        self.lock_events = () if step is None else step.events
        if step is not None:
            self.move_locks(step.locks)
        return committed

    def move_locks(self, locks: Locks) -> None:
        """These are the document's locks now, under the revision that they were written at."""
        self.guard.settle(locks)
        self.control = msgspec.structs.replace(self.control, revision=locks.revision)

    def locks(self) -> Locks:
        """The committed locks, as what is to be written next stands on them."""
        return self.guard.at(self.control.revision, self.version)

    def snapshot(self, *, steps: bool = True) -> Snapshot:
        """The committed state, with the steps that can be undone or without; between batches."""
        assert self.head == self.version
        assert not self._batch
        if self.version >= self._sweep_at:
            self.document.sweep()
            self._sweep_at = self.version + SWEEP_EVERY
        return self.document.snapshot(steps=steps)

    def close(self) -> None:
        self.document.close()

    # --- what the lanes need --------------------------------------------------------------

    def entries_since(self, version: int) -> list[Entry] | None:
        """Every entry of the working document after `version`; None when the tail is too short."""
        committed = self.tail.since(min(version, self.version))
        if committed is None:
            return None
        return committed + [entry for entry, _ in self._batch if entry.version > version]

    def pasts_since(self, version: int) -> list[Past]:
        """Every change of the working document after a version that is kept."""
        if version < self.tail.base:
            raise Rejected(Code.UNKNOWN_VERSION, f"version {version} is not kept for rebasing")
        committed = self.tail.pasts(min(version, self.version))
        return committed + [past for _, past in self._batch if past.version > version]

    def structs(self) -> StructIndex:
        """What the guard must know of the working document."""
        return self._structs.of(self.document)

    def enter(
        self,
        member: Member,
        change: Change,
        now: int,
        *,
        kind: Kind = "edit",
        request: Asked | None = None,
        ack: dict[str, Any] | None = None,
        reverts: Sequence[int] = (),
        leases: Sequence[int] = (),
    ) -> Answer:
        """Make the change that the document has taken the next entry."""
        entry = Entry(
            version=self.head + 1,
            author=member.author,
            at=now,
            kind=kind if self.head_exists else "create",
            ops=change.ops,
            update=change.update,
            lane=member.lane,
            id="" if request is None else request.id,
            commit=self.commit_id,
            inverse=change.inverse,
            reverts=list(reverts),
            leases=list(leases),
            answer=ack or {},
            digest=digest_of(request) if request is not None and request.id else b"",
        )
        self.document.version = self.head = entry.version
        self._structs.add(entry.update)
        past = past_of(entry, change.before)
        self.guard.follow(past)
        self._batch.append((entry, past))
        self._to_log.append(logged(entry, past.before))
        return Answer(entry.version, entry=entry, ack=ack or {})

    def unchanged(
        self, member: Member, request: Asked, ack: dict[str, Any] | None = None
    ) -> Answer:
        """Acknowledge at the head what made no version; its id counts as accepted all the same."""
        if request.id:
            user, digest = member.author.user, digest_of(request)
            self._accepted.append(Accepted(user, request.id, self.head, ack or {}, digest))
        return Answer(self.head, ack=ack or {})

    @property
    def head_exists(self) -> bool:
        """Whether the working document exists, a creation under way included."""
        return self.exists or bool(self._batch)

    # --- requests -------------------------------------------------------------------------

    def _dispatch(self, member: Member, request: Request, now: int) -> Answer:
        match request:
            case Refuse():
                barrier = member.reject_patch(request.id) if request.is_patch else 0
                return Answer(self.head, refusal=request.refusal, barrier=barrier)
            case Barrier():
                member.pass_barrier(request.nonce)
                return Answer(self.head)
            case ReadState():
                return yjs_lane.read(self, member, request)
            case ReadVector():
                return Answer(self.head, state=self.document.encode_state_vector())
            case Update():
                return yjs_lane.integrate(self, member, request, now)
            case LockAct():
                raise AssertionError("a lock is decided between batches")
        require_writer(member, now)
        duplicate = self._duplicate(member, request)
        if duplicate is not None:
            return duplicate
        match request:
            case Create():
                return self._create(member, request, now)
            case PatchRequest():
                return patch_lane.propose(self, member, request, now)
            case Replace():
                return patch_lane.replace(self, member, request, now)
            case Restore():
                return patch_lane.restore(self, member, request, now)
            case Revert():
                return patch_lane.revert(self, member, request, now)
            case _:
                assert_never(request)

    def _duplicate(self, member: Member, request: Asked) -> Answer | None:
        user = member.author.user
        accepted = self.ids.find(user, request.id) or self._accepted_in_batch(user, request.id)
        if accepted is None:
            return None
        if not is_same(accepted.digest, request):
            raise Rejected(Code.ID_REUSED, "another request was accepted under this id")
        if isinstance(request, PatchRequest):
            patch_lane.repeat(member, request, accepted.version)
        return Answer(accepted.version, ack={**accepted.answer, "duplicate": True})

    def _accepted_in_batch(self, user: str, request_id: str) -> Accepted | None:
        if not request_id:
            return None
        for entry, _ in self._batch:
            if entry.id == request_id and entry.author.user == user:
                return Accepted.of(entry)
        return next((a for a in self._accepted if (a.user, a.id) == (user, request_id)), None)

    def _create(self, member: Member, request: Create, now: int) -> Answer:
        if self.head_exists:
            if request.only:
                raise Rejected(Code.ALREADY_EXISTS, "a document of this name exists already")
            return Answer(self.head)
        return patch_lane.create(self, member, request, now)


def require_writer(member: Member, now: int) -> None:
    """Rights are judged at every commit, not when the connection was opened."""
    if not member.rights.alive(now):
        raise Rejected(Code.UNAUTHENTICATED, "the token has expired")
    if not member.rights.can_write():
        raise Rejected(Code.FORBIDDEN, "this role may not change the document")
