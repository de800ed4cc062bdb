"""An entry: one accepted change, whichever lane it came by, as it is kept in the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

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
    commit: str = ""  # finds what became of a COMMIT whose outcome is unknown
    inverse: bytes = b""  # undo records, encoded by `collab.document`
    reverts: list[int] = []  # undo and redo: the versions that it took back or put back
    leases: list[int] = []  # Yjs client ids that were first written under here
    answer: dict[str, Any] = {}  # what the ack said beside the version, for an id sent again
    digest: bytes = b""  # of the request under this id; empty where an earlier Weft wrote it


class Accepted(Struct, frozen=True):
    """A request's id that was answered; `answer` is what its ack said beside the version.

    `digest` differs for another request under the same id; it is empty where an earlier Weft
    accepted the request.
    """

    user: str
    id: str
    version: int
    answer: dict[str, Any] = {}
    digest: bytes = b""

    @classmethod
    def of(cls, entry: Entry) -> Accepted:
        """The request that made an entry."""
        return cls(entry.author.user, entry.id, entry.version, entry.answer, entry.digest)


# The pointers of a summary say where changes are, not each of them; a paste may touch thousands.
MAX_POINTERS: Final = 20


class Summary(Struct, frozen=True):
    """An entry as history lists it, without values and Yjs updates."""

    version: int
    author: Author
    at: int
    kind: Kind
    pointers: list[str]  # where it changed something, as `pointers_of` says

    @classmethod
    def of(cls, entry: Entry) -> Summary:
        places = pointers_of(op["path"] for op in entry.ops)
        return cls(entry.version, entry.author, entry.at, entry.kind, places)


def pointers_of(paths: Iterable[str]) -> list[str]:
    """Each pointer once, the newest last, at most `MAX_POINTERS`. A pointer below another one is
    left out."""
    places = dict.fromkeys(paths)
    return [place for place in places if not _lies_below(place, places)][-MAX_POINTERS:]


def _lies_below(place: str, places: Collection[str]) -> bool:
    end = place.rfind("/")
    while end >= 0:
        if place[:end] in places:
            return True
        end = place.rfind("/", 0, end)
    return False


def without_ops(entry: Entry) -> Entry:
    """The entry without its ops: what opening a document takes of it."""
    return replace(entry, ops=[])


def since_repair(entries: Sequence[Entry]) -> Sequence[Entry] | None:
    """The newest repair and the entries after it; None where there is no repair."""
    for index in range(len(entries) - 1, -1, -1):
        if entries[index].kind == REPAIR:
            return entries[index:]
    return None
