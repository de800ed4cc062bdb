"""An entry: one accepted change of either lane or of HTTP, as the log keeps it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

Op = dict[str, Any]
Kind = Literal["create", "edit", "undo", "redo", "restore", "import", "repair"]
Lane = Literal["patch", "yjs", "http", "server"]

# A repair begins the document again: its ops replace the whole value, and its update is the whole
# state of a Yjs document. Opening the document needs no entry before it.
REPAIR: Final = "repair"


class Author(Struct, frozen=True):
    """The author of a change: a user, with the client and the session that sent it."""

    user: str
    name: str = ""
    client: str = ""
    session: str = ""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One version of a document.

    Invariant: `ops` lead from the value at `version - 1` to the value at `version`. `update` leads
    from the Yjs document at `version - 1` to the Yjs document at `version`.
    """

    version: int
    author: Author
    at: int  # milliseconds since 1970, UTC
    kind: Kind
    ops: list[Op]
    update: bytes
    lane: Lane = "patch"
    id: str = ""  # the request's id, unique per user and document; empty when it had none
    commit: str = ""  # the id of its batch, to look up whether an uncertain COMMIT succeeded
    inverse: bytes = b""  # undo records, encoded by `collab.document`
    reverts: list[int] = []  # of an undo or redo: the versions that it took back or put back
    leases: list[int] = []  # Yjs client ids that its update was the first to use
    answer: dict[str, Any] = {}  # the ack's other fields, to answer a retry of the request
    digest: bytes = b""  # of the request; empty in an entry that an earlier Weft wrote


class Accepted(Struct, frozen=True):
    """The id of an accepted request, with the answer for a retry.

    `answer` has the fields of the ack other than the version. `digest` tells a retry from another
    request under the same id. It is empty when an earlier Weft accepted the request.
    """

    user: str
    id: str
    version: int
    answer: dict[str, Any] = {}
    digest: bytes = b""

    @classmethod
    def of(cls, entry: Entry) -> Accepted:
        """Return the request that made an entry."""
        return cls(entry.author.user, entry.id, entry.version, entry.answer, entry.digest)


# A summary shows roughly where a change is. A paste may change thousands of places.
MAX_POINTERS: Final = 20


class Summary(Struct, frozen=True):
    """An entry as the history lists it, without values and Yjs updates."""

    version: int
    author: Author
    at: int
    kind: Kind
    pointers: list[str]  # where it changed the value, by `pointers_of`

    @classmethod
    def of(cls, entry: Entry) -> Summary:
        places = pointers_of(op["path"] for op in entry.ops)
        return cls(entry.version, entry.author, entry.at, entry.kind, places)


def pointers_of(paths: Iterable[str]) -> list[str]:
    """Return each pointer once, in the order of `paths`, without pointers below another one.

    When there are more than `MAX_POINTERS`, return only the last ones.
    """
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
    """Return the entry without its ops, which opening a document does not need."""
    return replace(entry, ops=[])


def since_repair(entries: Sequence[Entry]) -> Sequence[Entry] | None:
    """Return the newest repair and the entries after it; None when there is no repair."""
    for index in range(len(entries) - 1, -1, -1):
        if entries[index].kind == REPAIR:
            return entries[index:]
    return None
