"""One document of the memory store: its rows, and the changes that writes make to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from collab.entry import Accepted, Entry, Summary, without_ops
from collab.ports.locks import StoredLock
from collab.ports.positions import MOST_NEWER, Control, Newer, Position
from collab.ports.publications import Publication
from collab.ports.repairs import Rebuilt
from collab.ports.store import PAGE_BYTES, Absent, Append, NamedVersion, SavedSteps, Snapshot


@dataclass(slots=True)
class Document:
    """The rows of one document."""

    epoch: int = 1
    head: int = 0
    control: Control = field(default_factory=Control)
    deleted: bool = True
    created_at: int = 0
    updated_at: int = 0
    updated_by: str = ""
    entries: dict[int, Entry] = field(default_factory=dict)
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    steps: dict[int, bytes] = field(default_factory=dict)
    accepted: dict[tuple[str, str], Accepted] = field(default_factory=dict)
    accepted_at: dict[tuple[str, str], int] = field(default_factory=dict)
    named: dict[int, NamedVersion] = field(default_factory=dict)
    publications: list[Publication] = field(default_factory=list)
    locks: dict[str, StoredLock] = field(default_factory=dict)
    title: str = ""
    row: asyncio.Lock = field(default_factory=asyncio.Lock)  # of a commit that computes

    def between(self, after: int, upto: int) -> list[Entry]:
        """Return the entries with after < version <= upto, in order."""
        found = sorted(version for version in self.entries if after < version <= upto)
        return [self.entries[version] for version in found]

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.head, self.control.revision)

    def newer(self, since: Position) -> Newer:
        """Return what is newer than a position."""
        position, entries = self.position, None
        if since.epoch == self.epoch and 0 <= self.head - since.version <= MOST_NEWER:
            found = self.between(since.version, self.head)
            entries = found if sum(map(size_of, found)) <= PAGE_BYTES else None
        if position.revision == since.revision:
            return Newer(position, entries)
        return Newer(position, entries, self.control, list(self.locks.values()))

    def bump_revision(self, revision: int, steps: int = 1, **changed: bytes | int) -> bool:
        """Increase the revision and apply `changed`. Return False when the revision is another."""
        if self.deleted or self.control.revision != revision:
            return False
        self.control = msgspec.structs.replace(self.control, revision=revision + steps, **changed)
        return True

    def move_locks(self, put: Sequence[StoredLock], drop: Sequence[str]) -> None:
        for gone in drop:
            self.locks.pop(gone, None)
        self.locks |= {lock.id: lock for lock in put}

    def known_requests(self, append: Append) -> list[Accepted]:
        asked = [(entry.author.user, entry.id) for entry in append.entries if entry.id]
        asked += [(one.user, one.id) for one in append.accepted]
        return [self.accepted[pair] for pair in asked if pair in self.accepted]

    def matches(self, append: Append) -> bool:
        if append.create != self.deleted:
            return False
        if append.create:
            is_new = not self.head or append.epoch > self.epoch
            return is_new and append.after == self.head
        expected = (self.epoch, self.head, self.control.revision)
        return (append.epoch, append.after, append.revision) == expected

    def add(self, append: Append, now: int) -> None:
        first, last = append.entries[:1], append.entries[-1:]
        if append.create:
            self.deleted, self.epoch = False, append.epoch
            self.control = Control(append.revision, append.schema)
            self.named = {one.version: one for one in append.names}
            self.created_at = first[0].at
        for entry in append.entries:
            self.entries[entry.version] = entry
            if entry.id:
                self._accept(Accepted.of(entry), entry.at)
        for one in append.accepted:
            self._accept(one, now)
        if append.put or append.drop:
            self.bump_revision(self.control.revision)
            self.move_locks(append.put, append.drop)
        if append.title is not None:
            self.title = append.title
        for entry in last:
            self.head, self.updated_at = entry.version, entry.at
            self.updated_by = entry.author.user

    def save(self, snapshot: Snapshot) -> None:
        """Save a snapshot, and separately its undo steps. Only the last two steps are kept."""
        self.snapshots[snapshot.version] = msgspec.structs.replace(snapshot, steps=b"")
        if snapshot.steps:
            self.steps[snapshot.version] = snapshot.steps
            for version in sorted(self.steps)[:-2]:
                del self.steps[version]

    def saved_steps(self, snapshot: Snapshot | None) -> SavedSteps | None:
        """Return the newest steps that were saved with the snapshot or before it."""
        upto = snapshot.version if snapshot else 0
        version = max((one for one in self.steps if one <= upto), default=0)
        if not version:
            return None
        since = [without_ops(self.entries[one]) for one in range(version + 1, upto + 1)]
        return SavedSteps(version, self.steps[version], since)

    def rewrite(self, rebuilt: Rebuilt) -> None:
        entry = rebuilt.entry
        for version in rebuilt.drop_entries:
            self.entries.pop(version, None)
        for version in rebuilt.drop_snapshots:
            self.snapshots.pop(version, None)
        if rebuilt.drop_schema:
            self.control = msgspec.structs.replace(self.control, schema=b"")
        self.epoch, self.head, self.locks = rebuilt.epoch, entry.version, {}
        self.steps = {entry.version: rebuilt.steps} if rebuilt.steps else {}
        self.updated_at, self.updated_by = entry.at, entry.author.user
        self.entries[entry.version] = entry
        self.snapshots[entry.version] = Snapshot(entry.version, rebuilt.body)

    def _accept(self, one: Accepted, at: int) -> None:
        self.accepted[one.user, one.id] = one
        self.accepted_at[one.user, one.id] = at


def size_of(row: Entry | Summary) -> int:
    return len(msgspec.msgpack.encode(row))


Read = TypeVar("Read")


def first_page(rows: Iterable[Read], most: int, size: Callable[[Read], int]) -> list[Read]:
    """Return the first rows, up to `most` bytes, but at least one."""
    found: list[Read] = []
    held = 0
    for row in rows:
        held += size(row)
        if found and held > most:
            break
        found.append(row)
    return found


def absent(document: Document, least: int) -> Absent:
    """Return how a new document of this name begins, in an epoch from `least` on."""
    if not document.head:
        return Absent(max(1, least))
    epoch = max(document.epoch + 1, least)
    return Absent(epoch, document.head, document.control.revision + 1)
