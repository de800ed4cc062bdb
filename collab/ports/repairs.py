"""Repairs: the readable parts of a damaged document, and the document rebuilt from them."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from collab.entry import Entry
from collab.ids import DocKey


class Remains(Struct, frozen=True):
    """All rows of a document that match their checksums, and the versions of damaged rows.

    - `epoch`, `head` and `revision` are 0 when they cannot be read. `revision` is
      `Control.revision` (`collab/ports/store.py`).
    - `snapshots` has the body of each snapshot by its version, oldest first. `steps` has what users
      could undo at some of these versions.
    - `entries` are in order, with gaps.
    - `lost` has a sentence for each unreadable part: epoch, head, revision, locks or steps.
    - `lost_entries` has the versions without a row: the first and the last version of each range.
      A damaged entry still has a row. Versions that retention or a repair dropped are not lost.
    - `names` are the readable names of versions: version, name, user and time.
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
    """A rebuilt document.

    `entry` has the kind `repair`. It is the newest version, and the first version in the new
    `epoch`. Readable entries before it stay in the history.

    - `seen` is the epoch of the damaged document, and `epoch` is the new one. `head` and `revision`
      are those of the damaged document.
    - `body` is the new snapshot, and `steps` has what users can undo.
    - The rebuild drops the unreadable rows in `drop_entries` and `drop_snapshots`, and all locks.
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
    """Reads a damaged document row by row, and writes the rebuilt document in one transaction."""

    async def remains(self, key: DocKey) -> Remains | None:
        """Return everything that is readable; None when there is no such document."""

    async def rebuild(self, key: DocKey, rebuilt: Rebuilt) -> bool:
        """Write the rebuilt document.

        If another writer has changed the document since the call of `remains`, write nothing, and
        return False.
        """
