"""The store in memory, for tests. It fulfils the same contract, but nothing is durable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import attrgetter

from collab.entry import Accepted, Entry, Summary, without_ops
from collab.ids import DocKey
from collab.ports.audit import ActivityRow
from collab.ports.availability import BreakerState
from collab.ports.directory import ShareLink
from collab.ports.locks import StoredLock
from collab.ports.positions import Control, Newer, Position
from collab.ports.publications import Publication, PublicState
from collab.ports.repairs import Rebuilt, Remains
from collab.ports.store import (
    PAGE_BYTES,
    Absent,
    Append,
    Clash,
    Committed,
    Compute,
    Corrupt,
    DocRow,
    Duplicate,
    Full,
    Held,
    NamedVersion,
    Outcome,
    Snapshot,
    Stored,
)
from storage.memory.assets import MemoryAssets
from storage.memory.directory import MemoryAudit, MemoryDirectory
from storage.memory.document import Document, absent, first_page, size_of
from storage.retention import is_complete, retain


class MemoryStore(MemoryDirectory, MemoryAudit, MemoryAssets):
    """All ports, on dictionaries.

    Invariant: all but `commit_locked` is atomic. `clock` returns the database's milliseconds.
    """

    def __init__(self, clock: Callable[[], int] = lambda: 0) -> None:
        super().__init__()
        self._clock = clock
        self._least_epoch = 0
        self._documents: defaultdict[DocKey, Document] = defaultdict(Document)

    def _existing(self, key: DocKey) -> Document | None:
        document = self._documents.get(key)
        return None if document is None or document.deleted else document

    async def load(self, key: DocKey) -> Stored | Absent:
        document = self._documents.get(key, Document())
        if document.deleted:
            return absent(document, self._least_epoch)
        snapshot = await self.snapshot_before(key, document.head)
        since = snapshot.version if snapshot else 0
        found = document.between(since, document.head)
        if not is_complete(since, found, document.head):
            raise Corrupt(f"{key.tenant}/{key.doc} has a gap in its log")
        control, saved = document.control, document.saved_steps(snapshot)
        entries = list(map(without_ops, found))
        return Stored(document.epoch, document.head, control, snapshot, entries, saved)

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        rows = self._documents
        return [Held() if rows[one.key].row.locked() else self._commit(one) for one in batch]

    async def commit_locked(self, key: DocKey, since: Position, compute: Compute) -> Outcome | None:
        async with self._documents[key].row:
            append = await compute(await self.newer(key, since))
            return None if append is None else self._commit(append)

    def _commit(self, append: Append) -> Outcome:
        document = self._documents[append.key]
        if known := document.known_requests(append):
            return Duplicate(known)
        if not document.matches(append):
            return Clash()
        if append.create and append.quota and self._count(append.key.tenant) >= append.quota:
            return Full()
        document.add(append, self._clock())
        return Committed()

    def _count(self, tenant: str) -> int:
        return sum(key.tenant == tenant and not one.deleted for key, one in self._documents.items())

    async def find_commit(self, key: DocKey, commit: str) -> int | None:
        entries = self._documents[key].entries.values()
        return max((entry.version for entry in entries if entry.commit == commit), default=None)

    async def position(self, key: DocKey) -> Position | None:
        document = self._existing(key)
        return None if document is None else document.position

    async def positions(self, keys: Sequence[DocKey]) -> dict[DocKey, Position]:
        found = {key: await self.position(key) for key in keys}
        return {key: position for key, position in found.items() if position is not None}

    async def newer(self, key: DocKey, since: Position) -> Newer | None:
        document = self._existing(key)
        return None if document is None else document.newer(since)

    async def find_accepted(self, key: DocKey, user: str, ids: Sequence[str]) -> list[Accepted]:
        accepted = self._documents[key].accepted
        return [accepted[user, one] for one in ids if (user, one) in accepted]

    async def entries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Entry]:
        found = self._documents[key].between(after, upto)
        return first_page(found[:limit], most, size_of)

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        found = map(Summary.of, reversed(self._documents[key].between(after, upto)[-limit:]))
        return first_page(found, most, size_of)[::-1]

    async def log_bytes(self, key: DocKey, after: int, upto: int) -> int:
        return sum(map(size_of, self._documents[key].between(after, upto)))

    async def last_before(self, key: DocKey, at: int) -> int:
        entries = self._documents[key].entries.values()
        return max((entry.version for entry in entries if entry.at < at), default=0)

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        document = self._existing(key)
        if document and document.epoch == epoch and snapshot.version <= document.head:
            document.save(snapshot)

    async def snapshot_before(self, key: DocKey, version: int) -> Snapshot | None:
        found = [s for s in self._documents[key].snapshots.values() if s.version <= version]
        return max(found, key=attrgetter("version"), default=None)

    async def compact(
        self, key: DocKey, *, before: int, keep: Sequence[int], forget: int = 0
    ) -> int:
        document = self._existing(key)
        if document is None:
            return 0
        public = [step.version for step in document.publications]
        needed = {*keep, *document.named, *public}
        before = min([before, *document.steps])
        plan = retain(sorted(document.snapshots), before=before, needed=needed)
        gone = [v for after, upto in plan.dropped_ranges() for v in range(after + 1, upto + 1)]
        dropped = [version for version in gone if document.entries.pop(version, None)]
        document.snapshots = {v: document.snapshots[v] for v in plan.snapshots}
        for pair, at in list(document.accepted_at.items()):
            if at < forget and document.accepted[pair].version not in document.entries:
                del document.accepted[pair], document.accepted_at[pair]
        return len(dropped)

    async def delete(self, key: DocKey, at: int) -> bool:
        document = self._existing(key)
        if document is None:
            return False
        revision = document.control.revision
        self._documents[key] = Document(document.epoch, document.head, Control(revision))
        self._keep_links(lambda owner, _: owner != key)
        return True

    async def new_epoch(self, key: DocKey, epoch: int) -> None:
        if document := self._existing(key):
            document.epoch = epoch
            document.bump_revision(document.control.revision)

    async def remains(self, key: DocKey) -> Remains | None:
        document = self._existing(key)
        if document is None:
            return None
        snapshots = {version: one.body for version, one in sorted(document.snapshots.items())}
        entries = [entry for _, entry in sorted(document.entries.items())]
        revision, schema = document.control.revision, document.control.schema
        epoch, head, steps = document.epoch, document.head, document.steps
        names = [(n.version, n.name, n.by, n.at) for _, n in sorted(document.named.items())]
        return Remains(epoch, head, revision, schema, snapshots, entries, steps=steps, names=names)

    async def rebuild(self, key: DocKey, rebuilt: Rebuilt) -> bool:
        document = self._documents[key]
        seen = (rebuilt.seen, rebuilt.head)
        if (document.epoch, document.head) != seen or not document.bump_revision(rebuilt.revision):
            return False
        document.rewrite(rebuilt)
        return True

    async def raise_epochs(self, least: int) -> None:
        self._least_epoch = max(self._least_epoch, least)

    async def list_docs(self, tenant: str, after: str, limit: int) -> list[DocRow]:
        names = sorted(key for key in self._documents if key.tenant == tenant and key.doc > after)
        rows = [await self.row(key) for key in names]
        return [row for row in rows if row][:limit]

    async def titles(self, tenant: str, docs: Sequence[str]) -> dict[str, str]:
        found = {doc: self._existing(DocKey(tenant, doc)) for doc in docs}
        return {doc: one.title for doc, one in found.items() if one is not None and one.title}

    async def row(self, key: DocKey) -> DocRow | None:
        document = self._existing(key)
        if document is None:
            return None
        return DocRow(
            doc=key.doc,
            epoch=document.epoch,
            version=document.head,
            created_at=document.created_at,
            updated_at=document.updated_at,
            updated_by=document.updated_by,
            published=document.control.published,
        )

    async def find_rows(self, keys: Sequence[DocKey]) -> dict[DocKey, DocRow]:
        found = {key: await self.row(key) for key in keys}
        return {key: row for key, row in found.items() if row is not None}

    async def activity(self, tenant: str, before: int, limit: int) -> list[ActivityRow]:
        found = self._changes(tenant, before)[:limit]
        keys = [DocKey(tenant, key.doc) for _, key, _ in found]
        titles = await self.titles(tenant, [key.doc for key in keys])
        return [
            ActivityRow(
                number=number,
                doc=key.doc,
                title=titles.get(key.doc, ""),
                is_deleted=self._existing(key) is None,
                row=row,
            )
            for number, key, row in found
        ]

    async def ever_existed(self, key: DocKey) -> bool:
        document = self._documents.get(key)
        return document is not None and document.head > 0

    async def set_schema(self, key: DocKey, schema: bytes, revision: int) -> bool:
        return self._documents[key].bump_revision(revision, schema=schema)

    async def publish(self, key: DocKey, publication: Publication, revision: int) -> bool:
        document = self._documents[key]
        if not document.bump_revision(revision, published=publication.pointer):
            return False
        document.publications.append(publication)
        return True

    async def public_state(self, key: DocKey) -> PublicState | None:
        document = self._existing(key)
        if document is None:
            return None
        control = document.control
        published = document.publications[-1] if control.published else None
        return PublicState(control.revision, published)

    async def public_versions(self, key: DocKey) -> list[int]:
        return sorted({one.version for one in self._documents[key].publications})

    async def publications(self, key: DocKey, after: int, upto: int) -> list[Publication]:
        return [p for p in self._documents[key].publications if after < p.version <= upto]

    async def name_version(self, key: DocKey, named: NamedVersion, most: int = 0) -> bool:
        if document := self._existing(key):
            if most and len(document.named.keys() - {named.version}) >= most:
                return False
            document.named[named.version] = named
        return True

    async def named_versions(self, key: DocKey) -> list[NamedVersion]:
        return [named for _, named in sorted(self._documents[key].named.items())]

    async def add_share(self, key: DocKey, link: ShareLink, most: int = 0) -> bool | None:
        if self._existing(key) is None:
            return None
        links = await self.shares(key)
        if most and sum(one.expires_at > link.created_at for one in links) >= most:
            return False
        self._links[link.id] = key, link
        return True

    async def locks(self, key: DocKey) -> tuple[int, list[StoredLock]]:
        document = self._existing(key)
        if document is None:
            return 0, []
        return document.control.revision, [lock for _, lock in sorted(document.locks.items())]

    async def save_locks(
        self,
        key: DocKey,
        *,
        revision: int,
        put: Sequence[StoredLock],
        drop: Sequence[str],
        head: int = 0,
        steps: int = 1,
    ) -> bool:
        document = self._documents[key]
        if head not in (0, document.head) or not document.bump_revision(revision, steps):
            return False
        document.move_locks(put, drop)
        return True

    async def now(self) -> int:
        return self._clock()

    async def start(self) -> None: ...

    async def migrate(self) -> None: ...

    async def ping(self) -> None: ...

    async def watch(self) -> None: ...

    def breakers(self) -> list[BreakerState]:
        return []

    async def close(self) -> None: ...
