"""History: the value of a document at an older version, from a snapshot and a short replay."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from msgspec.structs import replace

from collab.document.document import Document
from collab.document.opening import Opening
from collab.document.snapshot_format import decode_value
from collab.entry import Accepted, Entry
from collab.errors import Code, Rejected
from collab.ids import DocKey, Json
from collab.patch.apply import replay
from collab.patch.splices import from_log, has_splices, is_spliced
from collab.ports.store import Corrupt, Store
from collab.room.tail import approximate_size
from server.loading.opening import OpeningScheduler
from server.runtime.clock import SystemClock
from server.runtime.worker_threads import run_in_thread

logger = logging.getLogger(__name__)

# The most entries that are read from the log at once. The store also limits the bytes of a page
# (`PAGE_BYTES`).
PAGE = 1000
# The most readers of older versions at a time. Each has a snapshot and a page of the log in memory.
READERS = 4
_ANY_SIZE = 2**53


class History:
    """Reads older versions and entries from the store. It writes nothing, and uses no open room."""

    def __init__(self, store: Store, opening_scheduler: OpeningScheduler | None = None) -> None:
        self._store = store
        self._opening_scheduler = opening_scheduler or OpeningScheduler(SystemClock())
        self.reading = asyncio.Semaphore(READERS)

    async def value_at(self, key: DocKey, version: int) -> Json:
        """Return the value at a version; raise `unknown_version` when it is no longer stored."""
        if version == 0:
            return {}
        value, at = await self._start(key, version)
        while at < version:
            entries = await self._store.entries(key, at, version, PAGE)
            if not _follow(entries, at):
                raise Rejected(Code.UNKNOWN_VERSION, f"version {version} is no longer kept")
            value = await run_in_thread(_replayed, value, entries)
            at = entries[-1].version
        return value

    async def between(
        self, key: DocKey, after: int, upto: int, most: int, most_bytes: int
    ) -> list[Entry] | None:
        """Return every entry after `after` up to `upto`.

        None when an entry is missing or damaged, or when they are too many or too large.
        """
        if upto - after > most or await self._store.log_bytes(key, after, upto) > most_bytes:
            return None
        try:
            entries = await self._every(key, after, upto)
            if not any(has_splices(entry.ops) for entry in entries):
                return entries
            value = await self.value_at(key, after)
        except Rejected:  # not kept, or an entry belongs to an earlier document of this name
            return None
        except Corrupt:
            logger.warning("entries that a client requested are damaged", exc_info=True)
            return None
        return await run_in_thread(_from_log, value, entries, most_bytes)

    async def _every(self, key: DocKey, after: int, upto: int) -> list[Entry]:
        entries: list[Entry] = []
        at = after
        while at < upto:
            page = await self._store.entries(key, at, upto, PAGE)
            if not _follow(page, at):
                raise Rejected(Code.UNKNOWN_VERSION, f"version {at + 1} is no longer kept")
            entries += page
            at = page[-1].version
        return entries

    async def answer(self, key: DocKey, accepted: Accepted) -> Accepted:
        """Return an accepted request with its answer in the form that the server first sent.

        The log stores changes of a text as splices, which name only the changed characters.
        """
        if not is_spliced(accepted.answer):
            return accepted
        at = accepted.version
        sent = await self.between(key, at - 1, at, 1, _ANY_SIZE)
        if sent is None:  # the value before it is not kept: without `ops`, the client reloads
            answer = {name: said for name, said in accepted.answer.items() if name != "ops"}
        else:
            answer = sent[0].answer
        return replace(accepted, answer=answer)

    async def _start(self, key: DocKey, version: int) -> tuple[Json, int]:
        snapshot = await self._store.snapshot_before(key, version)
        if snapshot is None:
            birth = await self._birth(key)
            if version <= birth:
                raise Rejected(
                    Code.UNKNOWN_VERSION,
                    f"version {version} belongs to an earlier document of this name",
                )
            return {}, birth
        value = await run_in_thread(decode_value, snapshot.body)
        if value is not None:
            return value, snapshot.version
        opening = Opening.of(snapshot, [], epoch=1)  # the epoch has no effect on the value
        await self._opening_scheduler.load(opening)
        return await run_in_thread(_value_of, opening), snapshot.version

    async def _birth(self, key: DocKey) -> int:
        """Return the version before the document's first entry; raise when that is not kept."""
        oldest = await self._store.entries(key, 0, 2**53, 1)
        if not oldest or oldest[0].kind != "create":
            raise Rejected(Code.UNKNOWN_VERSION, "the document's first versions are no longer kept")
        return oldest[0].version - 1


def _follow(entries: Sequence[Entry], after: int) -> bool:
    """Whether the entries start right after `after`, without a gap. A repair may leave a gap."""
    versions = [entry.version for entry in entries]
    return bool(versions) and versions == list(range(after + 1, after + 1 + len(versions)))


def _value_of(opening: Opening) -> Json:
    document = Document(opening)
    try:
        return document.value
    finally:
        document.close()


def _replayed(value: Json, entries: Sequence[Entry]) -> Json:
    for entry in entries:
        value = replay(value, entry.ops)
    return value


def _from_log(value: Json, entries: Sequence[Entry], most_bytes: int) -> list[Entry] | None:
    """Return the entries in the form that clients get; `value` is the value before the first entry.

    None when they are too large. One new letter in a text of a megabyte takes a few bytes in the
    log, but a megabyte in the message to a client.
    """
    sent: list[Entry] = []
    for entry in entries:
        entry, value = from_log(entry, value)
        most_bytes -= approximate_size(entry)
        if most_bytes < 0:
            return None
        sent.append(entry)
    return sent
