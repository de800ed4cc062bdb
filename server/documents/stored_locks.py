"""The locks that a document is opened with: read at the revision that the document has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.locks.state import Locks
from collab.ports.store import Absent, StorageUnavailable, Stored

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.locks.terms import LockTerms
    from collab.ports.store import Store
    from server.runtime.database_clock import DatabaseClock

# Each time somebody else has written between two reads.
TRIES = 8


async def read_document(
    store: Store, time: DatabaseClock, key: DocKey, terms: LockTerms
) -> tuple[Stored | Absent, Locks]:
    """The document and its locks; a commit that moves an element moves its locks' rows too."""
    for _ in range(TRIES):
        stored = await store.load(key)
        if isinstance(stored, Absent):
            return stored, Locks(stored.revision, terms=terms)
        revision, rows = await store.locks(key)
        if revision == stored.control.revision:
            if rows:
                await time.sync()
            return stored, Locks.load(revision, rows, stored.head, terms=terms).locks
    raise StorageUnavailable("the document's locks change faster than they can be read")
