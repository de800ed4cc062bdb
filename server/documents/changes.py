"""What has changed in a document: who made a version and when, and what no snapshot has yet."""

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
    """What made a version; `at` is in milliseconds since 1970, UTC."""

    version: int
    at: int
    by: Author
    kind: Kind

    @classmethod
    def of(cls, entry: Entry | Summary) -> LastChange:
        return cls(entry.version, entry.at, entry.author, entry.kind)


# Nothing is saved again before what was changed since comes to this part of its size: so what
# snapshots take is in proportion to what was changed, and so is what an opening replays.
WORTH_SAVING = 8


@dataclass(slots=True)
class Unsaved:
    """What a document's next snapshot will have that its last one has not.

    `size` is how large the last one was. What users can undo is counted apart.
    """

    size: int = 0
    entries: int = 0
    bytes: int = 0
    oldest: float = 0.0  # since when, by the monotonic clock

    @property
    def is_worth_saving(self) -> bool:
        return self.entries > 0 and self.bytes * WORTH_SAVING >= self.size

    def add(self, entries: Sequence[Entry], now: float) -> None:
        if entries and not self.entries:
            self.oldest = now
        self.entries += len(entries)
        self.bytes += sum(len(entry.update) + len(entry.inverse) for entry in entries)

    def mark_due(self, now: float) -> None:
        """Save by age, whatever was changed."""
        self.size = 0
        self.entries = max(self.entries, 1)
        self.oldest = now


async def find_change(store: Store, key: DocKey, version: int) -> LastChange | None:
    """What made a version; None where that is not kept.

    An entry below a sound snapshot may be damaged. The row says who wrote last, so the head's
    change is known all the same, but for its kind.
    """
    try:
        found = await store.summaries(key, version - 1, version, 1)
    except Corrupt:
        found = []
    return LastChange.of(found[0]) if found else await head_change(store, key, version)


async def head_change(store: Store, key: DocKey, version: int) -> LastChange | None:
    """What the document's row says of the head; None where that is another version."""
    row = await store.row(key)
    if row is None or row.damaged or row.version != version:
        return None  # another instance is ahead; what it changed is no part of this value
    return LastChange(version, row.updated_at, Author(row.updated_by), "edit")
