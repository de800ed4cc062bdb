"""The ports that the core needs: the change log, the directory, locks.

Every adapter in `storage/` passes the contract suite of its port. All times are
milliseconds since 1970, UTC. Calls that cannot reach the database raise `StorageUnavailable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from collab.entry import Accepted, Entry, Summary
from collab.ids import DocKey
from collab.ports.audit import Audit
from collab.ports.locks import LockRows, StoredLock
from collab.ports.publications import Publications
from collab.ports.repairs import Repairs

# How many stored bytes of entries are read at once, beside the first entry of a page.
PAGE_BYTES: Final = 4 << 20


class StorageUnavailable(Exception):
    """The database did not answer, or is full, locked or gone; a write may have succeeded."""


class Corrupt(Exception):
    """A stored row does not match its checksum, and nothing earlier can stand in for it."""


class Snapshot(Struct, frozen=True):
    """A document's whole state at a version, and what its users can undo, where it is saved too.

    Both are opaque here, made by `collab.document`.
    """

    version: int
    body: bytes
    steps: bytes = b""


class SavedSteps(Struct, frozen=True):
    """What users could undo at a version, and the entries from there to the snapshot."""

    version: int
    body: bytes
    entries: list[Entry] = []


class Control(Struct, frozen=True):
    """What decides beside the value whether a change is accepted; each write moves `revision`.

    A commit states the revision that it was checked by; when the row has another, it clashes.
    """

    revision: int = 0
    schema: bytes = b""  # JSON Schema, empty for none
    published: int = 0  # the published version, 0 for none


class Stored(Struct, frozen=True):
    """A document as it is opened: the newest sound snapshot and every entry after it, in order.

    The entries are `without_ops`: opening takes no ops, and a letter in a long text is an op that
    holds the text. `steps` are the newest sound ones that were saved with it or before it.
    """

    epoch: int
    head: int
    control: Control
    snapshot: Snapshot | None
    entries: list[Entry]
    steps: SavedSteps | None = None


class Absent(Struct, frozen=True):
    """No such document. A new one of this name gets this epoch, or a later one, and its versions
    continue after `last`.

    `revision` continues too, so that a commit checked by the deleted document clashes.
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
    """What one commit adds to one document.

    `after` is the head that the entries were computed on, `epoch` and `revision` what they were
    checked by. With `create` the document must not exist, `after` and `revision` are those of its
    `Absent`, and `epoch` is that one or a later one. `accepted` are ids that were answered without
    making a version. `put` and `drop` are locks that the entries moved or ended; with either,
    `revision` moves by one.
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
    quota: int = 0  # with `create`: as many documents the tenant may have; 0 is no limit
    names: list[NamedVersion] = []  # with `create`, what an import brings along
    schema: bytes = b""


class Committed(Struct, frozen=True, tag=True):
    """The entries are durable."""


class Clash(Struct, frozen=True, tag=True):
    """Head, epoch or revision were others; nothing of this document was written."""


class Full(Struct, frozen=True, tag=True):
    """The tenant has as many documents as it may; nothing of this document was written."""


class Held(Struct, frozen=True, tag=True):
    """Another transaction holds the document's row; nothing of this document was written."""


class Duplicate(Struct, frozen=True, tag=True):
    """Ids that were accepted before; nothing of this document was written."""

    accepted: list[Accepted]


Outcome = Committed | Clash | Duplicate | Full | Held


class DocRow(Struct, frozen=True):
    """A document in a listing; when it is `damaged`, the other fields may be wrong."""

    doc: str
    epoch: int
    version: int
    created_at: int
    updated_at: int
    updated_by: str
    published: int = 0
    damaged: bool = False


class Position(Struct, frozen=True):
    """A document's position: each write of it moves the version or the revision."""

    epoch: int
    version: int
    revision: int


