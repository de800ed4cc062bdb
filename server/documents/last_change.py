"""Who made a version, and when: from its entry, or for the head from the document's row."""

from __future__ import annotations

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
