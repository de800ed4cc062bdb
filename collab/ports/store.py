"""The ports of one database: the change log, and the names of versions.

Every adapter in `storage/` passes the contract suite of its port. All times are milliseconds since
1970, UTC. A call that cannot reach the database raises `StorageUnavailable`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

from collab.entry import Accepted, Entry, Summary
from collab.ids import DocKey
from collab.ports.assets import Assets, AssetUses
from collab.ports.audit import Audit
from collab.ports.availability import Availability
from collab.ports.directory import Directory, ShareLinks
from collab.ports.locks import LockRows, StoredLock
from collab.ports.positions import Control, Newer, Position
from collab.ports.publications import Publications
from collab.ports.repairs import Repairs

# The most stored bytes of entries that one call of `entries` returns (a page). A page with a larger
# first entry has only this entry.
PAGE_BYTES: Final = 4 << 20


class StorageUnavailable(Exception):
    """The database did not answer, or is full, locked or gone. The write may have succeeded."""


class Corrupt(Exception):
    """A stored row does not match its checksum, and no earlier row can replace it."""


class Snapshot(Struct, frozen=True):
    """A document's whole state at a version. `steps` has what its users can undo, if it is saved.

    Storage does not read `body` and `steps`. `collab.document` makes them.
    """

    version: int
    body: bytes
    steps: bytes = b""


class SavedSteps(Struct, frozen=True):
    """What users could undo at a version, and the entries from this version to the snapshot."""

    version: int
    body: bytes
    entries: list[Entry] = []


class Stored(Struct, frozen=True):
    """What opening a document needs: the newest sound snapshot and all entries after it, in order.

    The entries are `without_ops`: opening needs no ops, and the op for one letter in a long text
    may contain the whole text. `steps` are the newest sound undo steps, saved with this or an
    earlier snapshot.
    """

    epoch: int
    head: int
    control: Control
    snapshot: Snapshot | None
    entries: list[Entry]
    steps: SavedSteps | None = None


class Absent(Struct, frozen=True):
    """There is no such document. A new one of this name gets `epoch` or a later epoch.

    Its versions continue after `last`. `revision` continues too, so a commit that was checked with
    the deleted document clashes.
    """

    epoch: int = 1
    last: int = 0
    revision: int = 0


class NamedVersion(Struct, frozen=True):
    version: int
    name: str
    by: str
    at: int


class Append(Struct, frozen=True):
    """The changes of one commit to one document.

    - `after` is the head on which the entries were computed. They were checked with `epoch` and
      `revision`.
    - With `create`, the document must not exist. `after` and `revision` are those of its `Absent`,
      and `epoch` is that of its `Absent` or a later one.
    - `accepted` are ids that were answered without a new version.
    - `put` and `drop` are locks that the entries moved or ended. When there are any, the document's
      revision grows by one.
    """

    key: DocKey
    epoch: int
    after: int
    revision: int
    entries: list[Entry]
    accepted: list[Accepted] = []
    create: bool = False
    put: list[StoredLock] = []
    drop: list[str] = []
    quota: int = 0  # with `create`: the most documents of the tenant; 0 means no limit
    names: list[NamedVersion] = []  # with `create`: the names in an import
    schema: bytes = b""
    title: str | None = None  # the document's title for lists; None when it is unchanged


Compute: TypeAlias = Callable[[Newer | None], Awaitable[Append | None]]


class Committed(Struct, frozen=True, tag=True):
    """The entries are durable."""


class Clash(Struct, frozen=True, tag=True):
    """The row has another head, epoch or revision. Nothing of this document was written."""


class Full(Struct, frozen=True, tag=True):
    """The tenant has as many documents as it may. Nothing of this document was written."""


class Held(Struct, frozen=True, tag=True):
    """Another transaction has locked the document's row. Nothing of this document was written."""


class Duplicate(Struct, frozen=True, tag=True):
    """Some ids were accepted before. Nothing of this document was written."""

    accepted: list[Accepted]


Outcome = Committed | Clash | Duplicate | Full | Held


class DocRow(Struct, frozen=True):
    """A document in a listing. When it is `damaged`, the other fields may be wrong."""

    doc: str
    epoch: int
    version: int
    created_at: int
    updated_at: int
    updated_by: str
    published: int = 0
    damaged: bool = False


