"""An entry: one accepted change, whichever lane it came by, as it is kept in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct

Op = dict[str, Any]
Kind = Literal["create", "edit", "undo", "redo", "restore", "import", "repair"]
Lane = Literal["patch", "yjs", "http", "server"]


# A repair begins the document again: its ops replace the whole value, and its update is the whole
# state of a Yjs document. Nothing before it is needed to open the document.
REPAIR: Final = "repair"


class Author(Struct, frozen=True):
    """Who made a change: a user, and which of their tabs."""

    user: str
    name: str = ""
    client: str = ""
    session: str = ""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One version of a document.

    Invariant: `ops`, applied to the value at `version - 1`, give the value at `version`,
    and `update`, applied to the Yjs document at `version - 1`, gives the one at `version`.
    """

    version: int
    author: Author
    at: int  # milliseconds since 1970, UTC
    kind: Kind
    ops: list[Op]
    update: bytes
    lane: Lane = "patch"
    id: str = ""  # the request's id, unique per user and document; empty where it had none
    commit: str = ""  # settles a COMMIT whose outcome is unknown
    inverse: bytes = b""  # undo records, encoded by `collab.document`
    reverts: list[int] = []  # undo and redo: the versions that it took back or put back
    leases: list[int] = []  # Yjs client ids that were first written under here
    answer: dict[str, Any] = {}  # what the ack said beside the version, for an id sent again


def since_repair(entries: Sequence[Entry]) -> Sequence[Entry] | None:
    """The newest repair and the entries after it; None where there is no repair."""
    for index in range(len(entries) - 1, -1, -1):
        if entries[index].kind == REPAIR:
            return entries[index:]
    return None
