"""Repairs: what can be read of a damaged document, and the document that is written from it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from collab.entry import Entry
from collab.ids import DocKey


class Remains(Struct, frozen=True):
    """Everything of a document that matches its checksum, and the versions of what does not.

    `snapshots` are bodies by version, oldest first, and `steps` what users could undo; `entries`
    are in order, with gaps. `epoch`, `head` and `revision` are 0 where they cannot be read. `lost`
    has a sentence for each of these, and for locks and steps that cannot be read. `lost_entries`
    are the first and the last of each run of versions that no compaction and no repair took.
    `names` are version, name, user and time of those that can be read.
    """

    epoch: int
    head: int
    revision: int
    schema: bytes
    snapshots: dict[int, bytes]
    entries: list[Entry]
    damaged_snapshots: list[int] = []
    damaged_entries: list[int] = []
    lost: list[str] = []
    steps: dict[int, bytes] = {}
    lost_entries: list[tuple[int, int]] = []
    names: list[tuple[int, str, str, int]] = []


class Rebuilt(Struct, frozen=True):
    """A document that begins again at `entry`, a repair, under a new epoch.

    `seen`, `head` and `revision` are the epoch, head and revision that it was rebuilt from.
    `body` is its snapshot, and `steps` are what users can undo. The rows in `drop_entries` and
    `drop_snapshots` cannot be read and go, and so do the locks.
    """

    seen: int
    head: int
    revision: int
    epoch: int
    entry: Entry
    body: bytes
    drop_entries: list[int] = []
    drop_snapshots: list[int] = []
    drop_schema: bool = False
    steps: bytes = b""


class Repairs(Protocol):
    """Reads a document row by row, and writes it in one transaction."""

    async def remains(self, key: DocKey) -> Remains | None:
        """What can be read, whatever else is damaged; None where there is no such document."""

    async def rebuild(self, key: DocKey, rebuilt: Rebuilt) -> bool:
        """False where another writer came first: nothing was written."""