class ChangeLog(Protocol):
    """Entries under dense versions. The arbiter: of two writers on one head, one wins."""

    async def load(self, key: DocKey) -> Stored | Absent:
        """The document to open, or what a new one starts from when there is none.

        A corrupt snapshot is passed over for an earlier one and the entries since; a corrupt
        entry raises `Corrupt`.
        """

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        """All of it in one transaction and one hop, durable on return; one outcome an append.

        An append that clashes or is a duplicate leaves its own document untouched and does not
        disturb the others. No append waits for a row that another transaction holds. Raises
        `StorageUnavailable` when the outcome is unknown: the caller then asks `find_commit`.
        """

    async def commit_locked(
        self,
        keys: Sequence[DocKey],
        compute: Callable[[list[Stored | Absent]], Sequence[Append]],
    ) -> list[Outcome]:
        """`commit` for documents that keep clashing: no other writer comes in between.

        Takes the rows' locks, loads the documents in the order of `keys`, and commits what
        `compute` makes of them: called once, on the caller's thread, while others wait.
        """

    async def find_commit(self, key: DocKey, commit: str) -> int | None:
        """The highest version that was written under this commit id, None when none was.

        Raises `StorageUnavailable` while another transaction holds the document's row: it may be
        this commit's.
        """

    async def position(self, key: DocKey) -> Position | None:
        """None when there is no document. It waits for no other reader."""

    async def find_accepted(self, key: DocKey, user: str, ids: Sequence[str]) -> list[Accepted]:
        """Which of these request ids were accepted, in entries or without a version."""

    async def entries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Entry]:
        """The first entries with after < version <= upto, in order.

        `Corrupt` where one is lost that no compaction and no repair took. At most `limit`.
        All but the first take at most `most` bytes with it; a caller that wants all asks again."""

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        """The last entries with after < version <= upto, in order, without values and updates.

        As by `entries`; of the bytes that are read for them at most `most` beside the last.
        """

    async def log_bytes(self, key: DocKey, after: int, upto: int) -> int:
        """How many bytes the entries with after < version <= upto have in the log."""

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        """Save a state; with steps, only those saved last before stay beside them."""

    async def snapshot_before(self, key: DocKey, version: int) -> Snapshot | None:
        """The newest sound snapshot at or below `version`, without steps."""

    async def last_before(self, key: DocKey, at: int) -> int:
        """The newest kept version that was written before this time, 0 when there is none."""

    async def compact(
        self, key: DocKey, *, before: int, keep: Sequence[int], forget: int = 0
    ) -> int:
        """Drop unneeded entries below the newest snapshot at or below `before`, and
        superseded snapshots, but keep each version in `keep`, the named and the published
        reachable (a snapshot at or below it and the entries up to it). How many entries went.

        The newest snapshot always keeps an earlier sound one beside it, with the entries since.
        Ids accepted at `forget` or later stay found though their entry is gone."""

    async def delete(self, key: DocKey, at: int) -> bool:
        """Mark deleted: it no longer exists; the versions of its name continue with a new epoch."""

    async def new_epoch(self, key: DocKey, epoch: int) -> None: ...

    async def raise_epochs(self, least: int) -> None:
        """Every document that is made from now on gets this epoch or a later one."""

    async def list_docs(self, tenant: str, after: str, limit: int) -> list[DocRow]: ...

    async def row(self, key: DocKey) -> DocRow | None: ...

    async def find_rows(self, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]: ...

    async def set_schema(self, key: DocKey, schema: bytes, revision: int) -> bool:
        """False when `revision` is no longer the document's."""


class Names(Protocol):
    """Names of versions; named versions are never dropped."""

    async def name_version(self, key: DocKey, named: NamedVersion, most: int = 0) -> bool:
        """False when `most` other versions have a name; 0 is no limit."""

    async def named_versions(self, key: DocKey) -> list[NamedVersion]: ...


class SigningKey(Struct, frozen=True):
    kid: str
    secret: bytes
    created_at: int
    retired_at: int = 0  # 0: still active


class Directory(Protocol):
    """Tenants and their keys."""

    async def add_tenant(self, tenant: str, at: int) -> bool:
        """False when it was there already."""

    async def tenants(self) -> list[str]: ...

    async def add_key(self, tenant: str, key: SigningKey) -> None: ...

    async def retire_key(self, tenant: str, kid: str, at: int) -> bool: ...

    async def keys(self, tenant: str) -> list[SigningKey]:
        """Every key of the tenant, retired ones included, oldest first."""

    async def find_keys(self, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
        """The tenant and the key of each of these ids that exists, in one query."""


class Store(ChangeLog, Names, Publications, Directory, LockRows, Audit, Repairs, Protocol):
    """One database, all of its ports."""

    async def start(self) -> None:
        """Connect, and bring a SQLite schema up to date."""

    async def migrate(self) -> None: ...

    async def ping(self) -> None:
        """Raises `StorageUnavailable` when the database would take no edit."""

    async def close(self) -> None: ...
