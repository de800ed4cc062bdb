"""History: what a document was at a version, from a snapshot and a short replay."""

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
from server.documents.opening import OpeningScheduler
from server.runtime.clock import SystemClock
from server.runtime.worker_threads import run_in_thread

logger = logging.getLogger(__name__)

# How many entries are read from the log at once, of those that `PAGE_BYTES` lets through.
PAGE = 1000
# As many readers of older versions have a snapshot and a page of the log in memory at once.
READERS = 4
_ANY_SIZE = 2**53


class History:
    """Reads the log; never writes it, and knows nothing of open documents."""

    def __init__(self, store: Store, opening_scheduler: OpeningScheduler | None = None) -> None:
        self._store = store
        self._opening_scheduler = opening_scheduler or OpeningScheduler(SystemClock())
        self.reading = asyncio.Semaphore(READERS)

    async def value_at(self, key: DocKey, version: int) -> Json:
        """The value at a version that is kept; raises `unknown_version` otherwise."""
        if version == 0:
            return {}
        value, at = await self._start(key, version)
        while at < version:
            entries = await self._store.entries(key, at, version, PAGE)
            if not _follow(entries, at):
                raise Rejected(Code.UNKNOWN_VERSION, f"version {version} is not kept any more")
            value = await run_in_thread(_replayed, value, entries)
            at = entries[-1].version
        return value

    async def between(
        self, key: DocKey, after: int, upto: int, most: int, most_bytes: int
    ) -> list[Entry] | None:
        """Every entry in (after, upto].

        None when they are not all kept, or damaged, or too many or too large.
        """
        if upto - after > most or await self._store.log_bytes(key, after, upto) > most_bytes:
            return None
        try:
            entries = await self._every(key, after, upto)
            if not any(has_splices(entry.ops) for entry in entries):
                return entries
            value = await self.value_at(key, after)
        except Rejected:  # not kept, or the first is of a document that was made again
            return None
        except Corrupt:
            logger.warning("entries that a client asks for are damaged", exc_info=True)
            return None
        return await run_in_thread(_from_log, value, entries, most_bytes)

    async def _every(self, key: DocKey, after: int, upto: int) -> list[Entry]:
        entries: list[Entry] = []
        at = after
        while at < upto:
            page = await self._store.entries(key, at, upto, PAGE)
            if not _follow(page, at):
                raise Rejected(Code.UNKNOWN_VERSION, f"version {at + 1} is not kept any more")
            entries += page
            at = page[-1].version
        return entries

    async def answer(self, key: DocKey, accepted: Accepted) -> Accepted:
        """An accepted request with its answer as it was sent."""
        if not is_spliced(accepted.answer):
            return accepted
        at = accepted.version
        sent = await self.between(key, at - 1, at, 1, _ANY_SIZE)
        if sent is None:  # its base is not kept, so its user can only read the value
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
                    Code.UNKNOWN_VERSION, f"version {version} was of an earlier document"
                )
            return {}, birth
        value = await run_in_thread(decode_value, snapshot.body)
        if value is not None:
            return value, snapshot.version
        opening = Opening.of(snapshot, [], epoch=1)  # any: only writers need the right one
        await self._opening_scheduler.load(opening)
        return await run_in_thread(_value_of, opening), snapshot.version

    async def _birth(self, key: DocKey) -> int:
        """The version before the oldest entry that is kept."""
        oldest = await self._store.entries(key, 0, 2**53, 1)
        if not oldest or oldest[0].kind != "create":
            raise Rejected(Code.UNKNOWN_VERSION, "the beginning is not kept any more")
        return oldest[0].version - 1


def _follow(entries: Sequence[Entry], after: int) -> bool:
    """Whether there are entries, each the next version; a repair may have left some out."""
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
    """The entries as they were sent, the first based on `value`; None where that is too much.

    A letter in a text of a megabyte is a few bytes in the log, and was sent as a megabyte.
    """
    sent: list[Entry] = []
    for entry in entries:
        entry, value = from_log(entry, value)
        most_bytes -= approximate_size(entry)
        if most_bytes < 0:
            return None
        sent.append(entry)
    return sent
