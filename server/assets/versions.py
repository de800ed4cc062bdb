"""Reads which assets the versions of documents name."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from collab.errors import Code, Rejected
from collab.ports.assets import EVERY_ASSET
from collab.ports.store import Corrupt
from server.runtime.encoded import encode
from server.runtime.worker_threads import LARGE, run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey, Json
    from server.documents.hub import Hub
    from server.runtime.clock import Clock

# Versions that one request reads at most. The next request continues.
MOST_AT_ONCE: Final = 500
# The thread that searches lets other threads run after this many bytes.
_PART: Final = 64 * 1024
_LENGTH: Final = 64
# An id, but no longer run of hex digits.
_IDS = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def ids_in(value: Json) -> set[str]:
    """Return the ids of assets that stand in the texts of a value."""
    body = encode(value)
    found: set[bytes] = set()
    for start in range(0, len(body), _PART):
        found.update(_IDS.findall(body, start, start + _PART + _LENGTH))
    return {id.decode() for id in found}


class VersionReader:
    """Reads versions that the store asks for, and saves the ids that they name.

    Invariant: one task at a time reads versions, so no version is read twice at once.
    """

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._turn = asyncio.Lock()

    async def read(self, tenant: str, most: int = MOST_AT_ONCE) -> bool:
        """Read the versions of a tenant that no task has read, at most `most`.

        Return whether all of them are read now.
        """
        async with self._turn:
            unread = await self._hub.store.unread_versions(tenant, most)
            for key, version in unread:
                ids = await self._ids(key, version)
                await self._hub.store.save_uses(key, version, sorted(ids), self._clock.now_ms())
        return len(unread) < most

    async def _ids(self, key: DocKey, version: int) -> set[str]:
        """Return the ids that a version names.

        A version that is no longer kept names none. A damaged version may name any. So may a
        version whose reading has killed the process twice.
        """
        live = self._hub.lives.get(key)
        if live is not None and live.room.exists and live.room.version == version:
            value, is_large = live.room.value, live.room.document.size > LARGE
            return await run_in_thread(ids_in, value) if is_large else ids_in(value)
        quarantine, attempt = self._hub.crash_quarantine, -version  # no epoch is negative
        if quarantine.is_quarantined(key, attempt):
            return {EVERY_ASSET}
        try:
            async with self._hub.history.reading:
                with quarantine.opening(key, attempt):
                    value = await self._hub.history.value_at(key, version)
        except Corrupt:
            return {EVERY_ASSET}
        except Rejected as rejected:
            return set() if rejected.refusal.code is Code.UNKNOWN_VERSION else {EVERY_ASSET}
        return await run_in_thread(ids_in, value)
