"""The open documents in numbers, for the metrics, the samples and the status page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from server.documents.hub import Hub


class OpenDocuments(NamedTuple):
    """How many documents are open, and sums over all of them.

    `waiting` are requests that wait for a commit. `tail_entries` are log entries in memory.
    """

    documents: int
    read_only: int
    waiting: int
    tail_entries: int
    locks: int
    present: int

    @classmethod
    def of(cls, hub: Hub) -> OpenDocuments:
        """Return the numbers of the hub's documents now."""
        read_only = waiting = tail_entries = locks = present = 0
        for live in hub.lives.values():
            read_only += live.is_read_only
            waiting += len(live.queue)
            tail_entries += len(live.room.tail)
            locks += len(live.room.guard.committed.held)
            present += len(live.presence.book)
        return cls(len(hub.lives), read_only, waiting, tail_entries, locks, present)
