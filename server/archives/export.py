"""Exports: a document with its history, written one page of log entries at a time.

An export reads every entry twice. The first pass ends before the response begins. So it finds a
damaged entry while the server can still refuse the request. The second pass reads only as fast as
the client reads the response.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from collab.entry import REPAIR, Entry, since_repair
from collab.errors import Code, Rejected
from collab.ids import DocKey, Json
from collab.ports.store import Corrupt, NamedVersion, Store
from collab.wire import rfc3339
from server.archives.archive import Archive
from server.archives.repair import salvage
from server.loading.history import PAGE

_encode = msgspec.json.Encoder().encode
BUSY_MS = 5000


class Exports:
    """Limits how many exports run at once, in total and of one user.

    Invariant: an export counts while its `running` block runs, however the block ends.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # Only one export at a time reads a damaged document.
        self.salvaging = asyncio.Lock()
        self._of: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return self._of.total()

    @contextmanager
    def running(self, tenant: str, user: str) -> Iterator[None]:
        """Count an export, or raise `rate_limited`. One user may run half of all exports."""
        owner, most_own = (tenant, user), max(1, self._most // 2)
        if self._most and (len(self) >= self._most or self._of[owner] >= most_own):
            raise Rejected(
                Code.RATE_LIMITED,
                "too many exports are running; try again later",
                retry_after_ms=BUSY_MS,
            )
        self._of[owner] += 1
        try:
            yield
        finally:
            self._of[owner] -= 1
            if not self._of[owner]:
                del self._of[owner]


@dataclass(frozen=True, slots=True)
class Head:
    """A document at a version, without its history."""

    epoch: int
    version: int
    value: Json
    schema: bytes


@dataclass(frozen=True, slots=True)
class Export:
    """The export of an undamaged document, after the first pass.

    `repaired` is the version of the document's newest repair, or 0 for none.
    """

    store: Store
    key: DocKey
    head: Head
    names: list[NamedVersion]
    exported_at: str
    repaired: int

    async def parts(self) -> AsyncGenerator[bytes]:
        """Yield an `Archive` as JSON. Each part has about one page of log entries.

        When the document was deleted meanwhile, raise `Corrupt`: the archive is incomplete.
        """
        head = self.head
        archive = Archive(
            format="weft-archive/1",
            doc=self.key.doc,
            epoch=head.epoch,
            version=head.version,
            exported_at=self.exported_at,
            value=head.value,
            schema=msgspec.json.decode(head.schema) if head.schema else None,
            names=self.names,
            entries=[],
        )
        yield _encode(archive).removesuffix(b"]}")
        comma = b""
        async for page in _pages(self.store, self.key, head.version):
            entries = [self._openable(entry) for entry in page]
            yield comma + _encode(entries)[1:-1]
            comma = b","
        row = await self.store.row(self.key)
        if row is None or row.damaged or row.epoch != head.epoch:
            raise Corrupt(f"{self.key.doc} was deleted while it was exported")
        yield b"]}"

    def _openable(self, entry: Entry) -> Entry:
        """Return the entry without its Yjs update when it is older than the newest repair.

        A repair makes a new Yjs state, so older updates do not apply any more. The ops of older
        entries still apply.
        """
        if entry.version < self.repaired:
            return replace(entry, update=b"", inverse=b"")
        return entry


async def export(store: Store, key: DocKey, head: Head, now: int) -> Export:
    """Read the whole log once, and return the export. Raise `Corrupt` for a damaged row."""
    repaired = 0
    async for page in _pages(store, key, head.version):
        repaired = max([repaired, *(entry.version for entry in page if entry.kind == REPAIR)])
    names = [one for one in await store.named_versions(key) if one.version <= head.version]
    return Export(store, key, head, names, rfc3339(now), repaired)


async def export_damaged(store: Store, key: DocKey, now: int) -> Archive:
    """Return all readable parts of a document, damaged or not.

    A child process opens the document, because a damaged document may kill the process that opens
    it.
    """
    remains = await store.remains(key)
    if remains is None:
        raise Rejected(Code.NOT_FOUND, f"the tenant has no document {key.doc}")
    found = await salvage(remains)
    entries = remains.entries
    if (repaired := since_repair(entries)) is not None:
        before = entries[: len(entries) - len(repaired)]
        entries = [*(replace(entry, update=b"", inverse=b"") for entry in before), *repaired]
    return Archive(
        format="weft-archive/1",
        doc=key.doc,
        epoch=remains.epoch,
        version=found.last,
        exported_at=rfc3339(now),
        value=found.value,
        schema=None if found.schema is None else msgspec.json.decode(remains.schema),
        names=[NamedVersion(*one) for one in remains.names],
        entries=entries,
        left_out=found.left_out or UNSET,
    )


async def _pages(store: Store, key: DocKey, head: int) -> AsyncIterator[list[Entry]]:
    at = 0
    while page := await store.entries(key, at, head, PAGE):
        yield page
        at = page[-1].version