class ChangeLog(Protocol):
    """Keeps entries under versions without gaps. Of two writers on one head, only one succeeds."""

    async def load(self, key: DocKey) -> Stored | Absent:
        """Return the document to open, or where a new document of this name starts.

        When a snapshot is corrupt, return an earlier one and the entries since then. When an entry
        is corrupt, raise `Corrupt`.
        """

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        """Write a batch in one transaction. Return one outcome per append.

        The batch is durable on return. An append that clashes or is a duplicate changes nothing,
        and does not affect other appends. No append waits for a row that another transaction has
        locked. When the outcome is unknown, raise `StorageUnavailable`; then call `find_commit`.
        """

    async def commit_locked(self, key: DocKey, since: Position, compute: Compute) -> Outcome | None:
        """Commit a document whose commits clash, while other writers wait.

        Lock its row, read what is newer than `since`, and commit the append that `compute` returns
        for it. `compute` gets None when there is no such document. It is called on the caller's
        thread, and again when the transaction has to be repeated. When it returns None, write
        nothing, and return None. After an error, `compute` may still run, and may even begin: the
        transaction may get the row only then.
        """

    async def find_commit(self, key: DocKey, commit: str) -> int | None:
        """The highest version that was written under this commit id, or None.

        While another transaction has locked the document's row, raise `StorageUnavailable`: it may
        be the transaction of this commit.
        """

    async def position(self, key: DocKey) -> Position | None:
        """The document's position; None without a document. Other readers do not delay it."""

    async def positions(self, keys: Sequence[DocKey]) -> dict[DocKey, Position]:
        """The positions of the documents that exist, in few queries."""

    async def newer(self, key: DocKey, since: Position) -> Newer | None:
        """What is newer than a position, read at one moment; None without a document."""

    async def find_accepted(self, key: DocKey, user: str, ids: Sequence[str]) -> list[Accepted]:
        """The ids among these request ids that were accepted, with or without a version."""

    async def entries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Entry]:
        """The first entries with after < version <= upto, in order: one page.

        A page has at most `limit` entries. Together they have at most `most` bytes, unless the
        first entry alone has more. Raise `Corrupt` when an entry is missing that no compaction and
        no repair dropped."""

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        """The last entries with after < version <= upto, in order, without values and updates.

        This is one page, as in `entries`. `most` limits the bytes that are read for the page.
        """

    async def log_bytes(self, key: DocKey, after: int, upto: int) -> int:
        """The bytes in the log of the entries with after < version <= upto."""

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        """Save a state, and its steps if it has any. Only the last two saved steps are kept."""

    async def snapshot_before(self, key: DocKey, version: int) -> Snapshot | None:
        """The newest sound snapshot at or below `version`, without steps."""

    async def last_before(self, key: DocKey, at: int) -> int:
        """The newest kept version that was written before this time; 0 when there is none."""

    async def compact(
        self, key: DocKey, *, before: int, keep: Sequence[int], forget: int = 0
    ) -> int:
        """Drop old entries and snapshots. Return the number of dropped entries.

        Find the newest snapshot at or below `before`. Drop what is older, except:

        - The versions in `keep`, named versions and published versions stay readable. Each of them
          needs a snapshot at or below it, and the entries after this snapshot.
        - Besides the newest snapshot, an earlier sound snapshot stays, with the entries since then.
        - `find_accepted` still finds the ids that were accepted at `forget` or later.
        """

    async def delete(self, key: DocKey, at: int) -> bool:
        """Mark a document as deleted. The versions of its name continue under a new epoch."""

    async def new_epoch(self, key: DocKey, epoch: int) -> None: ...

    async def raise_epochs(self, least: int) -> None:
        """Give every document that is created from now on this epoch or a later one."""

    async def list_docs(self, tenant: str, after: str, limit: int) -> list[DocRow]: ...

    async def titles(self, tenant: str, docs: Sequence[str]) -> dict[str, str]:
        """The titles of these documents, in one query. A document without a title is left out."""

    async def row(self, key: DocKey) -> DocRow | None: ...

    async def find_rows(self, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]: ...

    async def set_schema(self, key: DocKey, schema: bytes, revision: int) -> bool:
        """Set the schema. When `revision` is no longer the document's, return False."""


class Names(Protocol):
    """Keeps the names of versions. Named versions are never dropped."""

    async def name_version(self, key: DocKey, named: NamedVersion, most: int = 0) -> bool:
        """Name a version. When `most` others have a name, return False; 0 means no limit."""

    async def named_versions(self, key: DocKey) -> list[NamedVersion]: ...


class Store(
    ChangeLog,
    Names,
    Publications,
    Directory,
    ShareLinks,
    LockRows,
    Audit,
    Repairs,
    Assets,
    AssetUses,
    Availability,
    Protocol,
):
    """One database with all ports."""

    async def start(self) -> None:
        """Connect, and bring a SQLite schema up to date."""

    async def migrate(self) -> None: ...

    async def close(self) -> None: ...
