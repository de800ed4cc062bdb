"""The last change of a document, and the changes that no snapshot contains yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from collab.entry import Author, Entry, Kind, Summary
from collab.ports.store import Corrupt

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.ports.store import Store


class LastChange(NamedTuple):
    """Who made a version, when and how; `at` is Unix time in milliseconds."""

    version: int
    at: int
    by: Author
    kind: Kind

    @classmethod
    def of(cls, entry: Entry | Summary) -> LastChange:
        """Return the change of an entry."""
        return cls(entry.version, entry.at, entry.author, entry.kind)


# A snapshot is made only when the changes since the last snapshot reach 1/8 of its size. So the
# cost of snapshots is proportional to the changes. The same is true for the replay of the changes
# when a document is opened.
WORTH_SAVING = 8


@dataclass(slots=True)
class Unsaved:
    """Counts the changes that the last snapshot of a document does not contain.

    `size` is the size of the last snapshot. Another `Unsaved` counts the changes that the last
    saved undo steps do not contain. It gets them when a snapshot is made.
    """

    size: int = 0
    entries: int = 0
    bytes: int = 0
    oldest: float = 0.0  # the time of the oldest unsaved change, by the monotonic clock

    @property
    def is_worth_saving(self) -> bool:
        """Whether there are enough changes for another snapshot."""
        return self.entries > 0 and self.bytes * WORTH_SAVING >= self.size

    def add(self, entries: Sequence[Entry], now: float) -> None:
        """Count committed entries."""
        if entries and not self.entries:
            self.oldest = now
        self.entries += len(entries)
        for entry in entries:
            self.bytes += len(entry.update) + len(entry.inverse)

    def join(self, later: Unsaved) -> None:
        """Count the changes that `later` has counted."""
        self.entries += later.entries
        self.bytes += later.bytes

    def mark_due(self, now: float) -> None:
        """Make the next snapshot due by age, however small the changes are."""
        self.size = 0
        self.entries = max(self.entries, 1)
        self.oldest = now


async def find_change(store: Store, key: DocKey, version: int) -> LastChange | None:
    """Return who made a version and when; None when the store no longer knows it.

    The entry may be damaged although a later snapshot is sound. Then the document's row still has
    the author and time of the head (the newest version), but not the kind.
    """
    try:
        found = await store.summaries(key, version - 1, version, 1)
    except Corrupt:
        found = []
    return LastChange.of(found[0]) if found else await head_change(store, key, version)


async def head_change(store: Store, key: DocKey, version: int) -> LastChange | None:
    """Return the head's change from the document's row; None when the head is another version."""
    row = await store.row(key)
    if row is None or row.damaged or row.version != version:
        return None  # another instance is ahead; its change is not part of this value
    return LastChange(version, row.updated_at, Author(row.updated_by), "edit")
