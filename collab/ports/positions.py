"""The position of a document, what decides beside its value, and what is newer than a position."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from collab.entry import Entry
from collab.ports.locks import StoredLock


class Control(Struct, frozen=True):
    """The schema and the publication. With the value, they decide whether a change is accepted.

    Each write increases `revision`. A commit names the revision with which its changes were
    checked. When the document's row has another revision, the commit clashes.
    """

    revision: int = 0
    schema: bytes = b""  # JSON Schema, empty for none
    published: int = 0  # the published version, 0 for none


class Position(Struct, frozen=True):
    """A document's position. Each write of the document increases the version or the revision."""

    epoch: int
    version: int
    revision: int


class Newer(Struct, frozen=True):
    """What the database knows of a document, and a reader at an earlier position does not.

    - `position` is the document's position.
    - `entries` are all entries after the reader's version, in order. They are None when the reader
      is in another epoch, and when they are more than one page.
    - `control` and `locks` are None when the reader's revision is the document's.
    """

    position: Position
    entries: list[Entry] | None
    control: Control | None = None
    locks: list[StoredLock] | None = None


# The most entries of `Newer`.
MOST_NEWER: Final = 1000
