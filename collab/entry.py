"""An entry: one accepted change of a document, as the log stores it.

The log is the list of all entries of a document in the database. A change comes over the patch lane
(JSON), over the Yjs lane, over HTTP, or from the server itself (`Lane`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

Op = dict[str, Any]
# The exact changes of a text (`collab/patch/text_changes.py`).
TextChange: TypeAlias = tuple[int, int, str]
TextChanges: TypeAlias = tuple[TextChange, ...]
Kind = Literal["create", "edit", "undo", "redo", "restore", "import", "repair"]
Lane = Literal["patch", "yjs", "http", "server"]

# A repair of a damaged document writes an entry of this kind. Its ops replace the whole value. Its
# update is a whole state: of the old Yjs document if that can be read, otherwise of a new one. So
# the server opens the document without the entries before the repair.
REPAIR: Final = "repair"
# The server itself writes edits on this lane only when it renews a document.
SERVER: Final = "server"


class Author(Struct, frozen=True):
    """The author of a change: a user, with the client and the session that sent it."""

    user: str
    name: str = ""
    client: str = ""
    session: str = ""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One version of a document.

    Invariant: `ops` lead from the value at `version - 1` to the value at `version`. `update` leads
    from the Yjs document at `version - 1` to the Yjs document at `version`. A repair is an
    exception: its `update` is the whole state at `version`.
    """

    version: int
    author: Author
    at: int  # milliseconds since 1970, UTC
    kind: Kind
    ops: list[Op]
    update: bytes
    lane: Lane = "patch"
    id: str = ""  # the request's id, unique per user and document; empty when it had none
    commit: str = ""  # the id of the entry's batch; shows whether an uncertain COMMIT succeeded
    inverse: bytes = b""  # what undo needs to take the entry back, encoded by `collab.document`
    reverts: list[int] = []  # of an undo or redo: the versions that it took back or put back
    leases: list[int] = []  # the Yjs client ids that the entry's update was the first to use
    answer: dict[str, Any] = {}  # the ack's other fields, to answer a retry of the request
    digest: bytes = b""  # of the request; empty when an older version of Weft wrote the entry
    texts: dict[int, TextChanges] = {}  # the exact changes of a text, by the number of its op


class Accepted(Struct, frozen=True):
    """The id of an accepted request, with the answer for a retry.

    `answer` has the fields of the ack other than the version. `digest` shows whether a second
    request with the same id is a retry or a different request. `digest` is empty when an older
    version of Weft accepted the request.
    """

    user: str
    id: str
    version: int
    answer: dict[str, Any] = {}
    digest: bytes = b""

    @classmethod
    def of(cls, entry: Entry) -> Accepted:
        """Return the id and the answer of the request that made the entry."""
        return cls(entry.author.user, entry.id, entry.version, entry.answer, entry.digest)


# A paste may change thousands of places. So a summary names only some of the changed places.
MAX_POINTERS: Final = 20


class Summary(Struct, frozen=True):
    """An entry as the history of a document lists it, without values and Yjs updates."""

    version: int
    author: Author
    at: int
    kind: Kind
    pointers: list[str]  # the changed places, as `pointers_of` returns them

    @classmethod
    def of(cls, entry: Entry) -> Summary:
        places = pointers_of(op["path"] for op in entry.ops)
        return cls(entry.version, entry.author, entry.at, entry.kind, places)


def pointers_of(paths: Iterable[str]) -> list[str]:
    """Return each pointer once, in the order of `paths`.

    A pointer below another pointer of `paths` is left out. When more than `MAX_POINTERS` pointers
    remain, return only the last `MAX_POINTERS`.
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
    """Return the entry without its ops. The server does not need ops to open a document."""
    return replace(entry, ops=[])


def is_renewal(entry: Entry) -> bool:
    """Whether the server has renewed the document with this entry (`collab/tree/renewal.py`)."""
    return entry.lane == SERVER and entry.kind == "edit"


def since_repair(entries: Sequence[Entry]) -> Sequence[Entry] | None:
    """Return the newest repair and the entries after it; None when there is no repair."""
    for index in range(len(entries) - 1, -1, -1):
        if entries[index].kind == REPAIR:
            return entries[index:]
    return None
