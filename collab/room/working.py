"""The working document: the document with the batch that is not durable yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from collab.document.steps import UNDO_BOUNDS, UndoBounds
from collab.entry import Accepted, Entry, Kind
from collab.errors import Code, Rejected
from collab.locks.enforcement import LockGuard
from collab.locks.state import Locks
from collab.patch.bounds import Bounds
from collab.patch.relocate import AppliedChange
from collab.patch.splices import for_log
from collab.room.request_digest import digest_of
from collab.room.requests import Answer, RequestWithId, Round
from collab.room.tail import Tail
from collab.structs.guard import STORED_BOUNDS, GuardBounds, StructIndex, inspect
from collab.structs.subtrees import MOST_HIDDEN

if TYPE_CHECKING:
    from collab.document.change import Change
    from collab.document.document import Document
    from collab.patch.values import Atomic
    from collab.room.member import Member
    from collab.schema.check import Schema
    from collab.structs.guard import Checked
    from collab.types.yjs_document import Structs

# The maximum number of updates that `LazyStructIndex` has not added to its index yet. When more
# updates wait, it drops the index. The next read builds it again from the whole state. That is not
# slower than adding the updates.
MOST_WAITING = 1000
# After this time, a client sends an edit again that only a newer server can check.
UNKNOWN_SCHEMA_WAIT_MS = 10_000
# Below this size (`Document.work_size`), yrs deletes all hidden blocks of a document in 40 ms.
MAY_HIDE = 512 * 1024


@dataclass(frozen=True, slots=True)
class RoomBounds:
    """The limits of a room."""

    patch: Bounds = field(default_factory=Bounds)
    undo: UndoBounds = UNDO_BOUNDS
    tail_entries: int = 1000
    tail_bytes: int = 4 << 20
    tail_copied: int = 64 << 20  # bytes of memory for the containers of older values
    max_update: int = 4 << 20
    max_state: int = 16 << 20  # bytes of the Yjs state; 0 for no limit
    max_blocks: int = 800_000  # of the Yjs state; 0 for no limit
    max_documents: int = 0  # of the tenant; 0 for no limit

    @property
    def ample_state(self) -> float:
        """How many bytes of updates make no state with too many bytes or blocks.

        A block needs a struct of two bytes, or half of a deleted range of two bytes.
        """
        return min(self.max_state or inf, self.max_blocks or inf)


class Working:
    """A document with its current batch, and the locks and the schema that changes must satisfy.

    `tail` (`collab/room/tail.py`) has the newest committed entries.

    Invariant: `head` is the document's version. `tail` and the batch hold the entries up to
    `head` without a gap. `exists` is already true when the batch contains the creation.
    """

    def __init__(
        self,
        document: Document,
        bounds: RoomBounds,
        schema: Schema | None,
        atomic: Atomic,
        *,
        exists: bool,
        seconds: Callable[[], float],
    ) -> None:
        self.document = document
        self.bounds = bounds
        self.schema = schema
        self.atomic = atomic
        self.exists = exists
        self.seconds = seconds
        self.epoch = document.epoch
        self.head = document.version
        self.guard = LockGuard(Locks())
        self.tail = Tail(
            self.head,
            max_entries=bounds.tail_entries,
            max_bytes=bounds.tail_bytes,
            max_copied=bounds.tail_copied,
        )
        self.commit_id = ""
        self.entries: list[Entry] = []  # of the batch
        self.changes: list[AppliedChange] = []  # the same entries as changes
        self.to_log: list[Entry] = []  # the batch in the form that the log stores
        self.accepted: list[Accepted] = []  # requests that made no version
        self.update_bounds = GuardBounds(update_bytes=bounds.max_update)
        self.structs = LazyStructIndex()
        self.ample_state = bounds.ample_state

    def use(self, schema: Schema | None, atomic: Atomic) -> None:
        """Check all further changes with another schema; between batches only."""
        self.schema, self.atomic = schema, atomic
        self.document.use(atomic)

    def require_writer(self, member: Member, now: int) -> None:
        """Raise when the member may not write, or when this server cannot check what they write.

        A newer server can check it. So clients keep their edits, and try again.
        """
        member.rights.require_writer(now)
        if self.schema is not None and self.schema.unknown_name:
            name = self.schema.unknown_name[:64]
            message = (
                f"this server does not know the document's schema `weft:{name}`, and takes no "
                "edits: update the server, or set another schema"
            )
            raise Rejected(Code.STORAGE_UNAVAILABLE, message, retry_after_ms=UNKNOWN_SCHEMA_WAIT_MS)

    @property
    def structs_if_large(self) -> Structs | None:
        """The index of structs for a document that may have very many hidden blocks.

        To build the index takes seconds in a large document. Without a Yjs client, only former
        values and pieces of texts are hidden.
        """
        if not self.structs.is_built and self.document.work.former < MOST_HIDDEN:
            return None
        if self.document.work_size <= MAY_HIDE:
            return None
        return partial(self.structs.of, self.document)

    def may_count_formats(self, size: int) -> bool:
        """Whether an update of `size` bytes may need an exact count of formats (G33)."""
        most = self.bounds.patch.max_bytes
        return most > 0 and self.structs.may_exceed(most, size)

    def entries_since(self, version: int) -> list[Entry] | None:
        """Return every entry after `version`; None when the tail is too short."""
        committed = self.tail.since(min(version, self.tail.last))
        if committed is None:
            return None
        return committed + [entry for entry in self.entries if entry.version > version]

    def changes_since(self, version: int) -> list[AppliedChange]:
        """Return every change after `version`; raise `unknown_version` when it is too old."""
        if version == self.head:
            return []
        if version < self.tail.base:
            raise Rejected(
                Code.UNKNOWN_VERSION, f"version {version} is too old to rebase; reload the document"
            )
        committed = self.tail.changes(min(version, self.tail.last))
        return committed + [applied for applied in self.changes if applied.version > version]

    def enter(
        self,
        member: Member,
        change: Change,
        now: Round,
        *,
        kind: Kind = "edit",
        request: RequestWithId | None = None,
        ack: dict[str, Any] | None = None,
        reverts: Sequence[int] = (),
        leases: Sequence[int] = (),
        checked: Checked | None = None,
    ) -> Answer:
        """Add a change to the batch as the next entry. The document has applied it already.

        `leases` are the Yjs client ids that belong to the member's user from now on. `checked` is
        what the guard has found in the update of the change. It is None when the guard has read
        other bytes.
        """
        if not self.entries:
            self.commit_id = now.commit_id
        entry = Entry(
            version=self.head + 1,
            author=member.author,
            at=now.now,
            kind=kind if self.exists else "create",
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
            texts=change.texts,
        )
        self.document.version = self.head = entry.version
        self.structs.add(entry.update, checked)
        applied = AppliedChange(
            entry.version,
            entry.author,
            entry.ops,
            change.before,
            entry.texts,
            change.value,
            change.copied,
        )
        if self.guard.committed.held:
            self.guard.add_change(applied)
        self.entries.append(entry)
        self.changes.append(applied)
        self.to_log.append(for_log(entry, applied.before))
        self.exists = True
        return Answer(entry.version, entry=entry, ack=ack or {})

    def unchanged(
        self, member: Member, request: RequestWithId, ack: dict[str, Any] | None = None
    ) -> Answer:
        """Answer a request that made no version: an ack with the head. Remember its accepted id."""
        if request.id:
            user, digest = member.author.user, digest_of(request)
            self.accepted.append(Accepted(user, request.id, self.head, ack or {}, digest))
        return Answer(self.head, ack=ack or {})

    def drop_index(self) -> None:
        """Drop the index of structs. The next read builds it again."""
        self.structs = LazyStructIndex()

    def find_accepted(self, user: str, request_id: str) -> Accepted | None:
        """Return the request with this id if this batch has accepted it."""
        for entry in self.entries:
            if entry.id == request_id and entry.author.user == user:
                return Accepted.of(entry)
        for one in self.accepted:
            if one.id == request_id and one.user == user:
                return one
        return None

    def take_batch(self) -> tuple[list[Entry], list[AppliedChange], list[Accepted]]:
        """Empty the batch. Return its entries, the same entries as changes, and its other ids."""
        taken = self.entries, self.changes, self.accepted
        self.entries, self.changes, self.to_log, self.accepted = [], [], [], []
        return taken


class LazyStructIndex:
    """An index of structs that is built and updated only when it is read.

    Invariant: the index and the waiting updates cover the whole document, or both are empty. When
    only patches change the document, the index is never built.
    """

    def __init__(self) -> None:
        self._index: StructIndex | None = None
        self._waiting: list[bytes] = []

    def behind(self, document: Document) -> int:
        """Return the bytes of updates that `of` has to read first."""
        return document.work.applied if self._index is None else sum(map(len, self._waiting))

    @property
    def is_built(self) -> bool:
        return self._index is not None

    def may_exceed(self, most: int, size: int) -> bool:
        """Whether the formats may take more bytes than `most` after an update of `size` bytes."""
        return self._index is not None and self._index.formats.may_exceed(most, size)

    def add(self, update: bytes, checked: Checked | None = None) -> None:
        """Note an update that the document has applied, and what the guard has found in it."""
        if self._index is None or not update:
            return
        if checked is not None and not self._waiting:
            self._index.add_checked(checked.fresh, checked.places, checked.deletes)
            return
        self._waiting.append(update)
        if len(self._waiting) > MOST_WAITING:
            self._index = None
            self._waiting.clear()

    def of(self, document: Document) -> StructIndex:
        """Return the index for `collab/structs/guard.py`, brought up to date with its document."""
        if self._index is None:
            updates = document.updates
            whole = updates.may_have_many_blocks  # yrs would need long to encode the state
            state, *self._waiting = updates.all() if whole else [document.update_since(b"\x00")]
            self._index = StructIndex.of(state)
        for update in self._waiting:
            inspected = inspect(update, STORED_BOUNDS)
            self._index.add(inspected)
            inspected.free()
        self._waiting.clear()
        return self._index
