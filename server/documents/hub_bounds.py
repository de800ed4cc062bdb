"""What the hub obeys: when snapshots are made and idle documents unloaded, and the rooms' terms."""

from __future__ import annotations

from dataclasses import dataclass

from collab.locks.terms import DEFAULT_TERMS, LockTerms
from collab.presence.book import PresenceBook
from collab.room.working import RoomBounds


@dataclass(frozen=True, slots=True)
class HubBounds:
    """The settings that open documents share."""

    room: RoomBounds
    snapshot_entries: int = 200
    snapshot_bytes: int = 1 << 20
    snapshot_seconds: float = 60.0
    idle_seconds: float = 60.0
    answer_seconds: float = 20.0
    max_exports: int = 4
    presence_per_second: float = 20.0
    presence_bytes: int = 2048
    terms: LockTerms = DEFAULT_TERMS

    def new_book(self) -> PresenceBook:
        return PresenceBook(per_second=self.presence_per_second, max_bytes=self.presence_bytes)
